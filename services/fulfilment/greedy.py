"""The allocation that cannot fail: what a batch falls back on when its solver does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solver.allocation.problem import IntArray, Problem


def greedy(problem: Problem) -> IntArray:
    """Give each order in turn the cheapest parcels that have what it wants, shape (l,).

    Plain and slow on purpose: no kernels, no search, only the rules. An order goes to the
    nearest warehouse that has all of it; where there is none, the nearest ones fill what they
    can, up to the parcel limit.
    """
    stock = np.array(problem.stock)
    capacity = np.array(problem.parcel_capacity)
    chosen = np.full(problem.lines, -1, dtype=np.int64)
    for order in range(problem.orders):
        lines = range(*problem.lines_of(order).indices(problem.lines))
        near = np.argsort(problem.parcel_cost[order], kind="stable").tolist()
        plans = {w: _fill(problem, stock, lines, w) for w in near if capacity[w] > 0}
        whole = [w for w in near if len(plans.get(w, ())) == len(lines)]
        parcels = 0
        for w in whole[:1] or near:
            if parcels == problem.parcel_limit[order] or capacity[w] <= 0:
                continue
            open_lines = [line for line in lines if chosen[line] < 0]
            taken = _fill(problem, stock, open_lines, w)
            if not taken:
                continue
            for line in taken:
                chosen[line] = w
                stock[w, problem.line_sku[line]] -= problem.line_qty[line]
            capacity[w] -= 1
            parcels += 1
    return chosen


def _fill(problem: Problem, stock: IntArray, lines: range | list[int], w: int) -> list[int]:
    """Return those of `lines` that warehouse `w` can serve together."""
    left: dict[int, int] = {}
    served = []
    for line in lines:
        sku = int(problem.line_sku[line])
        quantity = int(problem.line_qty[line])
        have = left.setdefault(sku, int(stock[w, sku]))
        if problem.allowed[line, w] and have >= quantity:
            left[sku] = have - quantity
            served.append(line)
    return served
