"""The near side of the worker pool: a thread that owns one process and feeds it jobs."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from services._kit import logs
from services._kit.errors import Unavailable
from services._kit.jobs import Job, JobFailedError
from services._kit.reasons import Reason
from services._kit.worker import Done, Failed, Progress, Ready, Task, serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import SpawnProcess

log = logs.logger("kit.pool")

WARM_TIMEOUT_S = 60.0
FIRST_PAUSE_S, MAX_PAUSE_S = 0.1, 5.0
IDLE_LOOK_S = 0.2  # how soon an idle worker's death is noticed


class Keeper:
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
        """Id of its process; `None` while there is none."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Begin; see `wait_ready`."""
        self._thread.start()

    def wait_ready(self) -> None:
        """Block until its first process is warm; raise `Unavailable` where that failed."""
        if not self._warmed.wait(WARM_TIMEOUT_S) or self._trouble:
            raise Unavailable(
                Reason.WORKER_LOST, f"worker {self._name} did not warm up: {self._trouble}"
            )

    def stop(self) -> None:
        """Kill its process and end."""
        self._stopping = True
        job, process = self._job, self._process
        if job is not None:
            job.cancel()
        if process is not None:
            process.kill()

    def join(self) -> None:
        """Block until it has ended."""
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

    def _spawn(self) -> WorkerProcess | None:
        """Return a warm worker; `None` when it did not come up."""
        worker = WorkerProcess(self._name, self._warm, self._warm_args)
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

    def _feed(self, worker: WorkerProcess) -> None:
        """Give `worker` jobs until it is lost, worn out, or the pool stops."""
        done = 0
        while not self._stopping and worker.alive():
            try:
                job = self._jobs.get(timeout=IDLE_LOOK_S)
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

    def _do(self, worker: WorkerProcess, job: Job[Any]) -> bool:
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


class WorkerProcess:
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
        """Return whether it runs."""
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
        """End it, whatever it does, and our end of the line."""
        self.process.kill()
        self.process.join()
        self._line.close()
