"""Proving small batches: fix what cannot improve, branch on the rest."""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from solver.allocation._jit import kernel
from solver.allocation.arrays import relaxed, total_cost
from solver.allocation.cheapest_set import cheapest_set
from solver.allocation.dual import bound_of
from solver.allocation.linear import solve_model
from solver.allocation.model import build_model
from solver.allocation.sequential import longest_order

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch, Prices
    from solver.allocation.problem import FloatArray, IntArray, Problem

ENGINE = "highs"
MOST_PAIRS = 20_000  # (line, warehouse) pairs left open; more are not branched in seconds
PAIRS_PER_S = 3_000  # of budget, below which the tree would hardly begin
TOLERANCE = 1e-3  # of a minor unit, for the branching solver's arithmetic


class Proof(NamedTuple):
    """What branching found.

    Parameters
    ----------
    chosen
        Warehouse of each line, or None when nothing cheaper was found.
    bound
        Lower bound, minor units; 0 when branching proved nothing.
    """

    chosen: IntArray | None
    bound: int


def prove(
    problem: Problem, batch: Batch, prices: Prices, *, upper: int, budget_s: float, deadline: float
) -> Proof | None:
    """Look for an answer below `upper`, or prove that there is none.

    A line cannot be served by a warehouse in any answer below `upper` when
    the order's extra priced cost of doing so exceeds the distance of the
    prices' bound to `upper`; such pairs leave the model, and few stay where prices are good.

    Parameters
    ----------
    prices
        Good dual prices; their bound is what pairs are measured against.
    upper
        Cost of a known answer.
    budget_s
        Decides, with the model's size, whether to try.
    deadline
        `perf_counter` value at which to stop.

    Returns
    -------
    Proof or None
        None when the batch is too large for the budget.
    """
    extra = forced_extras(
        relaxed(batch), prices, np.array(problem.stock), np.array(problem.parcel_capacity)
    )
    # The bound was rounded up by less than 1, an answer below `upper` is 1 below.
    keep = extra <= upper - bound_of(problem, batch, prices)
    limit_s = deadline - perf_counter()
    if keep.sum() > min(MOST_PAIRS, budget_s * PAIRS_PER_S) or limit_s <= 0:
        return None
    model = build_model(problem, batch, keep)
    solution = solve_model(model, engine=ENGINE, limit_s=limit_s, whole=True)
    if solution is None:
        return Proof(None, 0)
    proven = max(0, min(upper, math.ceil(solution.bound - TOLERANCE)))
    chosen = np.full(problem.lines, -1, dtype=np.int64)
    served = solution.values[: model.column_line.size] > 0.5
    chosen[model.column_line[served]] = model.column_warehouse[served]
    cheaper = round(total_cost(batch, chosen)) < upper
    return Proof(chosen if cheaper else None, proven)


@kernel
def forced_extras(batch: Batch, prices: Prices, stock: IntArray, capacity: IntArray) -> FloatArray:
    """Return what each order's priced cost rises by when a line must use a warehouse.

    Shape (l, w), infinite where it cannot.
    """
    warehouses = batch.parcel.shape[1]
    buffer = np.empty(longest_order(batch), np.int64)
    extra = np.empty((batch.sku.size, warehouses))
    extra[:] = np.inf
    kept = np.empty(warehouses)
    for order in range(batch.ptr.size - 1):
        least = cheapest_set(batch, prices, stock, capacity, order, buffer)
        for line in range(batch.ptr[order], batch.ptr[order + 1]):
            unfilled = batch.unfilled[line]
            kept[:] = batch.cost[line]
            # The batch is lent to the kernel with one choice left, then mended.
            batch.unfilled[line] = np.inf
            batch.cost[line] = np.inf
            for w in range(warehouses):
                if kept[w] < np.inf:
                    batch.cost[line, w] = kept[w]
                    cost = cheapest_set(batch, prices, stock, capacity, order, buffer)
                    extra[line, w] = max(0.0, cost - least)
                    batch.cost[line, w] = np.inf
            batch.unfilled[line] = unfilled
            batch.cost[line] = kept
    return extra
