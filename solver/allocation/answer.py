"""What an allocation is, and what it claims."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solver.allocation.arrays import Prices
    from solver.allocation.problem import IntArray


class BoundKind(StrEnum):
    """How a lower bound was proven."""

    INDEPENDENT = "independent"  # every order alone with the whole stock
    LAGRANGIAN = "lagrangian"  # stock and capacity priced
    BRANCHING = "branching"  # a search tree cut short
    OPTIMAL = "optimal"  # the bound meets the cost


@dataclass(frozen=True, eq=False)
class Allocation:
    """A checked answer to a `Problem`.

    Parameters
    ----------
    chosen
        Warehouse of each line, -1 when left out, shape (l,).
    cost
        Minor units, bid prices left out.
    lower_bound
        Minor units; no allocation of the batch costs less.
    bound_kind
        How `lower_bound` was proven.
    method
        The method whose answer this is.
    seconds
        Wall time.
    parcels, unfilled_lines
        Counts over all orders.
    prices
        Shadow prices where the method knows them: minor units per unit,
        shape (w, s), and per parcel, shape (w,).
    """

    chosen: IntArray
    cost: int
    lower_bound: int
    bound_kind: BoundKind
    method: str
    seconds: float
    parcels: int
    unfilled_lines: int
    prices: Prices | None = None

    @property
    def gap(self) -> float:
        """Share of the cost that is not proven necessary, 0 to 1."""
        return (self.cost - self.lower_bound) / self.cost if self.cost else 0.0
