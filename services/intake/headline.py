"""The one state shown to people, derived from the dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.intake.v1 import record_pb2 as record_v1

if TYPE_CHECKING:
    from collections.abc import Iterable

_FINAL: dict[int, int] = {
    record_v1.LIFECYCLE_REJECTED: record_v1.ORDER_STATE_REJECTED,
    record_v1.LIFECYCLE_CANCELLED: record_v1.ORDER_STATE_CANCELLED,
    record_v1.LIFECYCLE_EXPIRED: record_v1.ORDER_STATE_EXPIRED,
}
# Least advanced first; a trouble is shown before any progress.
_BY_SHIPMENT = (
    (allocation_v1.SHIPMENT_STATE_FAILED, record_v1.ORDER_STATE_DELIVERY_EXCEPTION),
    (allocation_v1.SHIPMENT_STATE_REFUSED, record_v1.ORDER_STATE_DELIVERY_EXCEPTION),
    (allocation_v1.SHIPMENT_STATE_INTERCEPTED, record_v1.ORDER_STATE_DELIVERY_EXCEPTION),
    (allocation_v1.SHIPMENT_STATE_LOST, record_v1.ORDER_STATE_DELIVERY_EXCEPTION),
    (allocation_v1.SHIPMENT_STATE_RETURNING, record_v1.ORDER_STATE_DELIVERY_EXCEPTION),
    (allocation_v1.SHIPMENT_STATE_ALLOCATED, record_v1.ORDER_STATE_ALLOCATED),
    (allocation_v1.SHIPMENT_STATE_RELEASED, record_v1.ORDER_STATE_RELEASED),
    (allocation_v1.SHIPMENT_STATE_PACKED, record_v1.ORDER_STATE_PACKED),
    (allocation_v1.SHIPMENT_STATE_SHIPPED, record_v1.ORDER_STATE_SHIPPED),
    (allocation_v1.SHIPMENT_STATE_DELIVERED, record_v1.ORDER_STATE_DELIVERED),
)
_UNPAID = frozenset({record_v1.PAYMENT_STATE_UNPAID, record_v1.PAYMENT_STATE_PARTLY_PAID})
_JUDGED = frozenset({record_v1.WORK_UNSPECIFIED, record_v1.WORK_EXPIRE})


def state_of(  # noqa: PLR0911 - one line for each rule, the first that applies
    *,
    lifecycle: int,
    payment: int,
    stock: int,
    work: int,
    open_holds: int,
    shipments: Iterable[int] = (),
) -> int:
    """Return the headline.

    Parameters
    ----------
    shipments
        The states of the order's shipments; cancelled ones do not count.

    Notes
    -----
    First that applies: the end of its life; an open hold; its least advanced live shipment; its
    stock, where it waits for nothing but payment or goods; else it is being worked on.
    """
    if lifecycle in _FINAL:
        return _FINAL[lifecycle]
    if open_holds:
        return record_v1.ORDER_STATE_HELD
    if stock == record_v1.STOCK_STATE_ALLOCATED:
        live = set(shipments)
        return next(
            (shown for state, shown in _BY_SHIPMENT if state in live),
            record_v1.ORDER_STATE_ALLOCATED,
        )
    if work not in _JUDGED:
        return record_v1.ORDER_STATE_RECEIVED
    if stock == record_v1.STOCK_STATE_BACKORDERED:
        return record_v1.ORDER_STATE_BACKORDERED
    if stock == record_v1.STOCK_STATE_RESERVED and payment in _UNPAID:
        return record_v1.ORDER_STATE_AWAITING_PAYMENT
    return record_v1.ORDER_STATE_RECEIVED
