"""Wire to wire: what the services behind us want of an order, and what intake wants back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.rules.v1 import rules_pb2 as rules_v1

if TYPE_CHECKING:
    from orderhub.intake.v1 import intake_pb2 as intake_v1


def to_judge(claimed: intake_v1.ClaimedOrder) -> rules_v1.OrderToJudge:
    """Return what rules judges: the order with its person, and what people have waived."""
    return rules_v1.OrderToJudge(order=claimed.order, waived_rules=claimed.waived_rules)


def to_allocate(
    claimed: intake_v1.ClaimedOrder, *, reserve_only: bool
) -> allocation_v1.OrderToAllocate:
    """Return what fulfilment fills: lines and place, without the person."""
    order = claimed.order
    wanted = allocation_v1.OrderToAllocate(
        order_number=order.order_number,
        revision=order.revision,
        currency=order.currency,
        lines=[
            allocation_v1.LineToAllocate(
                line_no=line.line_no,
                sku=line.sku,
                quantity=line.quantity,
                value_minor=max(0, line.unit_price_minor * line.quantity - line.discount_minor),
            )
            for line in order.lines
        ],
        split_allowed=order.split_allowed,
        reserve_only=reserve_only,
    )
    if order.HasField("destination"):
        wanted.destination.CopyFrom(order.destination)
    if order.HasField("delivery_window"):
        wanted.delivery_window.CopyFrom(order.delivery_window)
    if claimed.HasField("lease"):
        wanted.lease.CopyFrom(claimed.lease)
    return wanted


def to_confirm(claimed: intake_v1.ClaimedOrder) -> inventory_v1.OrderReservation:
    """Return the reservation to make firm; the payment's own time decides against the lease."""
    wanted = inventory_v1.OrderReservation(order_number=claimed.order.order_number)
    if claimed.HasField("paid_at"):
        wanted.paid_at.CopyFrom(claimed.paid_at)
    return wanted


def to_release(
    claimed: intake_v1.ClaimedOrder, cause: inventory_v1.ReleaseCause.ValueType
) -> inventory_v1.ReservationToRelease:
    """Return the reservation to free, up to and with the revision worked on."""
    return inventory_v1.ReservationToRelease(
        order_number=claimed.order.order_number, revision=claimed.order.revision, cause=cause
    )
