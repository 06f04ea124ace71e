"""What is wrong with a mapping file, and exactly where."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_PROBLEMS = 100  # beyond these a file is broken as a whole


class Mark(NamedTuple):
    """A place in a file; line and column count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend before the mapping can serve; line and column count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(slots=True)
class Problems:
    """Collects what is wrong with one file, so that a check says all of it at once."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def add(self, mark: Mark, message: str) -> None:
        """Note a problem; beyond `MOST_PROBLEMS` no more are kept."""
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(Problem(self.file, mark.line, mark.column, message))

    def sorted(self) -> list[Problem]:
        """Return the problems by place, each once."""
        return sorted(set(self.found))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean "x"?`` for the nearest of `known`, else nothing."""
    near = difflib.get_close_matches(word[:80], list(known), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""
