"""What stock an order has: taken over from fulfilment's answers, told with their reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services.intake.book import unfilled_reason
from services.intake.convert import micros_of
from services.intake.transitions import SHIPMENT, STOCK

if TYPE_CHECKING:
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from services.intake.stored import StoredOrder

NO_STOCK = allocation_v1.ALLOCATION_STATUS_NONE
CANCELLED = allocation_v1.SHIPMENT_STATE_CANCELLED


def take_allocation(stored: StoredOrder, outcome: intake_v1.OrderOutcome, at_us: int) -> None:
    """Put the allocation in place of the last one; without one the order has no stock."""
    if not outcome.HasField("allocation"):
        clear_allocation(stored)
        return
    allocation, values = outcome.allocation, stored.values
    before = {s.shipment_id: s.state for s in stored.outcome.allocation.shipments}
    now = {s.shipment_id for s in allocation.shipments}
    if before.keys() - now:
        for shipment in stored.outcome.allocation.shipments:
            if shipment.shipment_id not in now and _may(shipment.state, CANCELLED):
                stored.move_shipment(shipment, shipment.state, CANCELLED)
    stored.outcome.allocation.CopyFrom(allocation)
    for shipment in stored.outcome.allocation.shipments:
        was = before.get(shipment.shipment_id, 0)
        if was == shipment.state or _may(was, shipment.state):
            stored.move_shipment(shipment, was, shipment.state)
        else:  # a state we know better: the reply is older than what we were told since
            shipment.state = was  # type: ignore[assignment]  # a plain number
    if allocation.status == NO_STOCK:
        stored.move(STOCK, record_v1.STOCK_STATE_BACKORDERED)
    elif allocation.shipments:
        stored.move(STOCK, record_v1.STOCK_STATE_ALLOCATED)
    else:
        stored.move(STOCK, record_v1.STOCK_STATE_RESERVED)
    values.leased = allocation.leased
    values.allocation_cost_minor = allocation.cost.amount_minor
    values.nearest_cost_minor = allocation.nearest_cost_minor
    values.unfilled_lines = len(allocation.unfilled)
    if allocation.leased and allocation.HasField("lease_ends_at"):
        values.pay_by_us = micros_of(allocation.lease_ends_at)
    stored.outcome_changed = stored.unfilled_changed = True


def _may(before: int, after: int) -> bool:
    return after in SHIPMENT.follows.get(before, ())


def clear_allocation(stored: StoredOrder) -> None:
    """Note that the order holds no stock; the last allocation's text stays to be read."""
    stored.cancel_shipments()
    stored.move(STOCK, record_v1.STOCK_STATE_NONE)
    values = stored.values
    values.leased = False
    if values.unfilled_lines or values.allocation_cost_minor or values.nearest_cost_minor:
        values.allocation_cost_minor = values.nearest_cost_minor = values.unfilled_lines = 0
        del stored.outcome.allocation.unfilled[:]
        stored.outcome_changed = stored.unfilled_changed = True


_TOLD_STOCK: dict[int, str] = {
    record_v1.STOCK_STATE_ALLOCATED: "allocated",
    record_v1.STOCK_STATE_RESERVED: "reserved",
    record_v1.STOCK_STATE_BACKORDERED: "backordered",
    record_v1.STOCK_STATE_NONE: "rested",
}


def tell_stock(stored: StoredOrder, at_us: int) -> None:
    """Tell what stock the order has now, and why."""
    allocation = stored.outcome.allocation
    with_stock = stored.values.stock != record_v1.STOCK_STATE_NONE
    details: list[tuple[str, object]] = []
    if with_stock:
        details = [
            ("warehouse_ids", ",".join(allocation.warehouse_ids)),
            ("shipments", len(allocation.shipments)),
            ("cost_minor", allocation.cost.amount_minor),
            ("nearest_cost_minor", allocation.nearest_cost_minor),
            ("currency", allocation.cost.currency),
            *((f"{term.name}_minor", term.amount_minor) for term in allocation.terms),
            ("unfilled", _unfilled_text(allocation)),
        ]
    stored.emit(_TOLD_STOCK[stored.values.stock], at_us, details=details)


def _unfilled_text(allocation: allocation_v1.OrderAllocation) -> str:
    return ",".join(f"{u.line_no}:{unfilled_reason(u.reason)}" for u in allocation.unfilled)
