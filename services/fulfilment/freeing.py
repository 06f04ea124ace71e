"""Giving promised stock back: what goes, what stays, and what follows from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services.fulfilment import ledger, parcel_days, reservations, shipments
from services.fulfilment.decisions import Stored, counted_json
from services.fulfilment.events import RESERVATION_FREED, new_event
from services.fulfilment.ledger import BatchKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from services._kit.events import NewEvent
    from services.fulfilment.ledger import LockedStock
    from services.fulfilment.parcel_days import LockedDays
    from services.fulfilment.reservations import Held


@dataclass(frozen=True)
class Freeable:
    """What of an order can be given back.

    Attributes
    ----------
    rows
        Reservations that hold stock and whose goods have not been packed.
    cancelled
        Shipments to call off.
    slots
        Daily counts that get a parcel back, once for each parcel.
    """

    stored: Stored
    rows: list[Held]
    cancelled: list[allocation_v1.Shipment] = field(default_factory=list)
    slots: list[parcel_days.Slot] = field(default_factory=list)


def freeable(
    stored: Stored, rows: Sequence[Held], live: Sequence[allocation_v1.Shipment]
) -> Freeable:
    """Return what of an order can be given back, of all its revisions.

    Goods that were packed or have left stay promised; to stop them is another process.
    """
    packed = [s for s in live if int(s.state) not in shipments.CANCELLABLE]
    packed_lines = {line.line_no for shipment in packed for line in shipment.lines}
    leaving = Counter(shipment.warehouse_id for shipment in packed)
    slots = []
    for slot in stored.counted:
        if leaving[slot[0]] > 0:
            leaving[slot[0]] -= 1
        else:
            slots.append(slot)
    return Freeable(
        stored,
        [r for r in rows if r.state in reservations.FREEABLE and r.line_no not in packed_lines],
        [s for s in live if int(s.state) in shipments.CANCELLABLE],
        slots,
    )


def lock_for(
    connection: Connection,
    given: Iterable[Freeable],
    now_us: int,
    *,
    skus: Iterable[str] = (),
    slots: Iterable[parcel_days.Slot] = (),
) -> tuple[LockedStock, LockedDays]:
    """Lock what giving `given` back touches, and more, in the order in which all lock."""
    freed = list(given)
    wanted = {row.sku for one in freed for row in one.rows} | set(skus)
    stock = ledger.lock(connection, wanted, now_us)
    days = parcel_days.lock(connection, [*slots, *(slot for one in freed for slot in one.slots)])
    return stock, days


def free(
    connection: Connection,
    freed: Freeable,
    stock: LockedStock,
    days: LockedDays,
    state: int,
) -> Stored:
    """Give everything in `freed` back; return the decision's row as it has to be stored.

    Stock and counts are written by their own `write`, together with the caller's changes.
    """
    for row in freed.rows:
        stock.give_back(BatchKey(row.sku, row.warehouse_id, row.batch), row.quantity)
    for slot in freed.slots:
        days.add(slot, -1)
    reservations.set_state(connection, freed.rows, state, keep_end=True)
    shipments.cancel(connection, freed.cancelled)
    left = Counter(freed.stored.counted) - Counter(freed.slots)
    return freed.stored._replace(parcels=counted_json(left.elements()))


def freed_event(
    freed: Freeable, state: int, at: datetime, sequence: int, actor: str, cause: str
) -> NewEvent:
    """Return the event that tells of `free`."""
    name = inventory_v1.ReservationState.Name
    after = name(inventory_v1.ReservationState.ValueType(state)).removeprefix("RESERVATION_STATE_")
    before = {row.state for row in freed.rows}
    was = name(inventory_v1.ReservationState.ValueType(min(before))).removeprefix(
        "RESERVATION_STATE_"
    )
    return new_event(
        RESERVATION_FREED,
        freed.stored.order_number,
        at,
        actor=actor,
        sequence=sequence,
        transitions=[("reservation", was, after), *cancellations(freed)],
        cause=cause,
        quantity=sum(row.quantity for row in freed.rows),
    )


def cancellations(freed: Freeable) -> list[tuple[str, str, str]]:
    """Return the transitions of the shipments that are called off."""
    return [(f"shipment/{s.shipment_id}", _state(s), "CANCELLED") for s in freed.cancelled]


def _state(shipment: allocation_v1.Shipment) -> str:
    name = allocation_v1.ShipmentState.Name(shipment.state)
    return name.removeprefix("SHIPMENT_STATE_")
