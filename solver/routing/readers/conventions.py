"""How a benchmark turns coordinates and decimals into integers."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.routing.problem import IntArray


@unique
class Distance(StrEnum):
    """A convention; values of two different ones are never comparable.

    Attributes
    ----------
    DIMACS
        Ten times the value, truncated; costs are reported divided by ten.
    ROUND
        To the nearest integer.
    EXACT
        A thousand times the value, to the nearest integer; costs are reported so.
    NONE
        Values are integers already and stay as they are.
    """

    DIMACS = "dimacs"
    ROUND = "round"
    EXACT = "exact"
    NONE = "none"

    @property
    def scale(self) -> int:
        """Return the integer units that stand for one unit of the file."""
        return {"dimacs": 10, "exact": 1000}.get(self.value, 1)

    def integers(self, values: NDArray[np.float64]) -> IntArray:
        """Return `values` (any shape) as integers of this convention.

        Examples
        --------
        >>> Distance.DIMACS.integers(np.array([2.449])).tolist()
        [24]
        """
        if self is Distance.DIMACS:
            return np.trunc(self.scale * values).astype(np.int64)
        return np.rint(self.scale * values).astype(np.int64)

    def integer(self, value: float) -> int:
        """Return one value as an integer of this convention."""
        return int(self.integers(np.array([value], dtype=np.float64))[0])

    def reported(self, cost: int) -> int | float:
        """Return `cost` as the benchmark's tables print it.

        Examples
        --------
        >>> Distance.DIMACS.reported(9715)
        971.5
        """
        return cost / 10 if self is Distance.DIMACS else cost


def euclidean(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distances between `points`, shape `(n, 2)`, as `(n, n)`.

    Differences first: expanding the square loses the digits that decide a
    truncation.
    """
    delta = points[:, None, :] - points[None, :, :]  # (n, n, 2)
    distances: NDArray[np.float64] = np.sqrt((delta * delta).sum(axis=-1))
    return distances
