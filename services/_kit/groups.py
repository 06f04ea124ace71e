"""Group commit: many callers' items made durable by one transaction."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from services._kit import logs
from services._kit.errors import Exhausted, Refusal, Unavailable
from services._kit.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from services._kit.database import Database

log = logs.logger("kit.groups")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    future: asyncio.Future[Result]


class GroupCommitter(Generic[Item, Result]):
    """Collects items, applies them together, answers each after the commit.

    A commit in progress is company enough: what arrives meanwhile forms the next group. Only an
    idle committer waits `max_wait_s` for more.

    Parameters
    ----------
    apply
        Does the work inside the given transaction and returns one result per item, in order; a
        result that is an exception is raised to that item's caller alone. It may run again for
        the same items after contention, so it touches nothing but its connection.
    max_items
        Most items of one transaction.
    max_wait_s
        Longest wait for company.
    max_queued
        Most items waiting; further ones are refused.
    repeatable
        As for `Database.write`: `apply` recognises items that were committed before.
    lanes
        Groups in commit at once; more than 1 makes sense on PostgreSQL only.
    """

    def __init__(
        self,
        database: Database,
        apply: Callable[[Connection, Sequence[Item]], Sequence[Result | Exception]],
        *,
        max_items: int = 256,
        max_wait_s: float = 0.002,
        max_queued: int = 8192,
        repeatable: bool = False,
        lanes: int = 1,
    ) -> None:
        self._database = database
        self._apply = apply
        self._max_items = max_items
        self._max_wait_s = max_wait_s
        self._max_queued = max_queued
        self._repeatable = repeatable
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._arrival = asyncio.Event()
        self._closing = False
        self._lanes = [asyncio.ensure_future(self._work()) for _ in range(lanes)]

    async def submit(self, item: Item) -> Result:
        """Return the result of `item` once it is durable.

        Raises
        ------
        Exhausted
            When too many items wait; nothing was done.
        Unavailable
            When the committer is closing, or the database stays away (outcome unknown).
        Exception
            What `apply` answered for this item.
        """
        return await self._enqueue([item])[0]

    async def submit_all(self, items: Sequence[Item]) -> list[Result | BaseException]:
        """Return one result or exception per item, in order, once all are settled."""
        return await asyncio.gather(*self._enqueue(items), return_exceptions=True)

    async def close(self) -> None:
        """Commit what waits, then take no more."""
        self._closing = True
        self._arrival.set()
        await asyncio.gather(*self._lanes)

    def _enqueue(self, items: Sequence[Item]) -> list[asyncio.Future[Result]]:
        if self._closing:
            raise Unavailable(Reason.SHUTTING_DOWN)
        if len(self._queue) + len(items) > self._max_queued:
            raise Exhausted(Reason.QUEUE_FULL)
        loop = asyncio.get_running_loop()
        waiting = [_Waiting[Item, Result](item, loop.create_future()) for item in items]
        self._queue.extend(waiting)
        self._arrival.set()
        return [entry.future for entry in waiting]

    async def _work(self) -> None:
        came_idle = True
        while True:
            if not self._queue:
                if self._closing:
                    return
                self._arrival.clear()
                await self._arrival.wait()
                came_idle = True
                continue
            if came_idle and len(self._queue) < self._max_items and not self._closing:
                await asyncio.sleep(self._max_wait_s)
                came_idle = False
            group = self._take()
            if group:
                await self._settle(group)
                came_idle = False

    def _take(self) -> list[_Waiting[Item, Result]]:
        group: list[_Waiting[Item, Result]] = []
        while self._queue and len(group) < self._max_items:
            entry = self._queue.popleft()
            if not entry.future.done():  # its caller has left: do nothing for nobody
                group.append(entry)
        return group

    async def _settle(self, group: list[_Waiting[Item, Result]]) -> None:
        """Commit `group`; where it fails by one item's fault, its halves on their own."""
        items = [entry.item for entry in group]
        try:
            results = await self._database.write(
                lambda connection: self._checked(connection, items), repeatable=self._repeatable
            )
        except Unavailable as refusal:
            _fail(group, refusal)  # the database's fault, not an item's: halving would not help
        except Exception as error:  # noqa: BLE001 - the edge: it belongs to one of the items
            if len(group) == 1:
                _fail(group, error)
                return
            if not isinstance(error, Refusal):
                log.warning("a group failed and is halved", items=len(group), error=repr(error))
            middle = len(group) // 2
            await self._settle(group[:middle])
            await self._settle(group[middle:])
        else:
            for entry, result in zip(group, results, strict=True):
                if entry.future.done():
                    continue
                if isinstance(result, Exception):
                    entry.future.set_exception(result)
                else:
                    entry.future.set_result(result)

    def _checked(self, connection: Connection, items: list[Item]) -> Sequence[Result | Exception]:
        results = self._apply(connection, items)
        if len(results) != len(items):
            raise AssertionError(f"apply gave {len(results)} results for {len(items)} items")
        return results


def _fail(group: list[_Waiting[Item, Result]], error: Exception) -> None:
    for entry in group:
        if not entry.future.done():
            entry.future.set_exception(error)
