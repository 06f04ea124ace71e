"""From fractional shares to an allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.allocation.arrays import Prices, State, take, untouched
from solver.allocation.sequential import place_in_turn

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch
    from solver.allocation.problem import FloatArray, Problem

WHOLE = 1.0 - 1e-6


def round_shares(
    problem: Problem, batch: Batch, share: FloatArray, prices: Prices, damping: float
) -> State:
    """Keep the orders that `share` decides, and place the others by price.

    Parameters
    ----------
    share
        Part of each line served by each warehouse, shape (l, w); rows sum to
        at most 1.
    prices
        What scarce things are worth to the orders placed later.
    damping
        Factor on `prices`, 0 to 1: the undecided orders are few, so what they
        leave behind is worth less than the relaxation says.

    Returns
    -------
    State
        Within stock, capacity and parcel limits; the surest orders first.
    """
    state = untouched(problem)
    if not problem.lines:
        return state
    nobody = 1.0 - share.sum(axis=1)
    sure = np.maximum(share.max(axis=1), nobody)  # (l,)
    surest = np.ones(problem.orders)  # an order is as sure as its least sure line
    np.minimum.at(surest, problem.line_order, sure)
    best = np.where(share.max(axis=1) >= nobody, share.argmax(axis=1), -1)

    undecided = []
    for order in np.argsort(-surest, kind="stable"):
        chosen = best[problem.lines_of(order)]
        if surest[order] >= WHOLE and _fits(problem, batch, state, order, chosen):
            state.chosen[problem.lines_of(order)] = chosen
            take(batch, state, order, chosen, 1)
        else:
            undecided.append(order)
    damped = Prices(prices.stock * damping, prices.parcel * damping)
    place_in_turn(batch, damped, state, np.array(undecided, dtype=np.int64))
    return state


def _fits(problem: Problem, batch: Batch, state: State, order: int, chosen: FloatArray) -> bool:
    """Return whether what is left covers `order`; a solver's tolerance may not."""
    served = np.flatnonzero(chosen >= 0)
    used = np.unique(chosen[served])
    if used.size > batch.limit[order] or (state.capacity[used] < 1).any():
        return False
    lines = problem.lines_of(order).start + served
    left: dict[tuple[int, int], int] = {}
    for line, w in zip(lines.tolist(), chosen[served].tolist(), strict=True):
        if not np.isfinite(batch.cost[line, w]):
            return False
        sku = int(problem.line_sku[line])
        left.setdefault((w, sku), int(state.stock[w, sku]))
        left[w, sku] -= int(problem.line_qty[line])
    return min(left.values(), default=0) >= 0
