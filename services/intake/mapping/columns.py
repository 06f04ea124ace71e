"""Columns of a table by any of their spellings: 订单号, Order ID and order_id are one."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.intake.mapping.section import Section

if TYPE_CHECKING:
    from services.intake.mapping.problems import Problems
    from services.intake.mapping.yamltree import Tree

MOST_HEADERS = 200  # distinct headers whose translation is remembered


@dataclass(frozen=True, slots=True)
class Columns:
    """Spellings of columns, compared without case, spaces, width, `_` and `-`."""

    names: dict[str, tuple[str, int]]  # folded spelling → (column, its rank)
    _known: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)

    def translated(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return `row` by the mapping's own column names; other columns are left out."""
        headers = self.headers_of(row)
        return {column: row[header] for column, header in headers.items()}

    def headers_of(self, row: dict[str, Any]) -> dict[str, str]:
        """Return column → header as the row has it; of two spellings the first listed counts."""
        key = tuple(row)
        known = self._known.get(key)
        if known is None:
            best: dict[str, tuple[int, str]] = {}
            for header in row:
                found = self.names.get(fold(header))
                if found is not None:
                    column, rank = found
                    best[column] = min(best.get(column, (rank, header)), (rank, header))
            if len(self._known) >= MOST_HEADERS:
                self._known.clear()
            known = self._known[key] = {column: header for column, (_, header) in best.items()}
        return known


def fold(header: str) -> str:
    """Return `header` as spellings are compared."""
    wide = unicodedata.normalize("NFKC", header).casefold()
    return "".join(char for char in wide if not char.isspace() and char not in "_-*:")


def compile_columns(tree: Tree, problems: Problems) -> Columns:
    """Return the columns at `tree`: name → its other spellings."""
    section = Section(tree, problems, '"columns"')
    names: dict[str, tuple[str, int]] = {}
    for column, mark in section.marks():
        for rank, spelling in enumerate([column, *section.texts(column)]):
            taken = names.get(fold(spelling))
            if taken is not None and taken[0] != column:
                problems.add(mark, f'"{spelling}" is a spelling of "{taken[0]}" already')
            names.setdefault(fold(spelling), (column, rank))
    return Columns(names)
