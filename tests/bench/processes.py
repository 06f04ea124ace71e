"""CPU seconds of running processes, read from /proc; empty where there is none."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Roots = Callable[[], Mapping[str, Sequence[int]]]

PROC = Path("/proc")
OURSELVES = "load generator"


@dataclass(frozen=True, slots=True)
class Process:
    """One process; `cpu_s` includes children that have ended and were waited for."""

    pid: int
    parent: int
    cpu_s: float


def processes(proc: Path = PROC) -> dict[int, Process]:
    """Return every process that can be seen, by id."""
    found = {}
    for folder in proc.glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        process = parse_stat(stat)
        found[process.pid] = process
    return found


def parse_stat(stat: str, ticks_per_s: int | None = None) -> Process:
    """Return the process in one line of /proc/PID/stat; its name may hold anything."""
    before, _, after = stat.rpartition(")")
    fields = after.split()
    ticks = sum(int(value) for value in fields[11:15])  # utime stime cutime cstime
    per_s = ticks_per_s or os.sysconf("SC_CLK_TCK")
    return Process(int(before.split()[0]), int(fields[1]), ticks / per_s)


def with_descendants(root: int, among: Mapping[int, Process]) -> list[Process]:
    """Return `root` and all that descend from it; nothing where `root` is not seen."""
    children: dict[int, list[Process]] = {}
    for process in among.values():
        children.setdefault(process.parent, []).append(process)
    found = []
    waiting = [among[root]] if root in among else []
    while waiting:
        process = waiting.pop()
        found.append(process)
        waiting += children.get(process.pid, [])
    return found


class Meter:
    """CPU seconds of named process trees since it was made.

    Parameters
    ----------
    roots
        Asked now and at the end for process ids by name; their descendants count with them, and
        one that came meanwhile counts from its birth.
    """

    def __init__(self, roots: Roots) -> None:
        self._roots = roots
        self._before = self._now()
        self._own_s = time.process_time()

    def spent_s(self) -> dict[str, float]:
        """Return CPU seconds by name, this process's own as `load generator`."""
        own_s = time.process_time() - self._own_s
        spent = {
            name: sum(
                cpu_s - self._before.get(name, {}).get(pid, 0.0) for pid, cpu_s in now.items()
            )
            for name, now in self._now().items()
            if now
        }
        return spent | {OURSELVES: own_s}

    def _now(self) -> dict[str, dict[int, float]]:
        among = processes()
        return {
            name: {
                process.pid: process.cpu_s
                for pid in pids
                for process in with_descendants(pid, among)
            }
            for name, pids in self._roots().items()
        }
