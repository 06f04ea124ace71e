"""Why a line is served by no warehouse."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation.arrays import no_prices
from solver.allocation.cheapest_set import cheapest_set

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch, State
    from solver.allocation.problem import IntArray, Problem


class UnfilledReason(StrEnum):
    """Why a line is left out; the first that holds, in this order."""

    # No warehouse had enough when the batch came.
    NO_STOCK_ANYWHERE = "NO_STOCK_ANYWHERE"
    # Warehouses with stock may not serve the line.
    NOT_ALLOWED = "NOT_ALLOWED"
    # Other lines of the batch took it.
    STOCK_TAKEN = "STOCK_TAKEN"
    # Warehouses with stock can send no more parcels.
    CAPACITY = "CAPACITY"
    # With more parcels per order the line would be served.
    PARCEL_LIMIT = "PARCEL_LIMIT"
    # Serving it costs more than leaving it out.
    DEARER_THAN_UNFILLED = "DEARER_THAN_UNFILLED"
    # It could be served at less cost; the method did not look, or ran out of time.
    NOT_FOUND = "NOT_FOUND"


def unfilled_reason(  # noqa: PLR0911 - one return per reason, in their order
    problem: Problem, batch: Batch, left: State, own: State, *, order: int, line: int
) -> UnfilledReason:
    """Return why `line` of `order` is left out.

    Parameters
    ----------
    left
        What the whole batch leaves.
    own
        The same with what `order` uses returned.
    """
    sku, qty = problem.line_sku[line], problem.line_qty[line]
    stocked = problem.stock[:, sku] >= qty  # (w,)
    if not stocked.any():
        return UnfilledReason.NO_STOCK_ANYWHERE
    usable = stocked & problem.allowed[line]
    if not usable.any():
        return UnfilledReason.NOT_ALLOWED
    usable &= left.stock[:, sku] >= qty
    if not usable.any():
        return UnfilledReason.STOCK_TAKEN
    usable &= own.capacity > 0
    if not usable.any():
        return UnfilledReason.CAPACITY
    at = line - problem.lines_of(order).start
    if _best(problem, batch, own, order)[at] >= 0:
        return UnfilledReason.NOT_FOUND
    free = batch._replace(limit=np.full(problem.orders, problem.warehouses, dtype=np.int64))
    if _best(problem, free, own, order)[at] >= 0:
        return UnfilledReason.PARCEL_LIMIT
    return UnfilledReason.DEARER_THAN_UNFILLED


def _best(problem: Problem, batch: Batch, own: State, order: int) -> IntArray:
    lines = problem.lines_of(order)
    chosen = np.empty(lines.stop - lines.start, dtype=np.int64)
    cheapest_set(batch, no_prices(problem), own.stock, own.capacity, order, chosen)
    return chosen
