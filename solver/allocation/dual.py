"""Prices for stock and parcels, and the lower bound they prove."""

# ruff: noqa: PLR0917 - compiled functions take their arguments by position

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation._jit import kernel
from solver.allocation.arrays import Batch, Prices, no_prices
from solver.allocation.cheapest_set import cheapest_set
from solver.allocation.sequential import longest_order

if TYPE_CHECKING:
    from solver.allocation.problem import FloatArray, IntArray, Problem

# Relative slack for the rounding of float sums before a bound is made whole.
ROUNDING = 1e-9
MOST_ITERATIONS = 400
PATIENCE = 8  # iterations without a better bound before the step shrinks
LEAST_STEP = 0.02


@dataclass(frozen=True)
class Dual:
    """The best prices found.

    Parameters
    ----------
    prices
        At least 0: minor units per unit of stock and per parcel.
    bound
        Whole minor units; no allocation costs less.
    share
        How often, over the iterations, each line chose each warehouse; shape
        (l, w), rows sum to at most 1. An approximate optimum of the linear
        relaxation.
    iterations
        How many prices were tried.
    """

    prices: Prices
    bound: int
    share: FloatArray
    iterations: int


def bound_of(problem: Problem, batch: Batch, prices: Prices) -> int:
    """Return the lower bound that `prices` (at least 0) prove.

    Weak duality: the sum of each order's least priced cost minus the worth of
    all stock and capacity at these prices is at most the cost of any
    allocation within them.
    """
    usage = np.zeros(problem.stock.shape, dtype=np.int64)
    parcels = np.zeros(problem.warehouses, dtype=np.int64)
    picked = np.empty(problem.lines, dtype=np.int64)
    stock, capacity = np.array(problem.stock), np.array(problem.parcel_capacity)
    priced = price_out(batch, prices, stock, capacity, usage, parcels, picked)
    return _whole_bound(priced, _worth(prices, stock, capacity))


def solve_dual(
    problem: Problem,
    batch: Batch,
    *,
    upper: int,
    start: Prices | None = None,
    iterations: int = MOST_ITERATIONS,
    deadline: float | None = None,
) -> Dual:
    """Maximise the Lagrangian bound by the volume algorithm.

    Relaxes stock and parcel capacity; each order is then solved exactly on
    its own. Subgradients are averaged, which damps their zigzag and yields a
    primal estimate besides.

    Parameters
    ----------
    upper
        Cost of a known allocation; scales the steps.
    start
        Prices to begin with; zero when None.
    iterations
        Most prices tried.
    deadline
        `perf_counter` value at which to stop.

    References
    ----------
    Barahona, Anbil (2000), "The volume algorithm: producing primal solutions
    with a subgradient method", https://doi.org/10.1007/s101070050002
    """
    stock, capacity = np.array(problem.stock), np.array(problem.parcel_capacity)
    usage = np.zeros(problem.stock.shape, dtype=np.int64)
    parcels = np.zeros(problem.warehouses, dtype=np.int64)
    picked = np.empty(problem.lines, dtype=np.int64)
    share = np.zeros(problem.line_cost.shape)

    best = start if start is not None else no_prices(problem)
    priced = price_out(batch, best, stock, capacity, usage, parcels, picked)
    value = priced - _worth(best, stock, capacity)
    bound = _whole_bound(priced, _worth(best, stock, capacity))
    over = (usage - stock).astype(np.float64)  # (w, s) averaged excess demand
    over_parcels = (parcels - capacity).astype(np.float64)  # (w,)
    blend(share, picked, 1.0)

    step, idle, count = 1.0, 0, 1
    while count < iterations and bound < upper and step > LEAST_STEP:
        if deadline is not None and perf_counter() >= deadline:
            break
        push = np.where((over < 0) & (best.stock <= 0), 0.0, over)
        push_parcels = np.where((over_parcels < 0) & (best.parcel <= 0), 0.0, over_parcels)
        norm = float((push * push).sum() + (push_parcels * push_parcels).sum())
        if norm < 1e-12:
            break
        length = step * max(1.02 * upper - value, 1e-3 * upper + 1.0) / norm
        trial = Prices(
            np.maximum(0.0, best.stock + length * push),
            np.maximum(0.0, best.parcel + length * push_parcels),
        )
        priced = price_out(batch, trial, stock, capacity, usage, parcels, picked)
        worth = _worth(trial, stock, capacity)
        count += 1
        now, now_parcels = usage - stock, parcels - capacity
        weight = _weight(over, over_parcels, now, now_parcels, step)
        over += weight * (now - over)
        over_parcels += weight * (now_parcels - over_parcels)
        blend(share, picked, weight)
        bound = max(bound, _whole_bound(priced, worth))
        if priced - worth > value:
            value, best, idle = priced - worth, trial, 0
            if float((push * now).sum() + (push_parcels * now_parcels).sum()) >= 0:
                step = min(1.1 * step, 2.0)
        else:
            idle += 1
            if idle >= PATIENCE:
                step, idle = 0.66 * step, 0
    return Dual(best, bound, share, count)


@kernel
def price_out(
    batch: Batch,
    prices: Prices,
    stock: IntArray,
    capacity: IntArray,
    usage: IntArray,
    parcels: IntArray,
    picked: IntArray,
) -> float:
    """Solve every order alone under `prices`; return the sum of priced costs.

    Fills `usage` (w, s) with units, `parcels` (w,) with parcels used and
    `picked` (l,) with the warehouses chosen.
    """
    usage[:] = 0
    parcels[:] = 0
    buffer = np.empty(longest_order(batch), np.int64)
    total = 0.0
    for order in range(batch.ptr.size - 1):
        total += cheapest_set(batch, prices, stock, capacity, order, buffer)
        first = batch.ptr[order]
        for j in range(batch.ptr[order + 1] - first):
            w = buffer[j]
            picked[first + j] = w
            if w < 0:
                continue
            usage[w, batch.sku[first + j]] += batch.qty[first + j]
            opens = True
            for i in range(j):
                if buffer[i] == w:
                    opens = False
                    break
            if opens:
                parcels[w] += 1
    return total


@kernel
def blend(share: FloatArray, picked: IntArray, weight: float) -> None:
    """Move each line's shares towards the warehouse it picked."""
    for line in range(picked.size):
        for w in range(share.shape[1]):
            share[line, w] *= 1.0 - weight
        if picked[line] >= 0:
            share[line, picked[line]] += weight


def _worth(prices: Prices, stock: IntArray, capacity: IntArray) -> float:
    return float((prices.stock * stock).sum() + (prices.parcel * capacity).sum())


def _whole_bound(priced: float, worth: float) -> int:
    slack = ROUNDING * (abs(priced) + abs(worth))
    return max(0, math.ceil(priced - worth - slack))


def _weight(
    over: FloatArray,
    over_parcels: FloatArray,
    now: IntArray,
    now_parcels: IntArray,
    step: float,
) -> float:
    """Return the weight of the newest excess that makes the average smallest."""
    change = now - over
    change_parcels = now_parcels - over_parcels
    norm = float((change * change).sum() + (change_parcels * change_parcels).sum())
    if norm < 1e-12:
        return 0.1
    best = -float((over * change).sum() + (over_parcels * change_parcels).sum()) / norm
    return min(max(best, 0.01), 0.1 if step > 0.2 else 0.05)
