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


async def do_chores(room: Room) -> None:
    """Free forgotten leases and forget old request ids, for ever."""
    while True:
        await asyncio.sleep(PAUSE_S)
        try:
            freed = await room.database.write(partial(settling.sweep, at=room.clock.now()))
            await room.database.write(partial(room.requests.prune, now=room.clock.now()))
        except Refusal as refusal:
            log.warning("the chores are put off", reason=refusal.reason.value)
            continue
        if freed:
            log.warning("leases that nobody asked about were freed", orders=freed)
