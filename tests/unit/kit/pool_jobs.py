"""Jobs for the worker pool's tests; workers import this file by its name."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Report = Callable[[object], None]

warmed_with: list[str] = []


class StrangeError(Exception):
    """Cannot be rebuilt from its arguments, as many cannot."""

    def __init__(self, *, code: int) -> None:
        super().__init__(f"strange {code}")


def warm(word: str) -> None:
    warmed_with.append(word)


def warm_badly() -> None:
    raise ImportError("no such solver")


def warmth(report: Report) -> list[str]:
    return warmed_with


def pid(report: Report) -> int:
    return os.getpid()


def double(report: Report, number: int) -> int:
    return 2 * number


def refuse(report: Report) -> None:
    raise ValueError("three stops are missing")


def refuse_strangely(report: Report) -> None:
    raise StrangeError(code=7)


def improve(report: Report, steps: int) -> int:
    for cost in range(steps, 0, -1):
        report(cost)
    return 0


def improve_and_hang(report: Report) -> None:
    report(30)
    report(20)
    while True:
        time.sleep(60)


def die(report: Report) -> None:
    report("last words")
    os.kill(os.getpid(), signal.SIGKILL)


def freeze(report: Report) -> None:
    report("frozen")
    os.kill(os.getpid(), signal.SIGSTOP)
