"""Reservations: rows per order line and batch, and who may free or confirm them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services.fulfilment.sql import among
from services.fulfilment.store import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
    from services.fulfilment.ledger import Take

RESERVATION = metadata.tables["reservation"]

State = inventory_v1.ReservationState
LEASED = int(inventory_v1.RESERVATION_STATE_LEASED)
CONFIRMED = int(inventory_v1.RESERVATION_STATE_CONFIRMED)
EXPIRED = int(inventory_v1.RESERVATION_STATE_EXPIRED)
RELEASED = int(inventory_v1.RESERVATION_STATE_RELEASED)
SHIPPED = int(inventory_v1.RESERVATION_STATE_SHIPPED)
FROZEN = int(inventory_v1.RESERVATION_STATE_FROZEN)

HOLDING = (LEASED, CONFIRMED, FROZEN)  # their pieces are counted as reserved or frozen
FREEABLE = frozenset({LEASED, CONFIRMED})
# Of several lines in different states, an order is said to be in the first of these.
_HEADLINE = (FROZEN, LEASED, CONFIRMED, SHIPPED, EXPIRED, RELEASED)

_MOVE = RESERVATION.update().where(
    RESERVATION.c.order_number == sa.bindparam("of_order"),
    RESERVATION.c.revision == sa.bindparam("of_revision"),
    RESERVATION.c.line_no == sa.bindparam("of_line"),
    RESERVATION.c.batch == sa.bindparam("of_batch"),
)
_SET_STATE = _MOVE.values(
    state=sa.bindparam("new_state", type_=sa.SmallInteger),
    lease_ends_us=sa.bindparam("new_end", type_=sa.BigInteger),
)

_TO_REVISION = _SET_STATE.values(revision=sa.bindparam("new_revision", type_=sa.BigInteger))


class Held(NamedTuple):
    """One row: pieces of a batch promised to a line."""

    order_number: str
    revision: int
    line_no: int
    batch: str
    warehouse_id: str
    sku: str
    quantity: int
    state: int
    lease_ends_us: int | None


def of_orders(connection: Connection, numbers: Iterable[str]) -> dict[str, list[Held]]:
    """Return every reservation of the orders, freed ones included, by order number.

    The orders' allocation rows must be locked: they guard their reservations.
    """
    found: dict[str, list[Held]] = defaultdict(list)
    columns = [RESERVATION.c[name] for name in Held._fields]
    query = sa.select(*columns).order_by(
        RESERVATION.c.order_number, RESERVATION.c.revision, RESERVATION.c.line_no
    )
    for row in among(connection, query, RESERVATION.c.order_number, sorted(set(numbers))):
        found[row.order_number].append(Held._make(row))
    return found


def set_state(
    connection: Connection, rows: Sequence[Held], state: int, *, keep_end: bool = False
) -> None:
    """Move `rows` to `state`; `keep_end` leaves the lease's end readable on freed rows."""
    if rows:
        connection.execute(
            _SET_STATE,
            [
                {
                    "of_order": row.order_number,
                    "of_revision": row.revision,
                    "of_line": row.line_no,
                    "of_batch": row.batch,
                    "new_state": state,
                    "new_end": row.lease_ends_us if keep_end else None,
                }
                for row in rows
            ],
        )


def keep_for(
    connection: Connection, rows: Sequence[Held], revision: int, lease_ends_us: int | None
) -> None:
    """Hand `rows` of one order to its new `revision`: leased where there is an end, else firm."""
    connection.execute(
        _TO_REVISION,
        [
            {
                "of_order": row.order_number,
                "of_revision": row.revision,
                "of_line": row.line_no,
                "of_batch": row.batch,
                "new_revision": revision,
                "new_state": CONFIRMED if lease_ends_us is None else LEASED,
                "new_end": lease_ends_us,
            }
            for row in rows
        ],
    )


def lease_end_us(order: allocation_v1.OrderToAllocate, now_us: int) -> int | None:
    """Return when a lease that begins now ends, `None` where the stock is firm."""
    if not order.HasField("lease"):
        return None
    return now_us + order.lease.seconds * 1_000_000 + order.lease.nanos // 1000


def row_values(
    order: allocation_v1.OrderToAllocate,
    line: allocation_v1.LineToAllocate,
    warehouse_id: str,
    take: Take,
    lease_ends_us: int | None,
) -> dict[str, Any]:
    """Return a row to insert: leased where there is an end, else confirmed."""
    return {
        "order_number": order.order_number,
        "revision": order.revision,
        "line_no": line.line_no,
        "batch": take.batch,
        "warehouse_id": warehouse_id,
        "sku": line.sku,
        "quantity": take.quantity,
        "state": CONFIRMED if lease_ends_us is None else LEASED,
        "lease_ends_us": lease_ends_us,
    }


def headline(rows: Sequence[Held]) -> int:
    """Return how an order stands: its latest revision's rows, 0 where it has none."""
    latest = max((row.revision for row in rows), default=0)
    states = {row.state for row in rows if row.revision == latest}
    return next((state for state in _HEADLINE if state in states), 0)


def lease_has_ended(row: Held, now_us: int) -> bool:
    """Return whether the row is leased and its lease is over; its last instant still counts."""
    return row.state == LEASED and row.lease_ends_us is not None and row.lease_ends_us < now_us


def is_paid_in_time(row: Held, paid_us: int) -> bool:
    """Return whether a payment at `paid_us` came while the row's lease ran."""
    return row.lease_ends_us is None or paid_us <= row.lease_ends_us


def page_of(
    connection: Connection,
    numbers: Sequence[str],
    state: int,
    after: tuple[str, int, int] | None,
    limit: int,
) -> list[inventory_v1.Reservation]:
    """Return reservations by order number, line and revision, batches added up.

    Parameters
    ----------
    numbers
        Only these orders, all where empty.
    state
        Only this state, all where 0.
    after
        Sort key of the last one already given.
    """
    table = RESERVATION
    key = (table.c.order_number, table.c.line_no, table.c.revision)
    # All batches of a line move together, so they agree in everything but quantity.
    query = (
        sa.select(
            *key,
            table.c.warehouse_id,
            table.c.sku,
            table.c.state,
            table.c.lease_ends_us,
            sa.func.sum(table.c.quantity).label("quantity"),
        )
        .group_by(*key, table.c.warehouse_id, table.c.sku, table.c.state, table.c.lease_ends_us)
        .order_by(*key)
        .limit(limit)
    )
    if numbers:
        query = query.where(table.c.order_number.in_(numbers))
    if state:
        query = query.where(table.c.state == state)
    if after is not None:
        query = query.where(sa.tuple_(*key) > sa.tuple_(*map(sa.literal, after)))
    return [_message(row) for row in connection.execute(query)]


def _message(row: Any) -> inventory_v1.Reservation:
    message = inventory_v1.Reservation(
        order_number=row.order_number,
        line_no=row.line_no,
        warehouse_id=row.warehouse_id,
        sku=row.sku,
        quantity=int(row.quantity),
        state=State.ValueType(row.state),
        revision=row.revision,
    )
    if row.lease_ends_us is not None:
        message.lease_ends_at.FromMicroseconds(row.lease_ends_us)
    return message
