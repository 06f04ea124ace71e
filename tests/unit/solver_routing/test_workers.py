"""Searches in processes of their own: streamed, supervised, never left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

from solver.routing.engines.base import Budget
from solver.routing.plan import Tour
from solver.routing.problem import Depot, Location, Problem
from solver.routing.workers import Job, search_in_workers

if TYPE_CHECKING:
    from pathlib import Path

    from solver.routing.engines.base import Tours


def test_streams_improvements(plain_problem: Problem) -> None:
    found: list[Tours] = []
    budget = Budget(time.monotonic() + 120, stop=lambda: len(found) > 1)

    search_in_workers(
        Job(plain_problem, "pyvrp", ()), budget, [1, 2], lambda tours, _: found.append(tours)
    )

    assert all(isinstance(tour, Tour) for tours in found for tour in tours)
    assert multiprocessing.active_children() == []


def test_says_which_search_found_each_improvement(plain_problem: Problem) -> None:
    seeds: set[int] = set()
    budget = Budget(time.monotonic() + 120, stop=lambda: len(seeds) > 1)

    search_in_workers(
        Job(plain_problem, "pyvrp", ()), budget, [7, 8], lambda _, seed: seeds.add(seed)
    )

    assert seeds == {7, 8}


def test_is_sound_when_every_worker_ends_by_itself() -> None:
    nothing = Problem([Location()], [Depot(0)], [], [])
    job = Job(nothing, "ortools", ())

    sound = search_in_workers(job, Budget(time.monotonic() + 120), [1, 2], lambda tours, seed: None)

    assert sound
    assert multiprocessing.active_children() == []


def test_a_worker_that_dies_degrades_but_does_not_stop_the_others(plain_problem: Problem) -> None:
    found: list[Tours] = []
    victims: list[multiprocessing.process.BaseProcess] = []
    looks: list[None] = []

    def kill_one_once(tours: Tours, _: int) -> None:
        found.append(tours)
        if not victims:
            victims.append(multiprocessing.active_children()[0])
            victims[0].kill()

    def seen_dead() -> bool:
        if victims and not victims[0].is_alive() and len(found) > 1:
            looks.append(None)
        return len(looks) > 5

    budget = Budget(time.monotonic() + 120, stop=seen_dead)
    sound = search_in_workers(Job(plain_problem, "pyvrp", ()), budget, [1, 2, 3], kill_one_once)

    assert not sound
    assert len(found) > 1
    assert multiprocessing.active_children() == []


def test_a_worker_that_hangs_is_killed_after_the_deadline(plain_problem: Problem) -> None:
    budget = Budget(time.monotonic() + 120)
    frozen: list[int] = []

    def freeze_once(tours: Tours, seed: int) -> None:
        del tours, seed
        if not frozen:
            (victim,) = multiprocessing.active_children()
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGSTOP)
            frozen.append(victim.pid)
            object.__setattr__(budget, "deadline_s", time.monotonic())  # the deadline has come

    sound = search_in_workers(Job(plain_problem, "pyvrp", ()), budget, [1], freeze_once)

    assert frozen
    assert not sound
    assert multiprocessing.active_children() == []


def test_a_request_to_stop_ends_every_worker(plain_problem: Problem) -> None:
    found: list[Tours] = []
    budget = Budget(time.monotonic() + 3600, stop=lambda: bool(found))

    sound = search_in_workers(
        Job(plain_problem, "pyvrp", ()), budget, [1, 2], lambda tours, _: found.append(tours)
    )

    assert sound
    assert multiprocessing.active_children() == []


PARENT = """
import multiprocessing, os, sys, time
import numpy as np
from solver.routing.problem import Depot, Location, Problem, Profile, Stop, VehicleType
from solver.routing.solve import solve

def report(tours, seed):
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    time.sleep(600)

if __name__ == "__main__":
    from solver.routing.engines.base import Budget
    from solver.routing.workers import Job, search_in_workers
    legs = np.array([[0, 5], [5, 0]])
    problem = Problem(
        [Location()] * 2, [Depot(0)], [VehicleType(1, (9,))], [Profile(legs, legs)], [Stop(1, (3,))]
    )
    job = Job(problem, "pyvrp", ())
    search_in_workers(job, Budget(time.monotonic() + 600), [1, 2], report)
"""


def alive(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be reaped does not."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")


def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]

    parent.kill()
    parent.wait()
    parent.stdout.close()

    assert len(pids) == 2
    for _ in range(100):
        if not any(alive(pid) for pid in pids):
            break
        time.sleep(0.1)
    assert not any(alive(pid) for pid in pids)
