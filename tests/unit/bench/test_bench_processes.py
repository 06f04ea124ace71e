"""CPU seconds from the kernel's own words."""

from __future__ import annotations

import os
import time

from tests.bench.processes import OURSELVES, PROC, Meter, Process, parse_stat, with_descendants

STAT = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 0 0 100 50 20 10 20 0 4 0 12345 1 2 3"


def test_reads_id_parent_and_time_though_the_name_holds_brackets() -> None:
    assert parse_stat(STAT, ticks_per_s=100) == Process(pid=42, parent=7, cpu_s=1.8)


def test_descendants_are_found_at_every_depth_and_strangers_are_not() -> None:
    among = {p.pid: p for p in (Process(*x, 1.0) for x in [(1, 0), (2, 1), (3, 2), (4, 9)])}

    assert {process.pid for process in with_descendants(1, among)} == {1, 2, 3}
    assert with_descendants(99, among) == []


def test_a_meter_counts_what_is_spent_after_it_was_made() -> None:
    seen = {"here"} if (PROC / "self" / "stat").exists() else set()
    meter = Meter(lambda: {"here": [os.getpid()], "nobody": [-1]})
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass

    spent = meter.spent_s()

    assert set(spent) == seen | {OURSELVES}
    assert all(cpu_s >= 0.05 for cpu_s in spent.values())
