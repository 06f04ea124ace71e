"""Goods booked in and corrected: once per request id, all or nothing, never below promises."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from services._kit.errors import FailedPrecondition, Malformed, NotFound
from services._kit.reasons import Reason as Kit
from services.fulfilment.reasons import Reason
from tests.unit.fulfilment.desk import adjustment, order, receipt, sku, warehouse

if TYPE_CHECKING:
    from services._kit.clock import ManualClock
    from services._kit.errors import Refusal
    from tests.unit.fulfilment.desk import Desk


@pytest.fixture(autouse=True)
def _known(desk: Desk) -> None:
    """SKU S1 and warehouse W1 exist."""
    desk.put_skus(sku())
    desk.put_warehouses(warehouse())


def fields(refusal: Refusal) -> list[str]:
    return [violation.field for violation in refusal.violations]


def test_books_receipts_of_one_batch_together(desk: Desk) -> None:
    response = desk.receive("r1", receipt(quantity=2), receipt(quantity=3), receipt(batch="b"))

    assert (response.receipts, response.quantity) == (3, 6)
    assert {v.batch: (v.received, v.available) for v in desk.levels()} == {"-": (5, 5), "b": (1, 1)}


def test_books_a_request_id_once(desk: Desk) -> None:
    first = desk.receive("r1", receipt(quantity=2))

    again = desk.receive("r1", receipt(quantity=2))

    assert again == first
    assert [level.received for level in desk.levels()] == [2]


def test_refuses_a_request_id_with_another_body(desk: Desk) -> None:
    desk.receive("r1", receipt(quantity=2))

    with pytest.raises(Malformed) as caught:
        desk.receive("r1", receipt(quantity=3))

    assert caught.value.reason == Kit.REQUEST_ID_REUSED


def test_books_nothing_when_one_thing_is_unknown(desk: Desk) -> None:
    with pytest.raises(NotFound) as caught:
        desk.receive("r1", receipt(), receipt(code="S9"), receipt(code="S8"))

    assert fields(caught.value) == ["receipts[1].sku", "receipts[2].sku"]
    assert caught.value.reason == Reason.SKU_UNKNOWN
    assert desk.levels() == []


def test_refuses_another_date_of_expiry_for_a_known_batch(desk: Desk, clock: ManualClock) -> None:
    desk.receive("r1", receipt(batch="b", expires_at=clock.now() + timedelta(days=1)))

    with pytest.raises(FailedPrecondition) as caught:
        desk.receive("r2", receipt(batch="b", expires_at=clock.now() + timedelta(days=2)))

    assert fields(caught.value) == ["receipts[0].expires_at"]


def test_takes_a_known_batchs_expiry_where_none_is_given(desk: Desk, clock: ManualClock) -> None:
    expires_at = clock.now() + timedelta(days=1)
    desk.receive("r1", receipt(batch="b", expires_at=expires_at))

    desk.receive("r2", receipt(batch="b"))

    (level,) = desk.levels()
    assert level.received == 2
    assert level.expires_at.ToDatetime(tzinfo=expires_at.tzinfo) == expires_at


def test_corrects_stock_and_returns_the_levels(desk: Desk) -> None:
    desk.receive("r1", receipt(quantity=5))

    response = desk.adjust("a1", adjustment(-2), adjustment(1))

    (level,) = response.levels
    assert (level.received, level.adjusted, level.available) == (5, -1, 4)
    assert desk.adjust("a1", adjustment(-2), adjustment(1)) == response


def test_refuses_a_correction_below_what_is_reserved_and_names_the_level(desk: Desk) -> None:
    desk.receive("r1", receipt(quantity=5))
    desk.allocate(order("o1", ("S1", 4)))

    with pytest.raises(FailedPrecondition) as caught:
        desk.adjust("a1", adjustment(-2))

    assert fields(caught.value) == ["adjustments[0].delta"]
    assert caught.value.facts == {
        "warehouse_id": "W1",
        "sku": "S1",
        "batch": "-",
        "available": 1,
        "reserved": 4,
        "fewer": 2,
    }
    assert [(v.adjusted, v.available, v.reserved) for v in desk.levels()] == [(0, 1, 4)]


def test_adds_the_corrections_of_one_level_up_before_it_judges(desk: Desk) -> None:
    desk.receive("r1", receipt(quantity=5))

    with pytest.raises(FailedPrecondition) as caught:
        desk.adjust("a1", adjustment(-3), adjustment(-3))

    assert fields(caught.value) == ["adjustments[1].delta"]


def test_refuses_a_correction_of_a_level_that_never_was(desk: Desk) -> None:
    with pytest.raises(NotFound) as caught:
        desk.adjust("a1", adjustment(1, batch="b"))

    assert caught.value.reason == Reason.STOCK_LEVEL_UNKNOWN


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (receipt(quantity=0), "receipts[0].quantity"),
        (receipt(quantity=-1), "receipts[0].quantity"),
        (receipt(quantity=10**9 + 1), "receipts[0].quantity"),
        (receipt(code=""), "receipts[0].sku"),
        (receipt(code="x" * 65), "receipts[0].sku"),
        (receipt(code="a\x00b"), "receipts[0].sku"),
        (receipt(house=" W1"), "receipts[0].warehouse_id"),
    ],
)
def test_names_the_field_of_a_bad_receipt(desk: Desk, bad: object, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        desk.receive("r1", bad)  # type: ignore[arg-type]  # a receipt all the same

    assert fields(caught.value) == [field]


def test_refuses_a_date_of_expiry_that_is_no_date(desk: Desk) -> None:
    bad = receipt()
    bad.expires_at.seconds = 10**15

    with pytest.raises(Malformed) as caught:
        desk.receive("r1", bad)

    assert fields(caught.value) == ["receipts[0].expires_at"]
