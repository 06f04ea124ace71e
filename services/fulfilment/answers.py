"""What callers hear of a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.common.v1 import money_pb2 as money_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services.fulfilment.events import ORDER_ALLOCATED, new_event
from services.fulfilment.freeing import cancellations
from services.fulfilment.shipments import Parcel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services._kit.events import NewEvent
    from services.fulfilment.catalogue import WarehouseFacts
    from services.fulfilment.freeing import Freeable
    from services.fulfilment.shapes import Decision

FULL = allocation_v1.ALLOCATION_STATUS_FULL
PARTIAL = allocation_v1.ALLOCATION_STATUS_PARTIAL
NONE = allocation_v1.ALLOCATION_STATUS_NONE


def parcels_of(
    order: allocation_v1.OrderToAllocate,
    decision: Decision,
    warehouses: Mapping[str, WarehouseFacts],
) -> list[Parcel]:
    """Return the parcels of a decision, by warehouse and by what may travel together."""
    found: dict[tuple[str, tuple[int, bool]], Parcel] = {}
    for pick in decision.picks:
        key = (pick.warehouse_id, pick.parcel_class)
        if key not in found:
            found[key] = Parcel(warehouses[pick.warehouse_id], [], pick.distance_m)
        found[key].lines.append(order.lines[pick.position])
    return [found[key] for key in sorted(found)]


def answer_of(
    order: allocation_v1.OrderToAllocate,
    decision: Decision,
    made: Sequence[allocation_v1.Shipment],
    lease_ends_us: int | None,
) -> allocation_v1.OrderAllocation:
    """Return the answer for one order."""
    status = NONE if not decision.picks else PARTIAL if decision.unfilled else FULL
    answer = allocation_v1.OrderAllocation(
        order_number=order.order_number,
        revision=order.revision,
        status=status,
        leased=lease_ends_us is not None,
        shipments=made,
        warehouse_ids=sorted({pick.warehouse_id for pick in decision.picks}),
        cost=money_v1.Money(currency=decision.currency, amount_minor=decision.cost_minor),
        nearest_cost_minor=decision.nearest_minor,
    )
    if lease_ends_us is not None:
        answer.lease_ends_at.FromMicroseconds(lease_ends_us)
    for position, reason in decision.unfilled:
        line = order.lines[position]
        answer.unfilled.add(
            line_no=line.line_no, sku=line.sku, quantity=line.quantity, reason=reason
        )
    for name, amount in decision.terms.items():
        answer.terms.add(name=name, amount_minor=amount)
    return answer


def decided_event(
    answer: allocation_v1.OrderAllocation,
    at: datetime,
    sequence: int,
    actor: str,
    freed: Freeable | None,
) -> NewEvent:
    """Return the event that tells of a decision, and of what it called off."""
    before = "" if freed is None else "DECIDED"
    status = allocation_v1.AllocationStatus.Name(answer.status)
    return new_event(
        ORDER_ALLOCATED,
        answer.order_number,
        at,
        actor=actor,
        sequence=sequence,
        transitions=[
            *(cancellations(freed) if freed else ()),
            ("allocation", before, status.removeprefix("ALLOCATION_STATUS_")),
            *made_transitions(answer),
        ],
        revision=answer.revision,
        warehouse_ids=",".join(answer.warehouse_ids),
        cost_minor=answer.cost.amount_minor,
        currency=answer.cost.currency,
    )


def made_transitions(answer: allocation_v1.OrderAllocation) -> list[tuple[str, str, str]]:
    """Return the transitions of the shipments in `answer`."""
    return [(f"shipment/{s.shipment_id}", "", "ALLOCATED") for s in answer.shipments]
