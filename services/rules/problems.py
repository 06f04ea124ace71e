"""What is wrong with a rule file, and exactly where."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_PROBLEMS = 200  # a broken file says enough with these; a hostile one must not fill memory


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file of the rulebook; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that must be mended before the rulebook can be used."""

    at: Position
    message: str

    def __str__(self) -> str:
        return f"{self.at.file}:{self.at.line}:{self.at.column}: {self.message}"


@dataclass(slots=True)
class Problems:
    """Collects problems, so that a check reports all of them and not the first only."""

    found: list[Problem] = field(default_factory=list)

    def add(self, at: Position, message: str) -> None:
        """Note one problem; beyond `MOST_PROBLEMS` they are counted no more."""
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(Problem(at, message))

    def sorted(self) -> tuple[Problem, ...]:
        """Return the problems by file, line and column, each once."""
        return tuple(sorted(set(self.found)))


class RulebookError(ValueError):
    """The rulebook cannot be used; `problems` says why, with positions."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems[:5]))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean "x"?`` for the nearest of `known`, or nothing."""
    near = difflib.get_close_matches(word[:80], list(known), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""
