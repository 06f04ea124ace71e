"""Dividing money so that the parts sum to the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solver.errors import InvalidProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence


def apportion(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to weights, to the last minor unit.

    Largest remainder (Hamilton): every part gets its share rounded down, the
    units left go one each to the largest remainders. Among equal remainders
    the larger weight wins; parts equal in both differ by at most one unit, and
    the set of amounts given does not depend on the order of the weights.

    Parameters
    ----------
    total_minor
        Minor units; a negative amount (a credit) is divided like its
        opposite.
    weights
        At least 0; all equal when they sum to 0.

    Returns
    -------
    list of int
        One part per weight, in their order, summing to `total_minor`; parts
        of weight 0 are 0 unless all are.

    Raises
    ------
    InvalidProblemError
        When there are no weights or one is negative.

    Examples
    --------
    >>> apportion(100, [1, 1, 1])
    [34, 33, 33]
    """
    if not weights:
        raise InvalidProblemError("weights", "must not be empty")
    for i, weight in enumerate(weights):
        if weight < 0:
            raise InvalidProblemError(f"weights[{i}]", f"must be at least 0, is {weight}")
    if total_minor < 0:
        return [-part for part in apportion(-total_minor, weights)]
    # Python integers: total times weight may leave 64 bits.
    shares = [int(weight) for weight in weights]
    if not sum(shares):
        shares = [1] * len(shares)
    whole = sum(shares)
    parts, remainders = [], []
    for share in shares:
        part, remainder = divmod(int(total_minor) * share, whole)
        parts.append(part)
        remainders.append(remainder)
    first = sorted(range(len(parts)), key=lambda i: (-remainders[i], -shares[i], i))
    for i in first[: int(total_minor) - sum(parts)]:
        parts[i] += 1
    return parts
