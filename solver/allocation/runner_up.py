"""What an order would cost with exactly a given set of warehouses, or the next best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.allocation._jit import kernel
from solver.allocation.cheapest_set import priced_costs
from solver.allocation.ranking import smallest

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch, Prices
    from solver.allocation.problem import BoolArray, FloatArray, IntArray


@kernel
def lines_using_all(  # noqa: PLR0912 - one search, inlined for the compiler
    batch: Batch, order: int, costs: FloatArray, members: IntArray, chosen: IntArray
) -> float:
    """Assign lines within `members` at least cost so that each member serves one.

    Each line takes its cheapest option; members left without a line then each
    claim a line of their own where that costs least. A member's claim is among
    its k cheapest, k the number of members, since the others claim k - 1.

    Parameters
    ----------
    costs
        Cost of each line from each warehouse, shape (w, m).
    members
        Warehouses, shape (k,), k at most m.
    chosen
        Receives the warehouse (or -1) of each line, shape (m,).

    Returns
    -------
    float
        Cost of the lines; infinite when some member can serve none.
    """
    first = batch.ptr[order]
    m = costs.shape[1]
    k = members.size
    total = 0.0
    extra = np.empty((k, m))
    used = np.zeros(k, np.bool_)
    idle = k
    for j in range(m):
        least = batch.unfilled[first + j]
        at = -1
        for d in range(k):
            if costs[members[d], j] < least:
                least = costs[members[d], j]
                at = d
        chosen[j] = members[at] if at >= 0 else -1
        if at >= 0 and not used[at]:
            used[at] = True
            idle -= 1
        total += least
        for d in range(k):
            extra[d, j] = costs[members[d], j] - least
    if idle == 0:
        return total

    rank = np.empty((k, k), np.int64)
    for d in range(k):
        nearest = smallest(extra[d], k)
        for e in range(k):
            rank[d, e] = nearest[e]
    at_rank = np.empty(k, np.int64)
    at_rank[:] = -1
    spent = np.zeros(k + 1)
    claimed = np.zeros(m, np.bool_)
    claim = np.empty(k, np.int64)
    best = np.inf
    d = 0
    while d >= 0:
        if at_rank[d] >= 0:
            claimed[rank[d, at_rank[d]]] = False
        at_rank[d] += 1
        while at_rank[d] < k and claimed[rank[d, at_rank[d]]]:
            at_rank[d] += 1
        if at_rank[d] >= k or spent[d] + extra[d, rank[d, at_rank[d]]] >= best:
            at_rank[d] = -1
            d -= 1
            continue
        j = rank[d, at_rank[d]]
        claimed[j] = True
        spent[d + 1] = spent[d] + extra[d, j]
        if d + 1 < k:
            d += 1
            continue
        best = spent[k]
        for e in range(k):
            claim[e] = rank[e, at_rank[e]]
    if best < np.inf:
        for e in range(k):
            chosen[claim[e]] = members[e]
    return total + best


@kernel
def runner_up_set(  # noqa: PLR0912, PLR0915 - one search, inlined for the compiler
    batch: Batch,
    prices: Prices,
    stock: IntArray,
    capacity: IntArray,
    order: int,
    taken: BoolArray,
    chosen: IntArray,
) -> float:
    """Choose the cheapest answer whose set of warehouses is not `taken`.

    Exact for orders in which no SKU stands on two lines.

    Parameters
    ----------
    stock, capacity
        What is left with the order's own share returned.
    taken
        Whether each warehouse is in the set to differ from, shape (w,).
    chosen
        Receives the warehouse (or -1) of each of its m lines in ``[:m]``.

    Returns
    -------
    float
        Its cost; infinite when there is no other answer.
    """
    first = batch.ptr[order]
    m = batch.ptr[order + 1] - first
    costs = priced_costs(batch, prices, stock, order)
    open_ = np.empty(costs.shape[0], np.int64)
    n = 0
    for w in range(costs.shape[0]):
        for j in range(m):
            if capacity[w] > 0 and costs[w, j] < np.inf:
                open_[n] = w
                n += 1
                break
    nothing = 0.0
    floor = 0.0
    for j in range(m):
        least = batch.unfilled[first + j]
        nothing += least
        for i in range(n):
            least = min(least, costs[open_[i], j])
        floor += least

    size_taken = 0
    for w in range(taken.size):
        if taken[w]:
            size_taken += 1
    best = np.inf
    if size_taken > 0:
        best = nothing
        chosen[:m] = -1
    most = min(batch.limit[order], m, n)
    picks = np.empty(most + 1, np.int64)
    members = np.empty(most + 1, np.int64)
    opened = np.zeros(most + 1)
    trial = np.empty(m, np.int64)
    depth = 0
    picks[0] = -1
    while depth >= 0 and most > 0:
        picks[depth] += 1
        if picks[depth] >= n:
            depth -= 1
            continue
        w = open_[picks[depth]]
        members[depth] = w
        fixed = opened[depth] + batch.parcel[order, w] + prices.parcel[w]
        if depth > 0:
            fixed += batch.split
        if fixed + floor >= best:
            continue
        same = depth + 1 == size_taken
        for d in range(depth + 1):
            same = same and taken[members[d]]
        if not same:
            total = fixed + lines_using_all(batch, order, costs, members[: depth + 1], trial)
            if total < best:
                best = total
                for j in range(m):
                    chosen[j] = trial[j]
        if depth + 1 < most:
            opened[depth + 1] = fixed
            picks[depth + 1] = picks[depth]
            depth += 1
    return best
