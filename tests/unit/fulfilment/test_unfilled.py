"""Why a line gets no stock, each reason by the smallest case that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from tests.unit.fulfilment.desk import order, receipt, sku, warehouse

if TYPE_CHECKING:
    from tests.unit.fulfilment.desk import Desk


@pytest.fixture(autouse=True)
def _stocked(desk: Desk) -> None:
    """One warehouse with two pieces of S1."""
    desk.put_skus(sku("S1"), sku("S2"))
    desk.put_warehouses(warehouse("W1", 30, 114))
    desk.receive("r1", receipt("W1", "S1", 2))


def reason_of(answer: allocation_v1.OrderAllocation) -> str:
    (line,) = answer.unfilled
    return allocation_v1.UnfilledReason.Name(line.reason).removeprefix("UNFILLED_REASON_")


def test_out_of_stock_where_no_warehouse_has_enough(desk: Desk) -> None:
    answer = desk.allocate(order("o1", ("S1", 3))).allocations[0]

    assert reason_of(answer) == "OUT_OF_STOCK"


def test_taken_by_others_where_the_batch_used_it_up(desk: Desk) -> None:
    answers = desk.allocate(order("o1", ("S1", 2)), order("o2", ("S1", 2))).allocations

    (loser,) = [answer for answer in answers if answer.unfilled]
    assert reason_of(loser) == "TAKEN_BY_OTHERS"


def test_not_allowed_where_only_a_closed_warehouse_has_it(desk: Desk) -> None:
    desk.put_warehouses(warehouse("W1", 30, 114, closed=True), warehouse("W2", 30, 114))

    answer = desk.allocate(order("o1", ("S1", 1))).allocations[0]

    assert reason_of(answer) == "NOT_ALLOWED"


def test_not_allowed_where_the_warehouse_cannot_keep_it_cold(desk: Desk) -> None:
    desk.put_skus(sku("S1", temperature=inventory_v1.TEMPERATURE_ZONE_FROZEN))

    answer = desk.allocate(order("o1", ("S1", 1))).allocations[0]

    assert reason_of(answer) == "NOT_ALLOWED"


def test_not_allowed_where_every_warehouse_is_closed(desk: Desk) -> None:
    desk.put_warehouses(warehouse("W1", 30, 114, closed=True))

    answer = desk.allocate(order("o1", ("S1", 1))).allocations[0]

    assert reason_of(answer) == "NOT_ALLOWED"
    assert answer.cost.currency == "CNY"
    assert desk.explain("o1").chosen.unfilled_lines == [1]


def test_parcel_limit_where_one_warehouse_does_not_have_both(desk: Desk) -> None:
    desk.put_warehouses(warehouse("W2", 30, 114))
    desk.receive("r2", receipt("W2", "S2", 2))

    answer = desk.allocate(order("o1", ("S1", 1), ("S2", 1), split=False)).allocations[0]

    assert reason_of(answer) == "PARCEL_LIMIT"


def test_warehouse_capacity_where_no_more_parcels_leave_today(desk: Desk) -> None:
    desk.put_warehouses(warehouse("W1", 30, 114, parcels_per_day=1))
    desk.allocate(order("o1", ("S1", 1)))

    answer = desk.allocate(order("o2", ("S1", 1))).allocations[0]

    assert reason_of(answer) == "WAREHOUSE_CAPACITY"


def test_ships_a_line_however_dear_its_carriage(desk: Desk) -> None:
    answer = desk.allocate(order("o1", ("S1", 1, 1))).allocations[0]

    assert answer.status == allocation_v1.ALLOCATION_STATUS_FULL
    assert answer.cost.amount_minor > 1


def test_ships_a_gift_of_which_nobody_said_what_it_is_worth(desk: Desk) -> None:
    answer = desk.allocate(order("o1", ("S1", 1, 0))).allocations[0]

    assert answer.status == allocation_v1.ALLOCATION_STATUS_FULL


def test_weighs_the_shortage_where_it_is_more_than_the_price(desk: Desk) -> None:
    desk.put_skus(sku("S1", shortage_cost_minor=350))

    answer = desk.allocate(order("o1", ("S1", 2, 10))).allocations[0]

    assert answer.status == allocation_v1.ALLOCATION_STATUS_FULL


def test_unknown_sku_beside_lines_that_are_filled(desk: Desk) -> None:
    answer = desk.allocate(order("o1", ("NEVER-SEEN", 1), ("S1", 1))).allocations[0]

    assert answer.status == allocation_v1.ALLOCATION_STATUS_PARTIAL
    assert reason_of(answer) == "UNKNOWN_SKU"


def test_prices_an_order_by_tariffs_of_its_own_currency_alone(desk: Desk) -> None:
    desk.put_warehouses(warehouse("WGB", 50, 0, currency="GBP"), warehouse("W3", 30, 114))
    desk.receive("r2", receipt("WGB", "S1", 5))

    answer = desk.allocate(order("o1", ("S1", 1), currency="GBP")).allocations[0]

    assert list(answer.warehouse_ids) == ["WGB"]
    assert answer.cost.currency == "GBP"


def test_weighs_an_order_of_a_foreign_currency_by_shortage_alone(desk: Desk) -> None:
    desk.put_skus(sku("S1", shortage_cost_minor=100))

    dear, cheap = (
        desk.allocate(order(number, ("S1", 10**6, value), currency="JPY")).allocations[0]
        for number, value in (("o1", 10**9), ("o2", 1))
    )

    assert reason_of(dear) == "OUT_OF_STOCK"
    assert dear.cost == cheap.cost
    assert dear.cost.currency == "CNY"


def test_every_reason_is_said_in_both_languages(desk: Desk) -> None:
    desk.allocate(order("o1", ("NEVER-SEEN", 1), ("S1", 1)))

    summary = desk.explain("o1").summary

    assert "第 1 行：SKU 不在主数据中。" in summary.zh
    assert "Line 1: the SKU is not in the master data." in summary.en
