"""Checks a rulebook offline: every problem with its place, then the rules' own tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.rules.loading import load
from services.rules.problems import Position, Problem, RulebookError
from services.rules.supervisor import WorkerDiedError
from services.rules.testing import TestResult, run_tests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.rules.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found; `rulebook` is None when there are problems."""

    rulebook: Rulebook | None
    problems: tuple[Problem, ...]
    tests: tuple[TestResult, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """A sentence for each failed test."""
        return tuple(test.failure for test in self.tests if test.failure)

    @property
    def sound(self) -> bool:
        """Whether the rulebook may be activated."""
        return not self.problems and not self.failures


def check_files(files: Mapping[str, bytes], *, tests: bool = True) -> Checked:
    """Return everything that is wrong with `files` as a rulebook; never raises for content."""
    try:
        rulebook = load(files)
    except RulebookError as error:
        return Checked(None, error.problems)
    if not tests:
        return Checked(rulebook, ())
    try:
        return Checked(rulebook, (), run_tests(rulebook))
    except WorkerDiedError as error:
        return Checked(None, (Problem(Position("orders"), str(error)),))
