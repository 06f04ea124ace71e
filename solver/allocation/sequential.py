"""One order after the other: the industry's rule, and the myopic optimum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.allocation._jit import kernel
from solver.allocation.arrays import Batch, Prices, State, take
from solver.allocation.cheapest_set import cheapest_set
from solver.allocation.ranking import smallest

if TYPE_CHECKING:
    from solver.allocation.problem import IntArray


@kernel
def longest_order(batch: Batch) -> int:
    """Return the most lines any order has, at least 1."""
    most = 1
    for order in range(batch.ptr.size - 1):
        most = max(most, batch.ptr[order + 1] - batch.ptr[order])
    return most


@kernel
def place_in_turn(batch: Batch, prices: Prices, state: State, turn: IntArray) -> float:
    """Give each order of `turn` its cheapest set out of what is left.

    With prices of zero this is the myopic rule. Changes `state`; returns the
    sum of priced costs.
    """
    buffer = np.empty(longest_order(batch), np.int64)
    total = 0.0
    for order in turn:
        first = batch.ptr[order]
        m = batch.ptr[order + 1] - first
        total += cheapest_set(batch, prices, state.stock, state.capacity, order, buffer)
        for j in range(m):
            state.chosen[first + j] = buffer[j]
        take(batch, state, order, buffer, 1)
    return total


@kernel
def cheapest_alone(batch: Batch, prices: Prices, stock: IntArray, capacity: IntArray) -> float:
    """Return the sum over orders of each one's least cost had it all to itself.

    With prices of zero a lower bound on the batch: no order can do better
    with others around.
    """
    buffer = np.empty(longest_order(batch), np.int64)
    total = 0.0
    for order in range(batch.ptr.size - 1):
        total += cheapest_set(batch, prices, stock, capacity, order, buffer)
    return total


@kernel
def place_nearest(batch: Batch, state: State, turn: IntArray) -> None:
    """Ship each order from the nearest warehouse that holds all of it.

    The common rule of order management systems, our baseline; nearest means
    the cheapest parcel. Where no warehouse holds the whole order, warehouses
    fill what they can, nearest first, up to the parcel limit.
    """
    warehouses = batch.parcel.shape[1]
    for order in turn:
        first = batch.ptr[order]
        m = batch.ptr[order + 1] - first
        chosen = state.chosen[first : first + m]
        near = smallest(batch.parcel[order], warehouses)
        whole = -1
        for w in near:
            if state.capacity[w] > 0 and _serves(batch, state, order, w, chosen, False) == m:
                whole = w
                break
        parcels = 0
        for i in range(warehouses):
            w = near[i] if whole < 0 else whole
            if parcels >= batch.limit[order]:
                break
            if state.capacity[w] > 0 and _serves(batch, state, order, w, chosen, True) > 0:
                parcels += 1
            if whole >= 0:
                break
        take(batch, state, order, chosen, 1)


@kernel
def _serves(
    batch: Batch, state: State, order: int, warehouse: int, chosen: IntArray, keep: bool
) -> int:
    """Return how many open lines `warehouse` can serve; note them if `keep`."""
    first = batch.ptr[order]
    m = batch.ptr[order + 1] - first
    served = 0
    marks = np.zeros(m, np.bool_)
    for j in range(m):
        sku = batch.sku[first + j]
        if chosen[j] >= 0 or batch.cost[first + j, warehouse] == np.inf:
            continue
        need = batch.qty[first + j]
        for i in range(j):
            if marks[i] and batch.sku[first + i] == sku:
                need += batch.qty[first + i]
        if state.stock[warehouse, sku] >= need:
            marks[j] = True
            served += 1
    if keep:
        for j in range(m):
            if marks[j]:
                chosen[j] = warehouse
    return served
