"""The exact cheapest set of warehouses for one order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.allocation._jit import kernel
from solver.allocation.shared_stock import assign_sharing

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch, Prices
    from solver.allocation.problem import FloatArray, IntArray


@kernel
def priced_costs(batch: Batch, prices: Prices, stock: IntArray, order: int) -> FloatArray:
    """Return what each line costs from each warehouse, shape (w, m).

    Infinite where the warehouse may not serve the line or `stock` is short.
    """
    first = batch.ptr[order]
    m = batch.ptr[order + 1] - first
    warehouses = batch.parcel.shape[1]
    costs = np.empty((warehouses, m))
    for j in range(m):
        line = first + j
        sku = batch.sku[line]
        qty = batch.qty[line]
        for w in range(warehouses):
            if stock[w, sku] >= qty:
                costs[w, j] = batch.cost[line, w] + prices.stock[w, sku] * qty
            else:
                costs[w, j] = np.inf
    return costs


@kernel
def useful_warehouses(
    batch: Batch, prices: Prices, capacity: IntArray, order: int, costs: FloatArray
) -> IntArray:
    """Return the warehouses that could serve a line below its unfilled cost.

    In order of what the order would cost from that warehouse alone, so that a
    search through sets has a good incumbent early.
    """
    first = batch.ptr[order]
    warehouses, m = costs.shape
    found = np.empty(warehouses, np.int64)
    alone = np.empty(warehouses)
    n = 0
    for w in range(warehouses):
        if capacity[w] <= 0:
            continue
        total = batch.parcel[order, w] + prices.parcel[w]
        serves = False
        for j in range(m):
            unfilled = batch.unfilled[first + j]
            if costs[w, j] < unfilled:
                total += costs[w, j]
                serves = True
            else:
                total += unfilled
        if not serves:
            continue
        at = n
        while at > 0 and alone[at - 1] > total:
            alone[at] = alone[at - 1]
            found[at] = found[at - 1]
            at -= 1
        alone[at] = total
        found[at] = w
        n += 1
    return found[:n]


@kernel
def cheapest_set(  # noqa: PLR0912, PLR0915 - one search, inlined for the compiler
    batch: Batch,
    prices: Prices,
    stock: IntArray,
    capacity: IntArray,
    order: int,
    chosen: IntArray,
) -> float:
    """Choose the warehouses of one order at least cost, prices included.

    Depth-first over all sets of at most `batch.limit[order]` useful
    warehouses, each line at its cheapest within the set; a branch ends when
    its parcels plus every line's least cost reach the incumbent. Exact; for an
    order with one SKU on several lines, see `assign_sharing`.

    Parameters
    ----------
    batch, prices
        Costs and what scarce things cost on top.
    stock, capacity
        What is left, shapes (w, s) and (w,).
    order
        Which order.
    chosen
        Receives the warehouse (or -1) of each of its m lines in ``[:m]``.

    Returns
    -------
    float
        The cost with prices.
    """
    first = batch.ptr[order]
    m = batch.ptr[order + 1] - first
    costs = priced_costs(batch, prices, stock, order)
    useful = useful_warehouses(batch, prices, capacity, order, costs)
    n = useful.size
    most = min(batch.limit[order], m, n)

    level = np.empty((most + 1, m))  # least cost of each line within the first d picks
    opened = np.zeros(most + 1)  # parcels and splits of the first d picks
    picks = np.zeros(most + 1, np.int64)
    kept = np.empty(most + 1, np.int64)
    members = np.empty(most + 1, np.int64)
    kept_size = 0
    trial = np.empty(m, np.int64)

    floor = 0.0
    best = 0.0
    for j in range(m):
        least = batch.unfilled[first + j]
        level[0, j] = least
        best += least
        for i in range(n):
            least = min(least, costs[useful[i], j])
        floor += least
        chosen[j] = -1

    depth = 0
    picks[0] = -1
    while depth >= 0 and most > 0:
        picks[depth] += 1
        if picks[depth] >= n:
            depth -= 1
            continue
        w = useful[picks[depth]]
        members[depth] = w
        fixed = opened[depth] + batch.parcel[order, w] + prices.parcel[w]
        if depth > 0:
            fixed += batch.split
        if fixed + floor >= best:
            continue
        total = fixed
        for j in range(m):
            least = min(level[depth, j], costs[w, j])
            level[depth + 1, j] = least
            total += least
        if total < best:
            if batch.repeats[order]:
                total = fixed + assign_sharing(
                    batch, stock, order, costs, members[: depth + 1], trial
                )
                if total < best:
                    best = total
                    for j in range(m):
                        chosen[j] = trial[j]
            else:
                best = total
                kept_size = depth + 1
                for d in range(kept_size):
                    kept[d] = members[d]
        if depth + 1 < most and fixed + batch.split + floor < best:
            opened[depth + 1] = fixed
            picks[depth + 1] = picks[depth]
            depth += 1

    if not batch.repeats[order]:
        for j in range(m):
            least = batch.unfilled[first + j]
            for d in range(kept_size):
                if costs[kept[d], j] < least:
                    least = costs[kept[d], j]
                    chosen[j] = kept[d]
    return best
