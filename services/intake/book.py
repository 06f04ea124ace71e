"""Orders read, changed in memory and written back together, in one transaction."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services._kit.bulk import insert_many, update_many
from services._kit.database import RetryTransactionError
from services._kit.errors import NotFound
from services._kit.events import NewEvent, time_from
from services._kit.reasons import Reason
from services.intake import store
from services.intake.convert import micros_of
from services.intake.stored import OrderValues, StoredOrder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Table

    from services._kit.outbox import Outbox

COLUMNS = tuple(f.name for f in fields(OrderValues))
FIXED = frozenset({"channel", "shop", "external_order_id", "accepted_us"})
MUTABLE = tuple(name for name in COLUMNS if name not in FIXED)
CHUNK = 500  # parameters of one IN list
DATA_SCHEMA = "orderhub.common.v1.Event"

_SELECT = sa.select(*(store.orders.c[name] for name in COLUMNS))
_UNFILLED = "UNFILLED_REASON_"


class Book:
    """The orders of one transaction.

    Parameters
    ----------
    tracking_id
        Of the call that changes them, for their events. On a writer's thread nobody calls, so
        it comes from outside.
    """

    def __init__(self, connection: Connection, outbox: Outbox, tracking_id: str = "") -> None:
        self.connection = connection
        self._outbox = outbox
        self._tracking_id = tracking_id
        self._orders: dict[str, StoredOrder] = {}

    def add(self, order: StoredOrder) -> None:
        """Take in a new order."""
        order.is_new = True
        self._orders[order.values.order_number] = order

    def one(self, order_number: str, *, content: bool = False) -> StoredOrder:
        """Return one order, locked.

        Raises
        ------
        NotFound
            Naming `order_number`.
        """
        found = self.by_numbers([order_number], content=content)
        if order_number not in found:
            raise NotFound(Reason.NOT_FOUND, "no such order", field="order_number")
        return found[order_number]

    def by_numbers(
        self, order_numbers: Iterable[str], *, content: bool = False
    ) -> dict[str, StoredOrder]:
        """Return the orders that exist, by number, locked against other transactions."""
        wanted = sorted(set(order_numbers))
        missing = [number for number in wanted if number not in self._orders]
        for begin in range(0, len(missing), CHUNK):
            chunk = missing[begin : begin + CHUNK]
            self._load(store.orders.c.order_number.in_(chunk))
        found = {n: self._orders[n] for n in wanted if n in self._orders}
        if content:
            self.load_contents(found.values())
        return found

    def by_keys(
        self, keys: Iterable[tuple[str, str, str]]
    ) -> dict[tuple[str, str, str], StoredOrder]:
        """Return the orders with these (channel, shop, external id), without their contents."""
        wanted = sorted(set(keys))
        columns = (store.orders.c.channel, store.orders.c.shop, store.orders.c.external_order_id)
        loaded: list[StoredOrder] = []
        for begin in range(0, len(wanted), CHUNK):
            chunk = wanted[begin : begin + CHUNK]
            loaded += self._load(sa.tuple_(*columns).in_(chunk))
        return {(o.values.channel, o.values.shop, o.values.external_order_id): o for o in loaded}

    def insert_into(self, table: Table) -> Any:
        """Return an insert in the database's own dialect, which knows ON CONFLICT."""
        return insert_into(self.connection, table)

    def flush(self) -> None:
        """Write everything that changed, and the events that tell of it.

        Raises
        ------
        RetryTransactionError
            When another process took a business key or an event's number first.
        """
        changed = [order for order in self._orders.values() if order.changed]
        for order in self._orders.values():
            order.assert_told()
        try:
            self._insert(store.orders, [_row(o) for o in changed if o.is_new])
        except IntegrityError as error:
            raise RetryTransactionError("an order was taken in meanwhile") from error
        updated = [_update(o) for o in changed if not o.is_new]
        update_many(self.connection, store.orders, "order_number", updated)
        self._flush_contents(changed)
        self._upsert(
            store.outcomes,
            [
                {
                    "order_number": o.values.order_number,
                    "outcome_pb": o.outcome.SerializeToString(),
                }
                for o in changed
                if o.outcome_changed
            ],
        )
        self._flush_unfilled([o for o in changed if o.unfilled_changed])
        self._upsert(store.holds, [_hold_row(h) for o in changed for h in o.changed_holds.values()])
        self._outbox.append(
            self.connection,
            [_event(e, o.tracking_id or self._tracking_id) for o in changed for e in o.new_events],
        )
        for order in changed:
            order.is_new = order.outcome_changed = order.unfilled_changed = False
            order.row_changed = False
            order.changed_holds.clear()
            order.new_events.clear()
            order.new_content = None

    def _load(self, where: sa.ColumnElement[bool]) -> list[StoredOrder]:
        # Locked in the order of their numbers, so that two transactions never wait in a circle.
        query = _SELECT.where(where).order_by(store.orders.c.order_number).with_for_update()
        rows = self.connection.execute(query).all()
        fresh: dict[str, StoredOrder] = {}
        for row in rows:
            if row.order_number not in self._orders:
                fresh[row.order_number] = StoredOrder(OrderValues(*row), record_v1.OrderRecord())
        self._orders.update(fresh)
        if fresh:
            self._load_outcomes(fresh)
            self._load_holds(fresh)
        return [self._orders[row.order_number] for row in rows]

    def _load_outcomes(self, orders: dict[str, StoredOrder]) -> None:
        table = store.outcomes
        for number, data in self._rows(table, orders, table.c.order_number, table.c.outcome_pb):
            orders[number].outcome.ParseFromString(data)

    def _load_holds(self, orders: dict[str, StoredOrder]) -> None:
        held = [number for number, order in orders.items() if order.values.open_holds]
        table = store.holds
        for number, hold_id, data in self._rows(
            table, held, table.c.order_number, table.c.hold_id, table.c.hold_pb
        ):
            hold = record_v1.Hold.FromString(data)
            if hold.state == record_v1.HOLD_STATE_OPEN:
                orders[number].open_holds[hold_id] = hold

    def load_contents(self, orders: Iterable[StoredOrder]) -> None:
        """Load the content of those orders that lack it."""
        missing = {o.values.order_number: o for o in orders if o.order is None}
        table = store.contents
        for number, data in self._rows(table, missing, table.c.order_number, table.c.order_pb):
            missing[number].order = order_v1.Order.FromString(data)

    def _rows(
        self, table: Table, numbers: Iterable[str], *columns: sa.ColumnElement[Any]
    ) -> list[Any]:
        wanted = list(numbers)
        found: list[Any] = []
        for begin in range(0, len(wanted), CHUNK):
            query = sa.select(*columns).where(
                table.c.order_number.in_(wanted[begin : begin + CHUNK])
            )
            found += self.connection.execute(query).all()
        return found

    def _flush_contents(self, changed: Sequence[StoredOrder]) -> None:
        rows = [
            {
                "order_number": o.values.order_number,
                "order_pb": o.new_content.order.SerializeToString(),
                "recipient_pb": o.new_content.recipient_pb,
            }
            for o in changed
            if o.new_content is not None
        ]
        fresh = {o.values.order_number for o in changed if o.is_new}
        self._insert(store.contents, [r for r in rows if r["order_number"] in fresh])
        self._upsert(store.contents, [r for r in rows if r["order_number"] not in fresh])

    def _flush_unfilled(self, changed: Sequence[StoredOrder]) -> None:
        numbers = [o.values.order_number for o in changed]
        if not numbers:
            return
        table = store.unfilled
        for begin in range(0, len(numbers), CHUNK):
            chunk = numbers[begin : begin + CHUNK]
            self.connection.execute(table.delete().where(table.c.order_number.in_(chunk)))
        rows = [
            {
                "order_number": o.values.order_number,
                "line_no": line.line_no,
                "reason": unfilled_reason(line.reason),
            }
            for o in changed
            for line in o.outcome.allocation.unfilled
        ]
        self._insert(table, rows)

    def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        insert_many(self.connection, table, rows)

    def _upsert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        insert_many(self.connection, table, rows, replace=True)


def insert_into(connection: Connection, table: Table) -> Any:
    """Return an insert in the database's own dialect, which knows ON CONFLICT."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return make(table)


def unfilled_reason(number: int) -> str:
    """Return the reason code of an unfilled line."""
    names = allocation_v1.UnfilledReason.items()
    return next(
        (name.removeprefix(_UNFILLED) for name, value in names if value == number), "UNKNOWN"
    )


def _row(order: StoredOrder) -> dict[str, Any]:
    values = order.values
    return {name: getattr(values, name) for name in COLUMNS}


def _update(order: StoredOrder) -> dict[str, Any]:
    values = order.values
    return {name: getattr(values, name) for name in MUTABLE}


def _hold_row(hold: record_v1.Hold) -> dict[str, Any]:
    return {
        "hold_id": hold.hold_id,
        "order_number": hold.order_number,
        "state": hold.state,
        "reason": hold.reason,
        "queue": hold.queue,
        "due_us": micros_of(hold.due_at),
        "hold_pb": hold.SerializeToString(),
    }


def _event(event: Any, tracking_id: str) -> NewEvent:
    return NewEvent(
        aggregate_id=event.subject,
        type=event.type,
        time=time_from(micros_of(event.time)),
        data=event.SerializeToString(),
        data_schema=DATA_SCHEMA,
        aggregate_seq=event.sequence,
        tracking_id=tracking_id,
    )
