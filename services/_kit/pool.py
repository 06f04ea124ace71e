"""Spawned worker processes: warmed at start, killed at a job's deadline, rebuilt after a crash."""

from __future__ import annotations

import asyncio
import queue
import time
from typing import TYPE_CHECKING, Any, TypeVar

from services._kit import logs
from services._kit.errors import Exhausted, Unavailable
from services._kit.jobs import Job
from services._kit.keeper import Keeper
from services._kit.reasons import Reason
from services._kit.worker import Task

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

log = logs.logger("kit.pool")


class WorkerPool:
    """A fixed number of processes that do one job each at a time.

    Processes are spawned, never forked: gRPC's threads do not survive a fork. A job that must
    end is killed, because native code that holds the interpreter's lock hears nothing else.

    Parameters
    ----------
    name
        Shown in logs and as the processes' name.
    workers
        How many processes.
    warm
        Importable function called once in each new process, to load what jobs need.
    max_queued
        Most jobs waiting; further ones are refused.
    max_jobs
        Jobs after which a process is replaced; 0: never.
    """

    def __init__(
        self,
        name: str,
        workers: int,
        *,
        warm: Callable[..., object] | None = None,
        warm_args: tuple[Any, ...] = (),
        max_queued: int = 1024,
        max_jobs: int = 0,
    ) -> None:
        self._name = name
        self._jobs: queue.Queue[Job[Any] | None] = queue.Queue(max_queued)
        self._keepers = [
            Keeper(f"{name}-{i}", self._jobs, warm, warm_args, max_jobs) for i in range(workers)
        ]
        self._stopped = False

    async def start(self) -> None:
        """Spawn and warm every process; return once all can work.

        Raises
        ------
        Unavailable
            When one cannot be warmed up; the log has the cause.
        """
        for keeper in self._keepers:
            keeper.start()
        await asyncio.gather(*(asyncio.to_thread(keeper.wait_ready) for keeper in self._keepers))
        log.info("workers are warm", pool=self._name, workers=len(self._keepers))

    def submit(
        self,
        fn: Callable[..., T],
        *args: Any,
        deadline_s: float,
        on_progress: Callable[[Any], None] | None = None,
    ) -> Job[T]:
        """Queue `fn(report, *args)` and return the job; `report(value)` streams progress back.

        Parameters
        ----------
        deadline_s
            Seconds from now, waiting included, after which the job is killed.
        on_progress
            Called with each report, on a thread of the pool.

        Raises
        ------
        Exhausted
            When too many jobs wait.
        Unavailable
            When the pool is stopping.
        """
        if self._stopped:
            raise Unavailable(Reason.SHUTTING_DOWN)
        job: Job[T] = Job(Task(fn, args), time.monotonic() + deadline_s, on_progress)
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise Exhausted(Reason.QUEUE_FULL) from None
        return job

    async def run(self, fn: Callable[..., T], *args: Any, deadline_s: float) -> T:
        """Return the answer of `fn(report, *args)`; see `submit` and `Job.result`."""
        return await self.submit(fn, *args, deadline_s=deadline_s).result()

    def processes(self) -> list[int]:
        """Return the ids of the living processes."""
        return [pid for keeper in self._keepers if (pid := keeper.pid) is not None]

    async def stop(self) -> None:
        """Kill every process; jobs not done end as cancelled."""
        self._stopped = True
        for keeper in self._keepers:
            keeper.stop()
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is not None:
                job.cancel()
                job.end()
        for _ in self._keepers:
            self._jobs.put_nowait(None)
        await asyncio.gather(*(asyncio.to_thread(keeper.join) for keeper in self._keepers))
