"""The arithmetic of measurements: percentiles, rates, ratios, gaps."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: the least value that `share` of all do not exceed.

    No value is made up by interpolation, so a p99 of few measurements is one that happened.

    Raises
    ------
    ValueError
        Without values, or for a share outside 0 to 1.
    """
    if not values:
        raise ValueError("no values")
    if not 0 <= share <= 1:
        raise ValueError(f"a share is between 0 and 1, not {share}")
    rank = max(1, math.ceil(share * len(values)))
    return sorted(values)[rank - 1]


@dataclass(frozen=True, slots=True)
class Spread:
    """Repeated measurements of one thing."""

    least: float
    median: float
    most: float
    count: int


def spread(values: Sequence[float]) -> Spread:
    """Return least, median and most of `values`."""
    if not values:
        raise ValueError("no values")
    return Spread(min(values), statistics.median(values), max(values), len(values))


def rate(count: int, seconds: float) -> float | None:
    """Return `count` per second; `None` where no time went by."""
    return count / seconds if seconds > 0 else None


def ratio(ours: float | None, theirs: float | None) -> float | None:
    """Return how many times `theirs` goes into `ours`; `None` where it says nothing."""
    return ours / theirs if ours is not None and theirs else None


def gap(cost: float, reference: float) -> float | None:
    """Return how far `cost` is above `reference`, as a share of `reference`."""
    return (cost - reference) / reference if reference else None
