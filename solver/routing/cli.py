"""`python -m solver routes FILE`: plan the routes of a benchmark file."""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from solver.errors import InputFileError
from solver.routing.readers import read_instance
from solver.routing.readers.conventions import Distance
from solver.routing.report import summary, table
from solver.routing.solve import solve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from solver.routing.plan import Plan

LEAST_BUDGET_S = 0.2
FINISH_S = 0.2  # kept back to write the answer and to leave
SOLVED, NO_FEASIBLE_PLAN = 0, 1

EPILOG = """\
formats: Solomon text, VRPLIB (CVRP, VRPTW, MDVRPTW, explicit matrices), Li & Lim

distance conventions (default: the one behind the format's published costs)
  dimacs  ten times the length, truncated; cost printed with one decimal
  round   nearest integer
  exact   a thousand times the length, nearest integer; cost printed so

exit codes: 0 every stop is planned, 1 no feasible plan, 2 bad input

examples
  python -m solver routes R104.txt --time-limit 10 --json
  python -m solver routes X-n200-k36.vrp --engine ortools --out answer.json
  python -m solver routes lc101.txt --workers 2 --trace trace.txt
"""
DEFAULT_WORKERS = min(2, os.cpu_count() or 1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = EPILOG
    parser.add_argument("file", metavar="FILE", help="the problem")
    parser.add_argument(
        "--time-limit",
        type=_seconds,
        default=10.0,
        metavar="S",
        help="wall seconds for everything (default: 10)",
    )
    parser.add_argument(
        "--seed", type=_natural, default=1, metavar="N", help="random seed (default: 1)"
    )
    parser.add_argument("--engine", choices=("auto", "pyvrp", "ortools"), default="auto")
    parser.add_argument(
        "--workers",
        type=_positive,
        default=DEFAULT_WORKERS,
        metavar="N",
        help="searches at once, each with its own seed (default: 2, or 1 on a single core)",
    )
    parser.add_argument(
        "--distance",
        choices=[Distance.DIMACS.value, Distance.ROUND.value, Distance.EXACT.value],
        help="how lengths become integers, see below",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="ANSWER.json",
        help='write {"routes": [{"depot": N, "stops": [N, ...]}]} in the file\'s node numbers',
    )
    parser.add_argument(
        "--trace", type=Path, metavar="FILE", help="write `seconds cost` at each improvement"
    )


def run(options: argparse.Namespace) -> int:
    """Read, solve, print; return the exit code."""
    convention = None if options.distance is None else Distance(options.distance)
    instance = read_instance(options.file, convention)
    left_s = options.time_limit - _running_s() - FINISH_S
    with _interruptible() as interrupted:
        plan = solve(
            instance.problem,
            budget_s=max(LEAST_BUDGET_S, left_s),
            seed=options.seed,
            engine=options.engine,
            workers=options.workers,
            stop=lambda: bool(interrupted),
        )
    reported = instance.distance.reported
    if options.out is not None:
        _write(options.out, json.dumps(instance.answer(plan)) + "\n")
    if options.trace is not None:
        lines = [f"{seconds:.3f} {reported(cost)}\n" for seconds, cost in plan.trace]
        _write(options.trace, "".join(lines))
    if options.json:
        sys.stdout.write(json.dumps(summary(instance, plan)) + "\n")
    else:
        sys.stdout.write(table(instance, plan) + "\n")
    return exit_code(plan)


def exit_code(plan: Plan) -> int:
    """Return 0 when every required visit is served, else 1."""
    return SOLVED if plan.complete else NO_FEASIBLE_PLAN


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Collect the signals that ask for an end, so that the best plan so far is still printed."""
    interrupted: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        del frame
        interrupted.append(number)

    before = {n: signal.signal(n, interrupt) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _running_s() -> float:
    """Return how long this process has been running: imports count in its time limit too."""
    try:
        started = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19]
        boot_s = time.clock_gettime(time.CLOCK_BOOTTIME)
        return boot_s - int(started) / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError):  # not Linux
        return time.process_time()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputFileError(str(path), f"cannot be written: {error.strerror}") from None


def _seconds(word: str) -> float:
    value = float(word)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{word} is not a time above 0")
    return value


def _natural(word: str) -> int:
    value = int(word)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{word} is not between 0 and 2**32 - 1")
    return value


def _positive(word: str) -> int:
    value = int(word)
    if not 1 <= value <= 64:
        raise argparse.ArgumentTypeError(f"{word} is not between 1 and 64")
    return value
