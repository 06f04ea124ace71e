"""Several searches in processes of their own, supervised: none may hang, none may stay behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING

from solver.routing.engines.base import Budget
from solver.routing.engines.registry import load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.context import SpawnProcess

    from solver.routing.engines.base import Tours
    from solver.routing.problem import Problem

    OnFound = Callable[[Tours, int], None]  # the tours, and the seed of the search they are of

DEADLINE_MARGIN_S = 0.4  # a search may need as long to notice that its time is over
POLL_S = 0.1


@dataclass(frozen=True)
class Job:
    """What every worker is given."""

    problem: Problem
    engine: str
    initial: Tours


def search_in_workers(
    job: Job, budget: Budget, seeds: Sequence[int], on_improvement: OnFound
) -> bool:
    """Run one search per seed; return whether all ended as they should.

    Workers are spawned, never forked (the caller may have threads), stream what
    they find, and are killed shortly after the deadline, when `budget.stop`
    asks for it, and when this process dies.
    """
    context = multiprocessing.get_context("spawn")
    running: dict[Connection, SpawnProcess] = {}
    seed_of: dict[Connection, int] = {}
    sound = True
    for seed in seeds:
        here, there = context.Pipe(duplex=False)
        process = context.Process(
            target=_work,
            args=(there, job, budget.deadline_s, seed),
            daemon=True,
        )
        process.start()
        there.close()
        running[here] = process
        seed_of[here] = seed
    started = dict(running)
    try:
        while running and not budget.stop():
            left_s = budget.deadline_s + DEADLINE_MARGIN_S - time.monotonic()
            if left_s <= 0:
                return False
            for ready in wait(list(running), timeout=min(POLL_S, left_s)):
                assert isinstance(ready, Connection)  # noqa: S101  narrows the type of `wait`
                tours = _receive(ready)
                if isinstance(tours, list):
                    on_improvement(tours, seed_of[ready])
                    continue
                sound &= tours is True
                del running[ready]
    finally:
        _end(started)
    return sound


def _receive(connection: Connection) -> Tours | bool:
    """Return tours, True when the worker is done, False when it died."""
    try:
        message: Tours | bool = connection.recv()
    except (EOFError, OSError):
        return False
    return message


def _end(processes: dict[Connection, SpawnProcess]) -> None:
    for process in processes.values():
        process.kill()
    for connection, process in processes.items():
        process.join()
        connection.close()


def _work(connection: Connection, job: Job, deadline_s: float, seed: int) -> None:
    """Search in this process and send every improvement."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    threading.Thread(target=_die_with_parent, daemon=True).start()
    send: Callable[[object], None] = connection.send
    engine = load(job.engine)
    budget = Budget(deadline_s)
    send(list(engine(job.problem, budget, seed, lambda found: send(list(found)), job.initial)))
    send(True)
    connection.close()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
