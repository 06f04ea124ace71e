"""Lines of one order that want the same SKU share what is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.allocation._jit import kernel
from solver.allocation.ranking import smallest

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch
    from solver.allocation.problem import FloatArray, IntArray

# Exact for the few repeats real orders have; beyond it the best found so far.
MOST_NODES = 20_000


@kernel
def assign_sharing(
    batch: Batch,
    stock: IntArray,
    order: int,
    costs: FloatArray,
    warehouses: IntArray,
    chosen: IntArray,
) -> float:
    """Assign the lines of `order` within `warehouses` at least line cost.

    Lines of different SKUs are independent; those of one SKU are searched
    depth first, cheapest option first, at most `MOST_NODES` options each.

    Parameters
    ----------
    batch, stock, order
        As in `cheapest_set`.
    costs
        Cost of each line from each warehouse, shape (w, m).
    warehouses
        The warehouses open to the order, shape (k,).
    chosen
        Receives the warehouse (or -1) of each line, shape (m,).

    Returns
    -------
    float
        Cost of the lines, served and unfilled, without parcels.
    """
    first = batch.ptr[order]
    m = batch.ptr[order + 1] - first
    done = np.zeros(m, np.bool_)
    group = np.empty(m, np.int64)
    total = 0.0
    for j in range(m):
        if done[j]:
            continue
        size = 0
        for i in range(j, m):
            if batch.sku[first + i] == batch.sku[first + j]:
                done[i] = True
                group[size] = i
                size += 1
        total += _assign_group(batch, stock, order, costs, warehouses, group[:size], chosen)
    return total


@kernel
def _assign_group(  # noqa: PLR0912 - one search, inlined for the compiler
    batch: Batch,
    stock: IntArray,
    order: int,
    costs: FloatArray,
    warehouses: IntArray,
    group: IntArray,
    chosen: IntArray,
) -> float:
    first = batch.ptr[order]
    size = group.size
    k = warehouses.size
    sku = batch.sku[first + group[0]]
    left = np.empty(k, np.int64)
    for d in range(k):
        left[d] = stock[warehouses[d], sku]

    # Options of each line by rising cost: a position in `warehouses`, k = unfilled.
    option = np.empty((size, k + 1), np.int64)
    price = np.empty((size, k + 1))
    rest = np.zeros(size + 1)  # least cost of the lines from i on
    for i in range(size):
        j = group[i]
        for d in range(k + 1):
            price[i, d] = batch.unfilled[first + j] if d == k else costs[warehouses[d], j]
        ranked = smallest(price[i], k + 1)
        for d in range(k + 1):
            option[i, d] = ranked[d]
    for i in range(size - 1, -1, -1):
        rest[i] = rest[i + 1] + price[i, option[i, 0]]

    best = np.inf
    spent = np.zeros(size + 1)
    at = np.empty(size, np.int64)
    at[:] = -1
    nodes = 0
    i = 0
    while i >= 0:
        if at[i] >= 0:  # give back before the next option
            d = option[i, at[i]]
            if d < k:
                left[d] += batch.qty[first + group[i]]
        at[i] += 1
        nodes += 1
        if at[i] > k or (nodes > MOST_NODES and best < np.inf):
            at[i] = -1
            i -= 1
            continue
        d = option[i, at[i]]
        qty = batch.qty[first + group[i]]
        if d < k and left[d] < qty:
            left[d] -= qty  # given back at the next step
            continue
        cost = spent[i] + price[i, d]
        if d < k:
            left[d] -= qty
        if cost + rest[i + 1] >= best:
            continue
        if i + 1 < size:
            spent[i + 1] = cost
            i += 1
            continue
        best = cost
        for h in range(size):
            e = option[h, at[h]]
            chosen[group[h]] = warehouses[e] if e < k else -1
    return best
