"""The clock of unpaid orders: it asks, fulfilment's row and clock decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderhub.intake.v1 import record_pb2 as record_v1
from services.intake import store
from services.intake.book import Book
from services.intake.convert import now_us
from services.intake.lifecycle import queue
from services.intake.payment import OUTSTANDING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services._kit.database import Database
    from services._kit.outbox import Outbox

MAX_ORDERS = 256


def queue_expired(connection: Connection, outbox: Outbox, at_us: int) -> int:
    """Queue `EXPIRE` for unpaid orders at rest whose time is over; return how many."""
    columns = store.orders.c
    numbers = connection.scalars(
        sa.select(columns.order_number)
        .where(sa.text("pay_by_us > 0 AND work = 0"), columns.pay_by_us <= at_us)
        .order_by(columns.pay_by_us)
        .limit(MAX_ORDERS)
        .with_for_update(skip_locked=True)
    ).all()
    book = Book(connection, outbox)
    queued = 0
    for stored in book.by_numbers(numbers).values():
        if stored.is_final or stored.values.payment not in OUTSTANDING:
            stored.values.pay_by_us, stored.row_changed = 0, True
            continue
        queue(stored, record_v1.WORK_EXPIRE, at_us)
        stored.emit("payment_overdue", at_us)
        queued += 1
    book.flush()
    return queued


class ExpiryTimer:
    """Looks for unpaid orders every second."""

    def __init__(self, database: Database, outbox: Outbox, clock: Clock) -> None:
        self._database = database
        self._outbox = outbox
        self._clock = clock

    async def look(self) -> int:
        """Queue what is due now; return how many."""
        at_us = now_us(self._clock.now())
        if not await self._database.read(lambda c: _any_due(c, at_us)):
            return 0
        return await self._database.write(lambda c: queue_expired(c, self._outbox, at_us))

    async def round(self) -> None:
        """Queue everything that is due now."""
        while await self.look() >= MAX_ORDERS:
            pass


def _any_due(connection: Connection, at_us: int) -> bool:
    due = sa.exists().where(
        sa.text("pay_by_us > 0 AND work = 0"), store.orders.c.pay_by_us <= at_us
    )
    return bool(connection.execute(sa.select(due)).scalar_one())
