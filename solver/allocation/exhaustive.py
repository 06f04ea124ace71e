"""Plain search over one order's answers, for orders with a SKU on several lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from solver.allocation.arrays import Batch
    from solver.allocation.problem import IntArray

MOST_NODES = 100_000  # such orders are rare and short; a freak one gets a good answer


def search_order(
    batch: Batch,
    stock: IntArray,
    capacity: IntArray,
    order: int,
    accept: Callable[[frozenset[int]], bool],
) -> tuple[float, IntArray]:
    """Return the cheapest answer whose set of warehouses `accept` takes.

    Depth first by line, cheapest option first; exact within `MOST_NODES`.

    Returns
    -------
    tuple
        Cost (infinite when there is none) and the warehouse (or -1) of each
        line, shape (m,).
    """
    first, last = int(batch.ptr[order]), int(batch.ptr[order + 1])
    most = int(batch.limit[order])
    left = np.array(stock)
    options: list[list[tuple[float, int]]] = []
    for line in range(first, last):
        served = [(float(c), w) for w, c in enumerate(batch.cost[line]) if capacity[w] > 0]
        options.append(sorted([*served, (float(batch.unfilled[line]), -1)]))
    floor = [0.0] * (len(options) + 1)
    for j in reversed(range(len(options))):
        floor[j] = floor[j + 1] + options[j][0][0]

    best = np.inf
    answer = np.full(len(options), -1, dtype=np.int64)
    trial: list[int] = []
    nodes = 0

    def descend(j: int, spent: float, used: frozenset[int]) -> None:
        nonlocal best, nodes
        nodes += 1
        if spent + floor[j] >= best or (nodes > MOST_NODES and best < np.inf):
            return
        if j == len(options):
            if accept(used):
                best = spent
                answer[:] = trial
            return
        sku, qty = batch.sku[first + j], batch.qty[first + j]
        for cost, w in options[j]:
            if cost == np.inf or (w >= 0 and left[w, sku] < qty):
                continue
            opens = w >= 0 and w not in used
            if opens and len(used) >= most:
                continue
            fixed = float(batch.parcel[order, w]) + (batch.split if used else 0.0) if opens else 0.0
            if w >= 0:
                left[w, sku] -= qty
            trial.append(w)
            descend(j + 1, spent + cost + fixed, used | {w} if opens else used)
            trial.pop()
            if w >= 0:
                left[w, sku] += qty

    descend(0, 0.0, frozenset())
    return best, answer
