"""What fulfilment does without being asked, every minute."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from services._kit import logs
from services._kit.errors import Refusal
from services.fulfilment import settling

if TYPE_CHECKING:
    from services.fulfilment.servicer import Room

log = logs.logger("fulfilment.chores")

PAUSE_S = 60.0


class Chores:
    """Frees forgotten leases and forgets old request ids, round after round, until closed.

    Parameters
    ----------
    pause_s
        Seconds before each round.
    """

    def __init__(self, room: Room, pause_s: float = PAUSE_S) -> None:
        self._room = room
        self._pause_s = pause_s
        self._task = asyncio.create_task(self._run(), name="fulfilment chores")

    async def close(self) -> None:
        """Stop; however the chores fared, this does not fail."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._pause_s)
            try:
                await self._round()
            except Refusal as refusal:
                log.warning("the chores are put off", reason=refusal.reason.value)
            except Exception:
                log.exception("the chores failed by our fault; they are tried again")

    async def _round(self) -> None:
        database, clock = self._room.database, self._room.clock
        freed = await database.write(partial(settling.sweep, at=clock.now()))
        if freed:
            log.warning("leases that nobody asked about were freed", orders=freed)
        await database.write(partial(self._room.requests.prune, now=clock.now()))
