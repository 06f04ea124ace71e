"""The Olist marketplace: a folder of CSV files that refer to each other.

`orders.csv` is streamed; what belongs to an order is looked up in the other files, which are
indexed in memory as written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orderhub_client.sources.payload import Payload, payload_of
from orderhub_client.sources.tables import read_rows
from orderhub_client.sources.text import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orderhub_client.sources.tables import Row

CHANNEL = "olist"
FILES = {
    "orders": ("orders.csv", ("order_id", "customer_id")),
    "items": ("order_items.csv", ("order_id", "product_id", "seller_id", "price")),
    "payments": ("payments.csv", ("order_id", "payment_value")),
    "customers": ("customers_geo.csv", ("customer_id", "lat", "lng")),
    "products": ("products.csv", ("product_id",)),
    "sellers": ("sellers_geo.csv", ("seller_id", "lat", "lng")),
}


@dataclass(frozen=True, slots=True)
class Lookup:
    """Rows by what orders call them."""

    items: dict[str, list[Row]] = field(default_factory=dict)
    payments: dict[str, list[Row]] = field(default_factory=dict)
    customers: dict[str, Row] = field(default_factory=dict)
    products: dict[str, Row] = field(default_factory=dict)


def rows(folder: Path, table: str) -> Iterator[Row]:
    """Yield the rows of one of the files in `FILES`."""
    if not folder.is_dir():
        raise SourceError(folder, "is no folder; olist is a folder of CSV files")
    name, required = FILES[table]
    for _, row in read_rows(folder / name, required):
        yield row


def lookup(folder: Path) -> Lookup:
    """Read everything but the orders themselves."""
    found = Lookup()
    for row in rows(folder, "items"):
        found.items.setdefault(row["order_id"], []).append(row)
    for row in rows(folder, "payments"):
        found.payments.setdefault(row["order_id"], []).append(row)
    found.customers.update((row["customer_id"], row) for row in rows(folder, "customers"))
    found.products.update((row["product_id"], row) for row in rows(folder, "products"))
    return found


def payloads(folder: Path) -> Iterator[Payload]:
    """Yield one payload for each order, in the file's order.

    What an order refers to and the folder does not have is left out: the hub says what it
    misses.
    """
    known = lookup(folder)
    name, required = FILES["orders"]
    for line, order in read_rows(folder / name, required):
        items = known.items.get(order["order_id"], [])
        content: dict[str, object] = {
            "order": order,
            "items": items,
            "payments": known.payments.get(order["order_id"], []),
            "products": [
                known.products[product]
                for product in dict.fromkeys(item["product_id"] for item in items)
                if product in known.products
            ],
        }
        customer = known.customers.get(order["customer_id"])
        if customer is not None:
            content["customer"] = customer
        yield payload_of(CHANNEL, content, order["order_id"], line)
