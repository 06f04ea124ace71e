"""Keeps one rule worker alive, and finds the order that kills it."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import time
from multiprocessing.sharedctypes import RawValue
from typing import TYPE_CHECKING

from services.rules.worker import Job, Outcome, serve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from services.rules.program import Program

BATCH_S = 3.0  # a batch of 256 orders takes some 20 ms
START_S = 30.0
MOST_CRASHES = 12  # of one batch; then what is left of it goes to review
BUDGET_S = 12.0  # for one batch with all its crashes and hangs; callers wait some 20 s
IDLE = -1  # progress of a worker that has not begun an order

_SPAWN = multiprocessing.get_context("spawn")


class WorkerDiedError(RuntimeError):
    """The worker crashed, hung past its deadline or would not start."""


class Supervisor:
    """One worker process with one program in it.

    Thread-safe: batches are judged one after the other. A new rulebook gets a new supervisor, since
    the engine leaks what it has once loaded.
    """

    def __init__(
        self, program: Program, *, batch_s: float = BATCH_S, start_s: float = START_S
    ) -> None:
        self.program = program
        self.restarts = 0
        self._batch_s = batch_s
        self._start_s = start_s
        self._lock = threading.Lock()
        self._progress = RawValue("i", 0)
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """The worker's process id, None while there is none."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the worker and load the program; raise `WorkerDiedError` when it cannot."""
        with self._lock:
            self._start()

    def stop(self) -> None:
        """End the worker for good."""
        with self._lock:
            self._stopped = True
            self._kill()

    def judge(self, jobs: Sequence[Job]) -> list[Outcome | None]:
        """Return the outcome of each job, None for one that the engine failed on.

        When the worker dies, the order it was at is set aside and the others are judged again by a
        new one. One that dies before any order (killed while idle) costs none.
        """
        outcomes: list[Outcome | None] = [None] * len(jobs)
        left = list(range(len(jobs)))
        with self._lock:
            give_up = time.monotonic() + BUDGET_S
            for _ in range(MOST_CRASHES):
                if not left or self._stopped or time.monotonic() > give_up:
                    break
                try:
                    for index, outcome in zip(
                        left, self._ask([jobs[i] for i in left]), strict=True
                    ):
                        outcomes[index] = outcome
                    break
                except WorkerDiedError:
                    self._kill()
                    if 0 <= self._progress.value < len(left):
                        del left[self._progress.value]
        return outcomes

    def _ask(self, jobs: list[Job]) -> list[Outcome]:
        self._progress.value = IDLE
        if self._process is None or not self._process.is_alive():
            self.restarts += 1
            self._kill()
            self._start()
        pipe = self._pipe
        assert pipe is not None  # noqa: S101  # _start has set it
        try:
            pipe.send_bytes(pickle.dumps(jobs, pickle.HIGHEST_PROTOCOL))
            if not pipe.poll(self._batch_s):
                raise WorkerDiedError("the rule worker hung")
            outcomes: list[Outcome] = pickle.loads(pipe.recv_bytes())  # noqa: S301  # our own child
        except (EOFError, OSError) as error:
            raise WorkerDiedError("the rule worker crashed") from error
        return outcomes

    def _start(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(
            target=serve,
            args=(theirs, self._progress, self._batch_s),
            name="rule-worker",
            daemon=True,
        )
        process.start()
        theirs.close()
        self._process = process
        try:
            self._pipe.send_bytes(pickle.dumps(self.program, pickle.HIGHEST_PROTOCOL))
            if not self._pipe.poll(self._start_s):
                raise WorkerDiedError("the rule worker did not start in time")
            self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            self._kill()
            raise WorkerDiedError("the rule worker crashed while loading its rules") from error
        except WorkerDiedError:
            self._kill()
            raise

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
