"""What intake forgets in time: answers to old requests, batches long finished."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import sqlalchemy as sa

from services._kit.idempotency import KEPT, PRUNE_ROWS
from services.intake import store
from services.intake.convert import now_us

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services._kit.database import Database
    from services._kit.idempotency import Requests

MAX_BATCHES = 100  # forgotten in one transaction: writers wait meanwhile
PAUSE_S = 0.05


def prune_batches(connection: Connection, before_us: int) -> int:
    """Forget at most 100 batches finished and ended before then; return how many."""
    batches, members = store.batches, store.members
    doomed = connection.scalars(
        sa.select(batches.c.batch_id)
        .where(batches.c.finished.is_(True), batches.c.lease_ends_us < before_us)
        .limit(MAX_BATCHES)
    ).all()
    for table in (members, batches):
        connection.execute(table.delete().where(table.c.batch_id.in_(doomed)))
    return len(doomed)


class Housekeeping:
    """Forgets what is older than seven days, a little at a time."""

    def __init__(self, database: Database, requests: Requests, clock: Clock) -> None:
        self._database = database
        self._requests = requests
        self._clock = clock

    async def round(self) -> None:
        """Forget everything that is old now."""
        now = self._clock.now()
        before_us = now_us(now - KEPT)
        while await self._forget(lambda c: self._requests.prune(c, now)) >= PRUNE_ROWS:
            await asyncio.sleep(PAUSE_S)
        while await self._forget(lambda c: prune_batches(c, before_us)) >= MAX_BATCHES:
            await asyncio.sleep(PAUSE_S)

    async def _forget(self, prune: Callable[[Connection], int]) -> int:
        return await self._database.write(prune, repeatable=True)
