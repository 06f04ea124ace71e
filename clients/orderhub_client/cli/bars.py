"""Progress bars of a run, on stderr and only for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from orderhub_client.cli.output import error_console

if TYPE_CHECKING:
    from rich.progress import TaskID

STAGES = {
    "hub": "Starting a hub; the first start on a machine compiles for half a minute",
    "scenario": "Building the scenario",
    "orders": "Taking orders in",
    "routes": "Planning routes",
}


class Bars:
    """A bar for payloads submitted, one for orders at rest, one for plans ready."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=error_console(),
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def stage(self, text: str) -> None:
        """Say what is being done now."""
        if not self._progress.disable:
            self._progress.console.print(STAGES[text])

    def submitted(self, done: int, total: int | None) -> None:
        """Move the bar of payloads."""
        self._move("submitted", done, total)

    def at_rest(self, done: int, total: int) -> None:
        """Move the bar of orders."""
        self._move("at rest", done, total)

    def planned(self, done: int, total: int) -> None:
        """Move the bar of plans."""
        self._move("plans", done, total)

    def _move(self, name: str, done: int, total: int | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(self._tasks[name], completed=done, total=total)
