"""What every routing engine offers, and what it is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from solver.routing.plan import Tour

if TYPE_CHECKING:
    from solver.routing.problem import Problem

Tours: TypeAlias = Sequence[Tour]
OnImprovement: TypeAlias = Callable[[Tours], None]
"""Called with the tours of each improvement; they need not be complete."""


def never() -> bool:
    """Return False: nobody asks the search to stop."""
    return False


@dataclass(frozen=True)
class Budget:
    """When a search must end.

    Attributes
    ----------
    deadline_s
        On the clock of `time.monotonic`, which all processes of a machine share.
    stop
        Asked often; True ends the search at once.
    """

    deadline_s: float
    stop: Callable[[], bool] = never

    @property
    def left_s(self) -> float:
        """Return the seconds left, at least 0."""
        return max(0.0, self.deadline_s - time.monotonic())

    @property
    def over(self) -> bool:
        """Return whether the search must end now."""
        return time.monotonic() >= self.deadline_s or self.stop()


class Engine(Protocol):
    """A search for good routes."""

    def __call__(
        self,
        problem: Problem,
        budget: Budget,
        seed: int,
        on_improvement: OnImprovement,
        initial: Tours,
    ) -> Tours:
        """Return the best tours found; they may leave visits out.

        Parameters
        ----------
        problem
            Each of its visits can be served by some vehicle on its own.
        initial
            Tours to start from; they may leave visits out.
        """
        ...
