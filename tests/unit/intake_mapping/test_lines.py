"""Rows of a payload: doubles, order of keys, nested values, rules in their order."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.intake.mapped import MappedOrder, Unmappable
from services.intake.mapping import load_channels

RETAIL = load_channels()["online_retail"]
ROW: dict[str, Any] = {
    "InvoiceNo": "590001",
    "StockCode": "22423",
    "Description": "CAKE STAND",
    "Quantity": "2",
    "InvoiceDate": "2011-11-03 09:12:00",
    "UnitPrice": "12.75",
    "CustomerID": "17850.0",
    "Country": "United Kingdom",
}


def pieces(*rows: dict[str, Any]) -> list[int]:
    mapped = RETAIL.map(json.dumps({"rows": rows}).encode(), "", {}.get)
    assert isinstance(mapped, MappedOrder), mapped
    return [line.quantity for line in mapped.order.lines]


def test_a_row_equal_in_every_field_is_dropped_whatever_the_order_of_its_keys() -> None:
    assert pieces(ROW, ROW, dict(reversed(ROW.items()))) == [2]


@pytest.mark.parametrize("change", [{"Quantity": "3"}, {"Description": "x"}, {"Extra": ""}])
def test_a_row_that_differs_in_any_field_stays(change: dict[str, str]) -> None:
    assert len(pieces(ROW, {**ROW, **change})) == 2


def test_rows_with_nested_values_are_compared_by_content() -> None:
    nested = {**ROW, "Tags": ["a", {"b": 1}]}

    assert pieces(nested, dict(reversed(nested.items())), {**nested, "Tags": ["a"]}) == [2, 2]


@pytest.mark.parametrize("field", ["InvoiceNo", "CustomerID", "Country"])
def test_rows_of_two_orders_are_kept_aside(field: str) -> None:
    rows = [ROW, {**ROW, field: "C590002" if field == "InvoiceNo" else "France"}]

    mapped = RETAIL.map(json.dumps({"rows": rows}).encode(), "", {}.get)

    assert isinstance(mapped, Unmappable)
    assert (mapped.reason, mapped.field) == ("BAD_VALUE", f"rows[1].{field}")


def test_blanks_around_a_value_make_no_difference_between_rows_of_an_order() -> None:
    assert pieces(ROW, {**ROW, "Country": " United Kingdom ", "Quantity": "1"}) == [2, 1]


@pytest.mark.parametrize("code", ["POST", "post", " DOT "])
def test_postage_becomes_freight_however_it_is_written(code: str) -> None:
    postage = {**ROW, "StockCode": code, "Quantity": "1", "UnitPrice": "18.005"}

    mapped = RETAIL.map(json.dumps({"rows": [ROW, postage]}).encode(), "", {}.get)

    assert isinstance(mapped, MappedOrder)
    assert mapped.order.freight_minor == 1801
    assert mapped.order.total_minor == 2 * 1275 + 1801


def test_refunded_postage_beyond_the_postage_paid_is_no_order() -> None:
    refund = {**ROW, "StockCode": "POST", "Quantity": "-1", "UnitPrice": "18.00"}

    mapped = RETAIL.map(json.dumps({"rows": [ROW, refund]}).encode(), "", {}.get)

    assert isinstance(mapped, Unmappable)
    assert mapped.reason == "BAD_VALUE"


def test_more_rows_than_any_order_has_are_not_even_read() -> None:
    body = json.dumps({"rows": [ROW] * 20_001}).encode()

    mapped = RETAIL.map(body, "", {}.get)

    assert isinstance(mapped, Unmappable)
    assert mapped.reason == "TOO_MANY_LINES"
