"""Rows of a CSV file, every value as written."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, NamedTuple

from orderhub_client.sources.text import SourceError, utf8_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

Row = dict[str, str]


class NumberedRow(NamedTuple):
    """A row and the line it ends on."""

    line: int
    values: Row


def read_rows(path: Path, required: Collection[str] = ()) -> Iterator[NumberedRow]:
    """Yield the rows of `path`; the first row names the columns, blank lines are left out.

    Raises
    ------
    SourceError
        When a column of `required` is missing or named twice, a row is not as wide as the
        header, a quote is left open, or the text is not UTF-8.
    """
    reader = csv.reader(utf8_lines(path), strict=True)
    header: list[str] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, required)
        for values in reader:
            if not values:
                continue
            if len(values) != len(header):
                raise SourceError(
                    path, f"{len(values)} values for {len(header)} columns", reader.line_num
                )
            yield NumberedRow(reader.line_num, dict(zip(header, values, strict=True)))
    except csv.Error as error:
        raise SourceError(path, f"not readable as CSV: {error}", reader.line_num) from None


def _check_header(path: Path, header: list[str], required: Collection[str]) -> None:
    if not header:
        raise SourceError(path, "is empty; its first line must name the columns")
    missing = [name for name in required if name not in header]
    if missing:
        raise SourceError(path, f"has no column {missing[0]!r}; it has {', '.join(header)}", 1)
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise SourceError(path, f"names the column {twice[0]!r} twice", 1)
