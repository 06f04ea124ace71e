"""Tables of figures, for a terminal and for Markdown."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

NOTHING = "–"


@dataclass
class Table:
    """A titled table; cells are texts.

    Attributes
    ----------
    columns
        A heading that begins with `>` stands over figures, aligned right.
    notes
        Sentences printed below.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row; raise `ValueError` when it does not fit the columns."""
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} cells for {len(self.columns)} columns")
        self.rows.append(cells)

    def markdown(self) -> str:
        """Return the table in Markdown."""
        rule = ["---:" if heading.startswith(">") else "---" for heading in self.columns]
        lines = [_piped(map(_plain, self.columns)), _piped(rule), *map(_piped, self.rows)]
        notes = "".join(f"\n{note}\n" for note in self.notes)
        return f"### {self.title}\n\n" + "\n".join(lines) + "\n" + notes

    def text(self) -> str:
        """Return the table for a terminal."""
        headings = [_plain(heading) for heading in self.columns]
        widths = [max(map(_width, column)) for column in zip(headings, *self.rows, strict=True)]
        right = [heading.startswith(">") for heading in self.columns]
        lines = [
            "  ".join(_padded(*cell) for cell in zip(row, widths, right, strict=True)).rstrip()
            for row in (headings, ["-" * width for width in widths], *self.rows)
        ]
        notes = "".join(f"{note}\n" for note in self.notes)
        return f"{self.title}\n\n" + "\n".join(lines) + "\n" + notes


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Return `value` for people; a dash where there is none."""
    return NOTHING if value is None else f"{value:,.{digits}f}{unit}"


def per_cent(share: float | None, digits: int = 2) -> str:
    """Return a share in per cent."""
    return NOTHING if share is None else f"{100 * share:.{digits}f} %"


def milliseconds(seconds: float | None, digits: int = 1) -> str:
    """Return seconds in milliseconds."""
    return NOTHING if seconds is None else f"{1000 * seconds:,.{digits}f} ms"


def times(factor: float | None) -> str:
    """Return a ratio as `1.8×`."""
    return NOTHING if factor is None else f"{factor:,.2f}×"


def _plain(heading: str) -> str:
    return heading.removeprefix(">")


def _piped(cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"  # type: ignore[attr-defined]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
