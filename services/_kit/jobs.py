"""One job of the worker pool, seen by whoever submitted it."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from multiprocessing.context import SpawnProcess

    from services._kit.worker import Task

T = TypeVar("T")


class JobEndedError(Exception):
    """A job that gave no answer.

    Attributes
    ----------
    last
        What it reported last, `None` where it reported nothing.
    """

    def __init__(self, message: str, last: Any = None) -> None:
        super().__init__(message)
        self.last = last


class JobTimedOutError(JobEndedError):
    """Its deadline passed; its process was killed."""


class JobCancelledError(JobEndedError):
    """Somebody cancelled it; its process was killed."""


class WorkerLostError(JobEndedError):
    """Its process died under it."""


class JobFailedError(JobEndedError):
    """It raised something that cannot cross between processes; the text says what."""


class Job(Generic[T]):
    """A job on its way.

    Parameters
    ----------
    deadline
        `time.monotonic()` at which its process is killed.
    on_progress
        Called with each reported value, on the pool's thread: keep it short.
    """

    def __init__(
        self, task: Task, deadline: float, on_progress: Callable[[Any], None] | None = None
    ) -> None:
        self.task = task
        self.deadline = deadline
        self.last: Any = None
        self.future: Future[T] = Future()
        self._on_progress = on_progress
        self._listeners: list[Callable[[], None]] = []
        self._reported = 0
        self._process: SpawnProcess | None = None
        self._cancelled = False
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """End it at once; `result` raises JobCancelledError with what it reported last."""
        self._cancelled = True
        self.kill()

    async def result(self) -> T:
        """Return the job's answer.

        A caller that is itself cancelled cancels the job.

        Raises
        ------
        JobTimedOutError, JobCancelledError, WorkerLostError, JobFailedError
            When there is none; `last` holds the last report.
        Exception
            What the job raised, where it can be pickled.
        """
        try:
            return await asyncio.wrap_future(self.future)
        except asyncio.CancelledError:
            self.cancel()
            raise

    def result_sync(self) -> T:
        """Do as `result`, from a thread without a loop."""
        return self.future.result()

    async def progress(self) -> AsyncIterator[Any]:
        """Yield reported values until the job ends; a slow reader sees the newest only."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def tell(*_: object) -> None:
            loop.call_soon_threadsafe(news.set)

        self._listeners.append(tell)
        self.future.add_done_callback(tell)
        seen = 0
        try:
            while True:
                news.clear()
                ended = self.future.done()
                if seen < self._reported:
                    seen = self._reported
                    yield self.last
                elif ended:
                    return
                else:
                    await news.wait()
        finally:
            self._listeners.remove(tell)

    # What follows is the pool's.

    def begin(self, process: SpawnProcess) -> bool:
        """Note who does it; False when nobody wants it any more, and it is settled."""
        if not self.future.set_running_or_notify_cancel():
            return False
        with self._lock:
            wanted = not self._cancelled and time.monotonic() < self.deadline
            if wanted:
                self._process = process
        if not wanted:
            self.end()
        return wanted

    def kill(self) -> None:
        """Kill its process, if it has one of its own at this moment."""
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def report(self, value: Any) -> None:
        """Pass on what the job reported."""
        self.last = value
        self._reported += 1
        if self._on_progress is not None:
            self._on_progress(value)
        for tell in tuple(self._listeners):
            tell()

    def release(self) -> None:
        """Note that its process is no longer its own: cancelling must not kill the next job."""
        with self._lock:
            self._process = None

    def end(self, cause: str = "") -> None:
        """Settle a job that has no answer."""
        if self._cancelled:
            self._settle(JobCancelledError("the job was cancelled", self.last))
        elif time.monotonic() >= self.deadline:
            self._settle(JobTimedOutError("the job's deadline passed", self.last))
        else:
            self._settle(WorkerLostError(f"the worker process was lost {cause}".strip(), self.last))

    def fail(self, error: Exception) -> None:
        """Settle a job that raised."""
        self._settle(error)

    def _settle(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)
