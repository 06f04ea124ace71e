"""Order numbers: the day, and a sequence leased in blocks, so that several intakes never meet."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from services.intake import store
from services.intake.book import insert_into

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from services._kit.database import Database

BLOCK = 1000
LOW_WATER = 512  # lease before a whole group could run dry
DIGITS = 6


def order_number(day: str, sequence: int) -> str:
    """Return `YYYYMMDD` and at least six digits, more where six do not do."""
    return f"{day}{sequence:0{DIGITS}d}"


def lease_block(connection: Connection, day: str, size: int) -> range:
    """Return `size` numbers of `day` that nobody else gets, in the caller's transaction."""
    table = store.sequences
    statement = (
        insert_into(connection, table)
        .values(day=day, next_number=1 + size)
        .on_conflict_do_update(
            index_elements=["day"], set_={"next_number": table.c.next_number + size}
        )
        .returning(table.c.next_number)
    )
    after = connection.execute(statement).scalar_one()
    return range(after - size, after)


class OrderNumbers:
    """Blocks of numbers leased by one process, by day.

    Parameters
    ----------
    zone
        The business's; its midnight begins a new day's sequence.
    """

    def __init__(self, database: Database, zone: ZoneInfo, *, block: int = BLOCK) -> None:
        self._database = database
        self._zone = zone
        self._block = block
        self._lock = threading.Lock()  # taken on the loop's thread and on writers' threads
        self._leasing = asyncio.Lock()
        self._free: dict[str, list[range]] = {}

    def day(self, now: datetime) -> str:
        """Return the business day of `now`, `YYYYMMDD`."""
        return now.astimezone(self._zone).strftime("%Y%m%d")

    async def ensure(self, now: datetime) -> None:
        """Lease another block where few numbers are left, in a transaction of its own.

        A block is used only once its lease is durable: numbers lost in a crash are never given
        out again.
        """
        day = self.day(now)
        if self.left(day) >= LOW_WATER:
            return
        async with self._leasing:
            if self.left(day) >= LOW_WATER:
                return
            block = await self._database.write(lambda c: lease_block(c, day, self._block))
            with self._lock:
                self._free = {d: blocks for d, blocks in self._free.items() if d >= day}
                self._free.setdefault(day, []).append(block)

    def left(self, day: str) -> int:
        """Return how many numbers of `day` are at hand."""
        with self._lock:
            return sum(len(block) for block in self._free.get(day, ()))

    def take(self, connection: Connection, now: datetime, count: int) -> list[str]:
        """Return `count` unused order numbers of the day of `now`.

        Where the blocks run dry, the rest is leased in the caller's transaction: it holds the
        day's row until it ends, but is never wrong.
        """
        day = self.day(now)
        taken: list[int] = []
        with self._lock:
            blocks = self._free.get(day, [])
            while blocks and len(taken) < count:
                block = blocks[0]
                need = count - len(taken)
                taken += block[:need]
                blocks[0] = block[need:]
                if not blocks[0]:
                    blocks.pop(0)
        if len(taken) < count:
            taken += lease_block(connection, day, count - len(taken))
        return [order_number(day, sequence) for sequence in taken]
