"""What a measurement was made on, so that it can be judged and repeated."""

from __future__ import annotations

import os
import platform
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGES = (
    "grpcio",
    "protobuf",
    "sqlalchemy",
    "dbos",
    "durable-rules",
    "numpy",
    "numba",
    "ortools",
    "pyvrp",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, now."""

    cores: int
    memory_gib: float | None
    processor: str
    system: str
    python: str
    load: tuple[float, float, float]
    at: datetime

    @property
    def busy(self) -> bool:
        """Whether others take more than a tenth of the machine."""
        return self.load[0] > 0.1 * self.cores


def this_machine() -> Machine:
    """Return what this machine is and how loaded it is."""
    return Machine(
        cores=usable_cores(),
        memory_gib=_memory_gib(),
        processor=_processor(),
        system=f"{platform.system()} {platform.release().split('-')[0]}",
        python=platform.python_version(),
        load=os.getloadavg(),
        at=datetime.now(UTC),
    )


def usable_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


def heading(machine: Machine, arguments: Sequence[str]) -> list[str]:
    """Return the lines every run begins with."""
    memory = "" if machine.memory_gib is None else f", {machine.memory_gib:.0f} GiB"
    load = " ".join(f"{value:.2f}" for value in machine.load)
    lines = [
        f"command   {shlex.join(['python', '-m', 'tests.bench', *arguments])}",
        f"date      {machine.at:%Y-%m-%d %H:%M} UTC",
        f"machine   {machine.cores} cores ({machine.processor}){memory}, {machine.system}",
        f"load      {load} (1, 5, 15 minutes) when it began",
        f"python    {machine.python}",
        f"packages  {', '.join(f'{name} {version(name)}' for name in PACKAGES)}",
    ]
    if machine.busy:
        lines.append("NOTE      the machine is busy with other work; rates are lower bounds")
    return lines


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gib() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError):
        return None
