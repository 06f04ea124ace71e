"""Rows of a table brought together, with only open groups in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orderhub_client.sources.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from orderhub_client.sources.tables import Row


class Group(NamedTuple):
    """The rows of one key, in file order."""

    line: int  # the first row's
    key: str
    rows: list[Row]


def grouped(path: Path, key_of: Callable[[Row], str], required: Collection[str]) -> Iterator[Group]:
    """Yield each group once its last row was read; rows of a group need not stand together.

    The file is read twice: first for where each group ends, then for the rows.
    """
    last = {key_of(row): line for line, row in read_rows(path, required)}
    open_groups: dict[str, Group] = {}
    for line, row in read_rows(path, required):
        key = key_of(row)
        group = open_groups.setdefault(key, Group(line, key, []))
        group.rows.append(row)
        if line == last.get(key):
            yield open_groups.pop(key)
