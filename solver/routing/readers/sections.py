"""VRPLIB's outer form: `KEY : value` lines, then sections of rows.

The `vrplib` package reads the same form, but drops line and node numbers, and
both are wanted here: for errors, and for answers in the file's own numbers.

Reference: TSPLIB 95, http://comopt.ifi.uni-heidelberg.de/software/TSPLIB95/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from solver.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solver.routing.readers.text import Line


@dataclass(frozen=True)
class Sections:
    """A VRPLIB file taken apart.

    Attributes
    ----------
    values
        Specifications by key in capitals: their line and value.
    rows
        Lines of each section by its name without `_SECTION`.
    heads
        The line at which each section begins.
    """

    path: str
    values: dict[str, tuple[Line, str]] = field(default_factory=dict)
    rows: dict[str, list[Line]] = field(default_factory=dict)
    heads: dict[str, Line] = field(default_factory=dict)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a specification's value without quotes."""
        if key not in self.values:
            if default is None:
                raise InputFileError(self.path, "is missing", field=key)
            return default
        return self.values[key][1].strip().strip('"').strip()

    def whole(self, key: str, least: int = 0) -> int:
        """Return a specification that must be a whole number."""
        word = self.text(key)
        return self.values[key][0].whole_in(word, key, least)

    def number(self, key: str) -> float:
        """Return a specification that must be a number of at least 0."""
        word = self.text(key)
        line = self.values[key][0]
        value = line.number_in(word, key)
        if value < 0:
            raise line.error(f"{word} is less than 0", key)
        return value

    def table(self, name: str, width: int) -> dict[int, tuple[Line, list[float]]]:
        """Return a section's rows by the number in their first column.

        Parameters
        ----------
        width
            Columns after the first.
        """
        table: dict[int, tuple[Line, list[float]]] = {}
        for line in self.rows[name]:
            words = line.words
            if len(words) != width + 1:
                raise line.error(f"has {len(words)} columns, expected {width + 1}", name)
            number = line.whole_in(words[0], name, least=1)
            if number in table:
                raise line.error(f"number {number} appears twice", name)
            table[number] = (line, [line.number_in(word, name) for word in words[1:]])
        return table

    def error(self, name: str, message: str) -> InputFileError:
        """Return a refusal that points at a section's head, or at the file."""
        if name in self.heads:
            return self.heads[name].error(message, f"{name}_SECTION")
        return InputFileError(self.path, message, field=f"{name}_SECTION")


def split_sections(lines: Sequence[Line]) -> Sections:
    """Return `lines` taken apart, up to `EOF`.

    Raises
    ------
    InputFileError
        At a line that is neither, or a key or section given twice.
    """
    sections = Sections(lines[0].path)
    current: list[Line] | None = None
    for line in lines:
        word = line.words[0].rstrip(":").upper()
        if word == "EOF":
            break
        if word.endswith("_SECTION"):
            name = word.removesuffix("_SECTION")
            if name in sections.rows or name in sections.values:
                raise line.error("is given twice", word)
            current = sections.rows[name] = []
            sections.heads[name] = line
        elif ":" in line.text:
            key, _, value = line.text.partition(":")
            key = key.strip().upper()
            if key in sections.values or key in sections.rows:
                raise line.error("is given twice", key)
            sections.values[key] = (line, value)
            current = None
        elif current is None:
            raise line.error("is neither `KEY : value` nor inside a section")
        else:
            current.append(line)
    return sections
