"""Every payload of the real data sets becomes an order, a cancellation or a stated reason."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

import pytest

from services.intake.mapped import Mapped, MappedCancellation, MappedOrder, Unmappable
from services.intake.mapping import load_channels

pytestmark = pytest.mark.shared_data
CHANNELS = load_channels()


@pytest.fixture(scope="module")
def olist(olist_payloads: list[bytes]) -> list[Mapped]:
    return [CHANNELS["olist"].map(body, "", no_table) for body in olist_payloads]


def no_table(_channel_sku: str) -> str | None:
    return None


def test_every_olist_order_with_items_maps_and_the_others_have_no_lines(
    olist_payloads: list[bytes], olist: list[Mapped]
) -> None:
    bodies, results = olist_payloads, olist
    empty = sum(1 for body in bodies if not json.loads(body)["items"])

    reasons = Counter(r.reason for r in results if isinstance(r, Unmappable))
    orders = [r.order for r in results if isinstance(r, MappedOrder)]
    assert len(orders) + reasons.total() == len(bodies)
    assert reasons == {"NO_LINES": empty}


def test_an_olist_order_keeps_its_pieces_and_its_money(
    olist_payloads: list[bytes], olist: list[Mapped]
) -> None:
    for body, mapped in zip(olist_payloads, olist, strict=True):
        if not isinstance(mapped, MappedOrder):
            continue
        payload, order = json.loads(body), mapped.order
        cents = sum(
            Decimal(item["price"]) + Decimal(item["freight_value"]) for item in payload["items"]
        )
        paid = sum(Decimal(payment["payment_value"]) for payment in payload["payments"])
        assert sum(line.quantity for line in order.lines) == len(payload["items"])
        assert order.total_minor == cents * 100
        assert order.payment.paid_minor == paid * 100


def test_every_invoice_of_november_is_an_order_a_cancellation_or_kept_aside(
    online_retail_payloads: list[bytes],
) -> None:
    bodies = online_retail_payloads

    results = [CHANNELS["online_retail"].map(body, "", no_table) for body in bodies]

    kinds = Counter(type(result) for result in results)
    assert kinds[MappedOrder] + kinds[MappedCancellation] + kinds[Unmappable] == len(bodies)
    for body, result in zip(bodies, results, strict=True):
        rows = json.loads(body)["rows"]
        _check_invoice(rows, result)


def _check_invoice(rows: list[dict[str, str]], result: object) -> None:
    """An independent reading of the stated rules."""
    invoice, customer = rows[0]["InvoiceNo"], rows[0]["CustomerID"]
    distinct = list({tuple(row.items()): row for row in rows}.values())
    goods = [r for r in distinct if r["StockCode"][:5].isdigit() or "DCGS" in r["StockCode"]]
    value = sum(int(r["Quantity"]) * Decimal(r["UnitPrice"]) for r in goods)
    freight = sum(
        int(r["Quantity"]) * Decimal(r["UnitPrice"])
        for r in distinct
        if r["StockCode"] in {"POST", "DOT", "C2"}
    )
    if isinstance(result, Unmappable):
        expected = {
            "NO_LINES": not goods,
            "TOO_MANY_LINES": len(goods) > 500,
            "NEGATIVE_QUANTITY": any(int(r["Quantity"]) < 0 for r in rows) and invoice[0] != "C",
            "MISSING_CUSTOMER": not customer and (invoice[0] == "C" or value + freight == 0),
        }
        assert expected[result.reason], (invoice, result)
        return
    if isinstance(result, MappedCancellation):
        assert invoice[0] == "C"
        assert sum(line.quantity for line in result.lines) == -sum(
            int(r["Quantity"]) for r in goods
        )
        assert sum(line.quantity * line.unit_price_minor for line in result.lines) == -value * 100
        return
    assert isinstance(result, MappedOrder)
    order = result.order
    assert invoice[0] != "C"
    assert len(order.lines) == len(goods)
    assert order.freight_minor == freight * 100
    assert order.total_minor == (value + freight) * 100
    assert ("guest" in order.labels) == (not customer) == (not order.customer_id)
