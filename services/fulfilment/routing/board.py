"""The plans being worked on: started, followed, stopped, taken up again after a restart."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from services._kit import logs
from services._kit.errors import Refusal
from services._kit.jobs import (
    JobCancelledError,
    JobEndedError,
    JobTimedOutError,
    WorkerLostError,
)
from services.fulfilment.routing import store
from services.fulfilment.routing.search import DEFAULT_BUDGET_S, SearchJob, search

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services._kit.database import Database
    from services._kit.jobs import Job
    from services._kit.pool import WorkerPool
    from services.fulfilment.routing.store import KeptPlan

log = logs.logger("fulfilment.board")

# On top of the search: to build the problem, close it and send the answer back. Matrices and the
# first plan grow with the square of the stops (measured: 4 s at 2,000 on a busy core).
BUILD_MARGIN_S, BUILD_MARGIN_PER_PAIR_S = 2.0, 2e-6
KEEP_EVERY_S = 0.5  # how often a better plan is written down while the search goes on
SHORTEST_S = 1.0  # what a plan taken up again still gets
TRIES = 2  # a worker lost before the first plan is replaced once


@dataclass
class Running:
    """A plan in work here, and who wants to hear of it."""

    kept: KeptPlan
    plan: routing_v1.RoutePlan
    job: Job[bytes] | None = None
    task: asyncio.Task[None] | None = None
    cancelled: bool = False
    over: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, plan: routing_v1.RoutePlan) -> None:
        """Show `plan` to everybody who watches."""
        self.plan = plan
        self.news.set()
        self.news = asyncio.Event()


class PlanBoard:
    """Searches plans in the worker pool, as many at once as it has processes.

    Parameters
    ----------
    workers
        Processes of `pool`.
    """

    def __init__(self, database: Database, pool: WorkerPool, workers: int) -> None:
        self._database = database
        self._pool = pool
        self._turn = asyncio.Semaphore(workers)
        self._running: dict[str, Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def open(self) -> None:
        """Go on with the plans that a stop left behind, each from its best so far."""
        for kept in await self._database.read(store.unfinished):
            log.info("going on with a plan", plan=kept.plan.plan_id)
            self.start(kept)

    async def close(self) -> None:
        """Leave the plans in work as they are kept: the next start goes on with them."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start(self, kept: KeptPlan) -> None:
        """Search a plan that is kept already; a plan in work here is left alone."""
        if self._closed or kept.plan.plan_id in self._running:
            return
        running = Running(kept, kept.plan)
        self._running[kept.plan.plan_id] = running
        running.task = asyncio.create_task(self._work(running))
        self._tasks.add(running.task)
        running.task.add_done_callback(self._tasks.discard)

    def current(self, plan_id: str) -> routing_v1.RoutePlan | None:
        """Return a plan in work as it stands; `None` for any other."""
        running = self._running.get(plan_id)
        return running.plan if running else None

    async def watch(self, plan_id: str) -> AsyncIterator[routing_v1.RoutePlan]:
        """Yield a plan in work whenever it changes, until it rests; nothing for any other."""
        running = self._running.get(plan_id)
        seen = None
        while running is not None:
            news = running.news
            if running.plan is not seen:
                seen = running.plan
                yield seen
            if running.over:
                return
            await news.wait()

    async def cancel(self, plan_id: str) -> None:
        """Stop a plan's search and wait until it rests; nothing to do for any other."""
        running = self._running.get(plan_id)
        if running is None:
            return
        running.cancelled = True
        if running.job is not None:
            running.job.cancel()
        elif running.task is not None and running.plan.state == routing_v1.PLAN_STATE_QUEUED:
            running.task.cancel()  # it waits for a worker, and need not any more
        async for _ in self.watch(plan_id):
            pass

    async def _work(self, running: Running) -> None:
        try:
            await self._rest(running, await self._in_turn(running))
        except asyncio.CancelledError:
            if self._closed:
                raise  # kept as it is: the next start goes on with it
            note = "cancelled before it began"
            await self._rest(running, _at(running.plan, routing_v1.PLAN_STATE_CANCELLED, note))
        except Exception:  # the edge of a task: nobody else would hear of it
            log.exception("a plan could not be kept", plan=running.plan.plan_id)
        finally:
            del self._running[running.plan.plan_id]
            running.over = True
            running.news.set()

    async def _in_turn(self, running: Running) -> routing_v1.RoutePlan:
        async with self._turn:
            return await self._searched(running)

    async def _rest(self, running: Running, final: routing_v1.RoutePlan) -> None:
        """Write the end down, however long the database is away; then tell."""
        while True:
            try:
                await self._database.write(lambda connection: store.update(connection, final))
            except Refusal as refusal:
                log.warning("a plan is not kept yet", plan=final.plan_id, refusal=str(refusal))
                await asyncio.sleep(KEEP_EVERY_S)
            else:
                break
        running.tell(final)

    async def _searched(self, running: Running) -> routing_v1.RoutePlan:
        """Return the plan at rest."""
        if running.cancelled:
            return _at(running.plan, routing_v1.PLAN_STATE_CANCELLED, "cancelled before it began")
        await self._note(running, _at(running.plan, routing_v1.PLAN_STATE_RUNNING))
        for left in reversed(range(TRIES)):
            try:
                found = await self._searched_once(running)
            except JobCancelledError:
                return _at(running.plan, routing_v1.PLAN_STATE_CANCELLED)
            except (JobTimedOutError, WorkerLostError) as error:
                log.warning("a search was lost", plan=running.plan.plan_id, error=str(error))
                if running.plan.checked or not left:
                    late = isinstance(error, JobTimedOutError)
                    why = "the time ran out" if late else "its worker was lost"
                    return _saved(running.plan, f"{why} before the first plan")
            except Exception as error:  # the edge of a job: whatever it raised, the plan rests
                log.exception("a search failed", plan=running.plan.plan_id)
                known = isinstance(error, Refusal)
                why = str(error) if known else "the search failed; the log has the cause"
                return _saved(running.plan, why)
            else:
                return _merged(running.plan, found, routing_v1.PLAN_STATE_DONE)
        raise AssertionError("every try returns")

    async def _searched_once(self, running: Running) -> routing_v1.RoutePlan:
        options = routing_v1.SearchOptions.FromString(running.kept.search)
        spent_s = running.kept.plan.search_ms / 1000
        budget_s = max(SHORTEST_S, (options.budget_s or DEFAULT_BUDGET_S) - spent_s)
        running.job = self._pool.submit(
            search,
            SearchJob(
                problem=running.kept.problem,
                options=running.kept.search,
                budget_s=budget_s,
                so_far=running.plan.SerializeToString(),
                of_shipments=bool(running.plan.warehouse_id),
            ),
            deadline_s=budget_s
            + BUILD_MARGIN_S
            + BUILD_MARGIN_PER_PAIR_S * running.plan.stop_count**2,
        )
        if running.cancelled:  # between the tries, or while the start was written down
            running.job.cancel()
        try:
            kept_at = time.monotonic()
            async for better in running.job.progress():
                found = routing_v1.RoutePlan.FromString(better)
                plan = _merged(running.plan, found, routing_v1.PLAN_STATE_RUNNING)
                running.tell(plan)
                if time.monotonic() - kept_at >= KEEP_EVERY_S:
                    await self._note(running, plan)
                    kept_at = time.monotonic()
            return routing_v1.RoutePlan.FromString(await running.job.result())
        except JobEndedError as error:
            if error.last is not None:
                found = routing_v1.RoutePlan.FromString(error.last)
                running.tell(_merged(running.plan, found, running.plan.state))
            raise
        finally:
            running.job = None

    async def _note(self, running: Running, plan: routing_v1.RoutePlan) -> None:
        running.tell(plan)
        try:
            await self._database.write(lambda connection: store.update(connection, plan))
        except Refusal as refusal:  # only progress: the search goes on without it
            log.warning("progress was not kept", plan=plan.plan_id, refusal=str(refusal))


def _at(
    plan: routing_v1.RoutePlan, state: routing_v1.PlanState.ValueType, note: str = ""
) -> routing_v1.RoutePlan:
    moved = routing_v1.RoutePlan()
    moved.CopyFrom(plan)
    moved.state = state
    moved.note = note
    return moved


def _saved(plan: routing_v1.RoutePlan, note: str) -> routing_v1.RoutePlan:
    """Return the best so far as a degraded plan; without any, a failed one that says `note`."""
    if not plan.checked:
        return _at(plan, routing_v1.PLAN_STATE_FAILED, note)
    degraded = _at(plan, routing_v1.PLAN_STATE_DONE)
    degraded.degraded = True
    return degraded


def _merged(
    identity: routing_v1.RoutePlan,
    found: routing_v1.RoutePlan,
    state: routing_v1.PlanState.ValueType,
) -> routing_v1.RoutePlan:
    """Return what was found under the plan's own identity."""
    plan = routing_v1.RoutePlan()
    plan.CopyFrom(found)
    plan.plan_id = identity.plan_id
    plan.state = state
    plan.warehouse_id = identity.warehouse_id
    plan.date = identity.date
    plan.currency = identity.currency
    if identity.HasField("plan_start_at"):
        plan.plan_start_at.CopyFrom(identity.plan_start_at)
    return plan
