"""Batches allocated on a real database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from tests.unit.fulfilment.desk import order, receipt, sku, warehouse

if TYPE_CHECKING:
    from tests.unit.fulfilment.desk import Desk


def test_gives_an_order_the_warehouse_that_is_cheapest(desk: Desk) -> None:
    desk.put_skus(sku("S1"))
    desk.put_warehouses(warehouse("W1", 30, 114), warehouse("W2", 40, 116))
    desk.receive("r1", receipt("W1", "S1", 5), receipt("W2", "S1", 5))

    answer = desk.allocate(order("o1", ("S1", 2), at=(40.0, 116.0))).allocations[0]

    assert answer.status == allocation_v1.ALLOCATION_STATUS_FULL
    assert list(answer.warehouse_ids) == ["W2"]
    assert answer.cost.amount_minor == 500 + 100
    assert [s.shipment_id for s in answer.shipments] == ["o1-1"]
    assert {level.warehouse_id: level.reserved for level in desk.levels()} == {"W1": 0, "W2": 2}
