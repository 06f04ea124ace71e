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


def console() -> Console:
    """Return the console of stdout as it is now."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        right = name.startswith(RIGHT)
        table.add_column(
            name.removeprefix(RIGHT), justify="right" if right else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    if table.row_count:
        console().print(table)
    else:
        print_line(empty, "dim")


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print names and values below each other; empty values are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for name, value in facts:
        if value not in (None, ""):
            grid.add_row(name, escape(str(value)))
    console().print(grid)
