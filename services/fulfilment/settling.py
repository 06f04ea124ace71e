"""Reservations confirmed by payment, released by cause, and freed when a lease is long over.

Event time decides about a payment: made while the lease ran, it confirms whatever the hour at
which we hear of it, as long as the row still holds the stock. Made too late it does not, and the
lease is ended then and there, so that the caller may decide anew. A caller who says EXPIRED only
asks: a lease that still runs, and stock that was confirmed, are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services.fulfilment import decisions, freeing, reservations, shipments
from services.fulfilment.checks import micros_of, now_us
from services.fulfilment.decisions import Stored
from services.fulfilment.events import RESERVATION_CONFIRMED, new_event
from services.fulfilment.reservations import CONFIRMED, EXPIRED, LEASED, RELEASED, RESERVATION
from services.fulfilment.store import outbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from services._kit.events import NewEvent
    from services.fulfilment.freeing import Freeable
    from services.fulfilment.reservations import Held

SWEEP_AFTER_US = 24 * 3600 * 1_000_000  # intake's timer asks long before
SWEEP_ORDERS = 256


def confirm(
    connection: Connection,
    request: inventory_v1.ConfirmReservationsRequest,
    at: datetime,
    actor: str = "",
) -> inventory_v1.ConfirmReservationsResponse:
    """Confirm the orders of a checked request."""
    numbers = [order.order_number for order in request.orders]
    settling = _Settling(connection, numbers, at, actor)
    for order in request.orders:
        rows = settling.leased(order.order_number)
        # Nobody pays in the future: a clock ahead of ours is taken for now.
        paid_us = (
            min(settling.now_us, micros_of(order.paid_at))
            if order.HasField("paid_at")
            else settling.now_us
        )
        if rows and all(reservations.is_paid_in_time(row, paid_us) for row in rows):
            settling.confirm(order.order_number, rows)
        elif rows:
            settling.free(order.order_number, EXPIRED, "PAID_TOO_LATE")
    settling.write()
    return inventory_v1.ConfirmReservationsResponse(outcomes=settling.outcomes(numbers))


def release(
    connection: Connection,
    request: inventory_v1.ReleaseReservationsRequest,
    at: datetime,
    actor: str = "",
) -> inventory_v1.ReleaseReservationsResponse:
    """Free the orders of a checked request.

    A cancelled, rejected or superseded revision is remembered as released, even of an order that
    holds nothing yet: a decision about it that arrives late must not take stock.
    """
    numbers = [order.order_number for order in request.orders]
    settling = _Settling(connection, numbers, at, actor)
    for order in request.orders:
        cause = inventory_v1.ReleaseCause.Name(order.cause).removeprefix("RELEASE_CAUSE_")
        if order.cause == inventory_v1.RELEASE_CAUSE_EXPIRED:
            if settling.lease_has_ended(order.order_number, order.revision):
                settling.free(order.order_number, EXPIRED, cause)
        else:
            settling.note_released(order.order_number, order.revision)
            if settling.is_due(order.order_number, order.revision):
                settling.free(order.order_number, RELEASED, cause)
    settling.write()
    return inventory_v1.ReleaseReservationsResponse(outcomes=settling.outcomes(numbers))


def sweep(connection: Connection, at: datetime) -> int:
    """Free leases that ended over 24 h ago and that nobody asked about; return the orders freed.

    Intake's timer asks at a lease's end, and only that answer moves an order. This is for stock
    whose order was lost with its intake: it comes back, at most 256 orders a call.
    """
    long_ago = now_us(at) - SWEEP_AFTER_US
    query = (
        sa.select(RESERVATION.c.order_number)
        .where(RESERVATION.c.state == LEASED, RESERVATION.c.lease_ends_us < long_ago)
        .distinct()
        .limit(SWEEP_ORDERS)
    )
    numbers = sorted(connection.execute(query).scalars())
    settling = _Settling(connection, numbers, at, "")
    for number in numbers:
        if settling.lease_has_ended(number, 0):
            settling.free(number, EXPIRED, "LEASE_FORGOTTEN")
    settling.write()
    return len(numbers)


class _Settling:
    """The orders of one call, locked, and what the call does to them."""

    def __init__(
        self, connection: Connection, numbers: Iterable[str], at: datetime, actor: str
    ) -> None:
        self._connection = connection
        self._at = at
        self._actor = actor
        self.now_us = now_us(at)
        asked = list(numbers)
        self._before = decisions.lock(connection, asked)
        self._after: dict[str, Stored] = {}
        self._held = reservations.of_orders(connection, asked)
        live = shipments.live_of(connection, asked)
        self._freeable: dict[str, Freeable] = {
            number: freeing.freeable(stored, self._held.get(number, ()), live.get(number, ()))
            for number, stored in self._before.items()
        }
        self._freed: list[tuple[Freeable, int, str]] = []
        self._events: list[NewEvent] = []

    def leased(self, number: str) -> list[Held]:
        """Return the order's rows under a lease."""
        return [row for row in self._held.get(number, ()) if row.state == LEASED]

    def is_due(self, number: str, revision: int) -> bool:
        """Return whether there is anything to free at `revision` or before; 0: at any."""
        freed = self._freeable.get(number)
        return freed is not None and bool(freed.rows) and _covers(revision, freed.stored)

    def lease_has_ended(self, number: str, revision: int) -> bool:
        """Return whether all that the order holds is a lease that is over."""
        if not self.is_due(number, revision):
            return False
        rows = self._freeable[number].rows
        return all(reservations.lease_has_ended(row, self.now_us) for row in rows)

    def confirm(self, number: str, rows: Sequence[Held]) -> None:
        """Make `rows` firm."""
        reservations.set_state(self._connection, rows, CONFIRMED)
        stored = self._count_event(number)
        self._events.append(
            new_event(
                RESERVATION_CONFIRMED,
                number,
                self._at,
                actor=self._actor,
                sequence=stored.events,
                transitions=[("reservation", "LEASED", "CONFIRMED")],
                quantity=sum(row.quantity for row in rows),
            )
        )

    def free(self, number: str, state: int, cause: str) -> None:
        """Note that what the order holds goes; `write` does it."""
        self._freed.append((self._freeable[number], state, cause))

    def note_released(self, number: str, revision: int) -> None:
        """Remember that `revision`, or the one decided where 0, was released."""
        stored = self._after.get(number) or self._before.get(number) or Stored(number)
        released = max(stored.released_revision, revision or stored.revision)
        self._after[number] = stored._replace(released_revision=released)

    def write(self) -> None:
        """Free what was noted and store everything."""
        if self._freed:
            # Locked only now, and together, so that the order of locks holds.
            stock, days = freeing.lock_for(
                self._connection, [freed for freed, _, _ in self._freed], self.now_us
            )
            for freed, state, cause in self._freed:
                number = freed.stored.order_number
                parcels = freeing.free(self._connection, freed, stock, days, state).parcels
                stored = self._count_event(number)
                self._after[number] = stored._replace(parcels=parcels)
                self._events.append(
                    freeing.freed_event(freed, state, self._at, stored.events, self._actor, cause)
                )
            stock.write(self._connection)
            days.write(self._connection)
        decisions.write(self._connection, self._before, list(self._after.values()))
        outbox.append(self._connection, self._events)

    def outcomes(self, numbers: Sequence[str]) -> list[inventory_v1.ReservationOutcome]:
        """Return how each order stands after `write`."""
        held = reservations.of_orders(self._connection, numbers)
        return [
            inventory_v1.ReservationOutcome(
                order_number=number,
                state=reservations.State.ValueType(reservations.headline(held.get(number, ()))),
            )
            for number in numbers
        ]

    def _count_event(self, number: str) -> Stored:
        stored = self._after.get(number) or self._before[number]
        self._after[number] = stored._replace(events=stored.events + 1)
        return self._after[number]


def _covers(revision: int, stored: Stored) -> bool:
    return not revision or stored.revision <= revision
