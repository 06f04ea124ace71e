"""What commands print: tables for people, one JSON value for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RIGHT = ">"  # a column's name that begins with it is aligned right
NO_TERMINAL_WIDTH = 500  # in a pipe or a file nothing is folded
LONGEST_WORD = 36  # ids and times up to it are not folded


def console() -> Console:
    """Return the console of stdout as it is now."""
    width = None if sys.stdout.isatty() else NO_TERMINAL_WIDTH
    return Console(file=sys.stdout, highlight=False, width=width)


def error_console() -> Console:
    """Return the console of stderr, where progress is shown."""
    return Console(file=sys.stderr, highlight=False)


def print_json(value: Any) -> None:
    """Print `value` as one JSON value."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_line(text: str, style: str = "") -> None:
    """Print a line as it is: brackets in it are no markup."""
    console().print(escape(text), style=style or None)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Print a table, or the sentence `empty` where it has no rows."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        print_line(empty, "dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, column in zip(columns, zip(*cells, strict=True), strict=True):
        right = name.startswith(RIGHT)
        table.add_column(
            name.removeprefix(RIGHT),
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=right or all(_is_word(cell) for cell in column),
        )
    for row in cells:
        table.add_row(*map(escape, row))
    _print(table)


def _print(renderable: Table) -> None:
    """Print without the blanks that fill the last column."""
    there = console()
    with there.capture() as captured:
        there.print(renderable)
    for line in captured.get().splitlines():
        sys.stdout.write(f"{line.rstrip()}\n")


def _is_word(cell: str) -> bool:
    return len(cell) <= LONGEST_WORD and cell.count(" ") <= 1 and "\n" not in cell


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print names and values below each other; empty values are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for name, value in facts:
        if value not in (None, ""):
            grid.add_row(name, escape(str(value)))
    _print(grid)
