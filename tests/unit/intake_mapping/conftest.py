"""Payloads of the real data sets, as the client makes them; skipped where the data are absent."""

from __future__ import annotations

import csv
import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("ORDERHUB_SHARED_DATA", ROOT.parent / "shared" / "data"))


def need(path: str) -> Path:
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"the shared data are not here: {path} (set ORDERHUB_SHARED_DATA)")
    return found


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def encode(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.fixture(scope="session")
def online_retail_payloads() -> list[bytes]:
    invoices: dict[str, list[dict[str, str]]] = {}
    for row in rows(need("online_retail/online_retail_2011-11.csv")):
        invoices.setdefault(row["InvoiceNo"], []).append(row)
    return [encode({"rows": invoice}) for invoice in invoices.values()]


@pytest.fixture(scope="session")
def olist_payloads() -> list[bytes]:
    folder = need("olist")
    items, payments = defaultdict(list), defaultdict(list)
    for row in rows(folder / "order_items.csv"):
        items[row["order_id"]].append(row)
    for row in rows(folder / "payments.csv"):
        payments[row["order_id"]].append(row)
    customers = {row["customer_id"]: row for row in rows(folder / "customers_geo.csv")}
    return [
        encode(
            {
                "order": order,
                "items": items[order["order_id"]],
                "payments": payments[order["order_id"]],
                "customer": customers[order["customer_id"]],
            }
        )
        for order in rows(folder / "orders.csv")
    ]
