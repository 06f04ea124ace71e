"""Fulfilment's events: made with the change, read by anyone who watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.common.v1 import event_pb2 as event_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services._kit.events import NewEvent, micros_from

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services._kit.events import Batch, Event

SCHEMA = event_v1.Event.DESCRIPTOR.full_name

STOCK_RECEIVED = "orderhub.stock.received"
STOCK_ADJUSTED = "orderhub.stock.adjusted"
ORDER_ALLOCATED = "orderhub.allocation.decided"
SHIPMENTS_MADE = "orderhub.allocation.shipments_made"
RESERVATION_CONFIRMED = "orderhub.reservation.confirmed"
RESERVATION_FREED = "orderhub.reservation.freed"

Transition = tuple[str, str, str]  # dimension, from, to


def new_event(
    kind: str,
    subject: str,
    at: datetime,
    *,
    actor: str = "",
    sequence: int | None = None,
    transitions: Sequence[Transition] = (),
    **details: str | int,
) -> NewEvent:
    """Return an event to append; `sequence` where the caller counts the subject's events."""
    body = event_v1.Event(actor=actor)
    for dimension, before, after in transitions:
        body.transitions.add(dimension=dimension, to=after, **{"from": before})
    for name, value in details.items():
        body.details.add(name=name, value=str(value))
    return NewEvent(
        aggregate_id=subject,
        type=kind,
        time=at,
        data=body.SerializeToString(deterministic=True),
        data_schema=SCHEMA,
        aggregate_seq=sequence,
    )


def event_to_pb(event: Event) -> event_v1.Event:
    """Return `event` as callers see it."""
    message = event_v1.Event.FromString(event.data)
    message.id = event.id
    message.source = event.source
    message.type = event.type
    message.subject = event.aggregate_id
    message.time.FromMicroseconds(micros_from(event.time))
    message.sequence = event.aggregate_seq
    message.cursor = event.cursor
    return message


def batch_to_pb(batch: Batch) -> inventory_v1.WatchEventsResponse:
    """Return a batch of events as it is streamed."""
    return inventory_v1.WatchEventsResponse(
        events=[event_to_pb(event) for event in batch.events], cursor=batch.cursor
    )
