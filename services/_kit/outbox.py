"""The outbox: events written with the change they tell of, read in order by any number."""

from __future__ import annotations

import asyncio
import functools
from contextlib import suppress
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services._kit import logs
from services._kit.bulk import insert_many
from services._kit.database import RetryTransactionError, after_commit
from services._kit.events import (
    START,
    Batch,
    Event,
    NewEvent,
    Position,
    cursor_from,
    micros_from,
    position_from,
    time_from,
)
from services._kit.tables import outbox_v1

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import Connection, MetaData, RowMapping

from services._kit.database import Database

MAX_BATCH = 200
FIRST_POLL_S = 0.005


class Wake:
    """Tells every watcher of this process that something was committed."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake everybody who waits; on the loop's thread."""
        self._event.set()
        self._event = asyncio.Event()

    def ticket(self) -> asyncio.Event:
        """Return what the next `notify` will set; taken before looking, no wake is missed."""
        return self._event


class Outbox:
    """One service's events.

    Parameters
    ----------
    metadata
        The service's own; the table is declared in it.
    source
        CloudEvents' source, as `orderhub/intake`.

    Notes
    -----
    On PostgreSQL sequence numbers become visible out of order, so reading by them skips events
    that commit late. Events are read by (transaction id, sequence number), and only those of
    transactions below the oldest one still running: none of these can appear later. A transaction
    left open anywhere in the cluster therefore delays watchers: keep them short.
    """

    def __init__(self, metadata: MetaData, source: str) -> None:
        self.table = sa.Table("outbox", metadata, *outbox_v1(), sqlite_autoincrement=True)
        self.source = source
        self.wake = Wake()

    def append(self, connection: Connection, events: Sequence[NewEvent]) -> None:
        """Write `events` in the caller's transaction; watchers wake once it is committed.

        Raises
        ------
        RetryTransactionError
            When another transaction took a number of the same aggregate first.
        """
        if not events:
            return
        counted = self._numbered(connection, events)
        tracking_id = logs.tracking_id()
        rows = [
            {
                "xid": 0,  # PostgreSQL gives its transaction's
                "aggregate_id": event.aggregate_id,
                "aggregate_seq": number,
                "type": event.type,
                "time_us": micros_from(event.time),
                "data_schema": event.data_schema,
                "tracking_id": event.tracking_id or tracking_id,
                "data": event.data,
            }
            for event, number in zip(events, counted, strict=True)
        ]
        try:
            insert_many(connection, self.table, rows, computed={"xid": "pg_current_xact_id()"})
        except IntegrityError as error:
            raise RetryTransactionError("an event's number was taken") from error
        after_commit(connection, self.wake.notify)

    def read_after(self, connection: Connection, position: Position, limit: int) -> list[Event]:
        """Return at most `limit` events after `position`, in order."""
        table = self.table
        query = (
            sa.select(table)
            .where(self._is_after(connection, position))
            .order_by(table.c.xid, table.c.seq)
            .limit(limit)
        )
        if connection.dialect.name == "postgresql":
            query = query.where(
                table.c.xid < sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot())
            )
        return [self._event(row) for row in connection.execute(query).mappings()]

    def of_aggregate(
        self, connection: Connection, aggregate_id: str, *, after: int = 0, limit: int = MAX_BATCH
    ) -> list[Event]:
        """Return at most `limit` events of one aggregate with a number above `after`, in order."""
        table = self.table
        query = (
            sa.select(table)
            .where(table.c.aggregate_id == aggregate_id, table.c.aggregate_seq > after)
            .order_by(table.c.aggregate_seq)
            .limit(limit)
        )
        return [self._event(row) for row in connection.execute(query).mappings()]

    def head(self, connection: Connection) -> str:
        """Return the cursor after the last event that watchers can see: what comes is new."""
        table = self.table
        query = sa.select(table.c.xid, table.c.seq).order_by(table.c.xid.desc(), table.c.seq.desc())
        if connection.dialect.name == "postgresql":
            query = query.where(
                table.c.xid < sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot())
            )
        row = connection.execute(query.limit(1)).one_or_none()
        return cursor_from(Position(row.xid, row.seq) if row else START)

    async def watch(
        self,
        database: Database,
        cursor: str,
        *,
        limit: int = MAX_BATCH,
        until_now: bool = False,
        poll_s: float = 0.25,
        field: str = "cursor",
    ) -> AsyncIterator[Batch]:
        """Yield batches of events after `cursor`, for ever.

        Parameters
        ----------
        cursor
            Where to resume; empty: from the first event kept.
        limit
            Most events of one batch, 1 to 200.
        until_now
            End once every event committed before the call was given.
        poll_s
            How often to look without having been woken: other processes write too.
        field
            The request's field that held the cursor, for the refusal.

        Raises
        ------
        Malformed
            When `cursor` is not one of ours.
        """
        position = position_from(cursor, field)
        limit = max(1, min(limit, MAX_BATCH))
        end = await database.read(self._now) if until_now else None
        pause_s = poll_s
        while True:
            ticket = self.wake.ticket()
            events, settled = await database.read(functools.partial(self._look, position, limit))
            if events:
                position = events[-1].position
                yield Batch(events, events[-1].cursor)
                pause_s = FIRST_POLL_S
            if end is not None and (position >= end or (not events and settled >= end)):
                return
            if events:
                continue
            # What was committed may hide behind an older transaction for a moment: look again
            # soon after a wake, then ever less often.
            woken = await _woken(ticket, pause_s)
            pause_s = FIRST_POLL_S if woken else min(poll_s, pause_s * 2)

    def _look(
        self, position: Position, limit: int, connection: Connection
    ) -> tuple[list[Event], Position]:
        """Return events after `position`, and the place below which nothing can appear any more."""
        settled = self._now(connection)
        if connection.dialect.name == "postgresql":
            query = sa.select(sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot()))
            settled = Position(int(connection.execute(query).scalar_one()), 0)
        return self.read_after(connection, position, limit), settled

    def _now(self, connection: Connection) -> Position:
        """Return a place after every event committed so far, and not after the next one."""
        if connection.dialect.name == "postgresql":
            query = sa.select(sa.func.pg_snapshot_xmax(sa.func.pg_current_snapshot()))
            return Position(int(connection.execute(query).scalar_one()), 0)
        last = connection.execute(sa.select(sa.func.max(self.table.c.seq))).scalar_one()
        return Position(0, last or 0)

    def _is_after(self, connection: Connection, position: Position) -> sa.ColumnElement[bool]:
        table = self.table
        if connection.dialect.name == "postgresql":
            xid = sa.bindparam("after_xid", position.xid, type_=table.c.xid.type)
            return sa.tuple_(table.c.xid, table.c.seq) > sa.tuple_(xid, position.seq)
        later: sa.ColumnElement[bool] = table.c.seq > position.seq
        return later

    def _numbered(self, connection: Connection, events: Sequence[NewEvent]) -> list[int]:
        unknown = {event.aggregate_id for event in events if event.aggregate_seq is None}
        last: dict[str, int] = {}
        if unknown:
            table = self.table
            query = (
                sa.select(table.c.aggregate_id, sa.func.max(table.c.aggregate_seq))
                .where(table.c.aggregate_id.in_(unknown))
                .group_by(table.c.aggregate_id)
            )
            last = {row[0]: row[1] for row in connection.execute(query)}
        numbers = []
        for event in events:
            number = event.aggregate_seq or last.get(event.aggregate_id, 0) + 1
            last[event.aggregate_id] = number
            numbers.append(number)
        return numbers

    def _event(self, row: RowMapping) -> Event:
        return Event(
            position=Position(row["xid"], row["seq"]),
            source=self.source,
            aggregate_id=row["aggregate_id"],
            aggregate_seq=row["aggregate_seq"],
            type=row["type"],
            time=time_from(row["time_us"]),
            data_schema=row["data_schema"],
            tracking_id=row["tracking_id"],
            data=row["data"],
        )


async def _woken(ticket: asyncio.Event, timeout_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await ticket.wait()
            return True
    return False
