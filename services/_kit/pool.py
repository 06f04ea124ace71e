"""Spawned worker processes: warmed at start, killed at a job's deadline, rebuilt after a crash."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import queue
import threading
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, TypeVar

from services._kit import logs
from services._kit.errors import Exhausted, Unavailable
from services._kit.jobs import Job, JobFailedError
from services._kit.reasons import Reason
from services._kit.worker import Done, Failed, Progress, Ready, Task, serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import SpawnProcess

T = TypeVar("T")

log = logs.logger("kit.pool")

WARM_TIMEOUT_S = 60.0
FIRST_PAUSE_S, MAX_PAUSE_S = 0.1, 5.0


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
            _Keeper(f"{name}-{i}", self._jobs, warm, warm_args, max_jobs) for i in range(workers)
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


class _Keeper:
    """The thread that owns one process at a time and feeds it.

    One long-lived thread starts all of them, since a process dies with the thread it came from.
    """

    def __init__(
        self,
        name: str,
        jobs: queue.Queue[Job[Any] | None],
        warm: Callable[..., object] | None,
        warm_args: tuple[Any, ...],
        max_jobs: int,
    ) -> None:
        self._name = name
        self._jobs = jobs
        self._warm, self._warm_args = warm, warm_args
        self._max_jobs = max_jobs
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)
        self._warmed = threading.Event()
        self._trouble = ""
        self._stopping = False
        self._process: SpawnProcess | None = None
        self._job: Job[Any] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        self._thread.start()

    def wait_ready(self) -> None:
        if not self._warmed.wait(WARM_TIMEOUT_S) or self._trouble:
            raise Unavailable(
                Reason.WORKER_LOST, f"worker {self._name} did not warm up: {self._trouble}"
            )

    def stop(self) -> None:
        self._stopping = True
        job, process = self._job, self._process
        if job is not None:
            job.cancel()
        if process is not None:
            process.kill()

    def join(self) -> None:
        self._thread.join()

    def _keep(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping:
            worker = self._spawn()
            if worker is None:
                time.sleep(pause_s)
                pause_s = min(MAX_PAUSE_S, 2 * pause_s)
                continue
            pause_s = FIRST_PAUSE_S
            try:
                self._feed(worker)
            finally:
                worker.kill()
                self._process = None

    def _spawn(self) -> _Worker | None:
        """Return a warm worker; `None` when it did not come up."""
        worker = _Worker(self._name, self._warm, self._warm_args)
        self._process = worker.process
        timer = threading.Timer(WARM_TIMEOUT_S, worker.process.kill)
        timer.start()
        said = worker.receive()
        timer.cancel()
        if isinstance(said, Ready):
            self._trouble = ""
            self._warmed.set()
            return worker
        self._trouble = said.text if isinstance(said, Failed) else "its process died"
        self._warmed.set()
        worker.kill()
        self._process = None
        if not self._stopping:
            log.error("a worker did not warm up", worker=self._name, error=self._trouble)
        return None

    def _feed(self, worker: _Worker) -> None:
        """Give `worker` jobs until it is lost, worn out, or the pool stops."""
        done = 0
        while not self._stopping and worker.alive():
            try:
                job = self._jobs.get(timeout=0.2)  # so that an idle worker's death is noticed
            except queue.Empty:
                continue
            if job is None:
                return
            if not job.begin(worker.process):
                continue
            self._job = job
            healthy = self._do(worker, job)
            self._job = None
            done += 1
            if not healthy or (self._max_jobs and done >= self._max_jobs):
                return

    def _do(self, worker: _Worker, job: Job[Any]) -> bool:
        """Have `worker` do `job`; return whether it can do another."""
        timer = threading.Timer(job.deadline - time.monotonic(), job.kill)
        timer.daemon = True
        timer.start()
        try:
            if error := worker.send(job.task):
                job.release()
                job.fail(error)
                return worker.alive()
            while isinstance(said := worker.receive(), Progress):
                job.report(said.value)
            # From here on neither the clock nor a cancel may hit the next job.
            job.release()
        finally:
            timer.cancel()
        if isinstance(said, Done):
            job.future.set_result(said.value)
        elif isinstance(said, Failed):
            log.info("a job raised", worker=self._name, error=said.text, trace=said.trace)
            job.fail(said.error or JobFailedError(said.text, job.last))
        else:
            worker.kill()
            job.end(f"(exit code {worker.process.exitcode})")
            if not self._stopping:
                log.warning("a worker was lost", worker=self._name, code=worker.process.exitcode)
        return worker.alive()


class _Worker:
    """A process and our end of the line to it."""

    def __init__(
        self, name: str, warm: Callable[..., object] | None, warm_args: tuple[Any, ...]
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self.process = context.Process(
            target=serve, args=(theirs, os.getpid(), warm, warm_args), name=name, daemon=True
        )
        self.process.start()
        theirs.close()

    def alive(self) -> bool:
        return self.process.is_alive()

    def send(self, task: Task) -> Exception | None:
        """Hand over `task`; return why not where it cannot be pickled."""
        try:
            self._line.send(task)
        except OSError:
            return None  # it is dead: `receive` will say so
        except Exception as error:  # noqa: BLE001 - whatever its reduce does is the submitter's
            return error
        return None

    def receive(self) -> object:
        """Return its next message; `None` once it is dead and everything it said was read."""
        wait([self._line, self.process.sentinel])
        try:
            return self._line.recv() if self._line.poll() else None
        except (EOFError, OSError):
            return None

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self._line.close()
