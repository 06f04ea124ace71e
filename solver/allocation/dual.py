"""Prices for stock and parcels, and the lower bound they prove."""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation._jit import kernel
from solver.allocation.arrays import Batch, Prices, no_prices, relaxed
from solver.allocation.cheapest_set import cheapest_set
from solver.allocation.sequential import longest_order

if TYPE_CHECKING:
    from solver.allocation.problem import FloatArray, IntArray, Problem

# Relative slack for the rounding of float sums before a bound is made whole.
ROUNDING = 1e-9
ITERATIONS = 200
FIRST_STEP = 0.1  # of an order's mean cost
LAST_STEP = 0.01  # of the first step
PARCEL_STEP = 0.1  # capacity is shared by all, so its price moves less
MEMORY = 0.8
SQUARE_MEMORY = 0.98
SHARE_WEIGHT = 0.05  # of the newest choice in a line's shares


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
    priced = price_out(relaxed(batch), prices, stock, capacity, usage, parcels, picked)
    return _whole_bound(priced, _worth(prices, stock, capacity))


def solve_dual(
    problem: Problem,
    batch: Batch,
    *,
    upper: int,
    iterations: int = ITERATIONS,
    deadline: float | None = None,
) -> Dual:
    """Maximise the Lagrangian bound by an adaptive subgradient method.

    Relaxes stock and parcel capacity; each order is then solved exactly on
    its own. Steps are Adam's, clipped at price 0: one length per price, so
    that units and parcels, rare and common SKUs move at their own pace. On
    scarce batches it passes the linear relaxation's bound in a tenth of a
    simplex' time.

    Parameters
    ----------
    upper
        Cost of a known allocation; sets the scale of prices, and ends the
        search when the bound meets it.
    iterations
        How many prices are tried.
    deadline
        `perf_counter` value at which to stop; fewer iterations are planned
        where these would not fit.

    References
    ----------
    Fisher (1981), "The Lagrangian relaxation method for solving integer
    programming problems", https://doi.org/10.1287/mnsc.1040.0263
    Kingma, Ba (2015), "Adam: a method for stochastic optimization",
    https://doi.org/10.48550/arXiv.1412.6980
    """
    stock, capacity = np.array(problem.stock), np.array(problem.parcel_capacity)
    usage = np.zeros(problem.stock.shape, dtype=np.int64)
    parcels = np.zeros(problem.warehouses, dtype=np.int64)
    picked = np.empty(problem.lines, dtype=np.int64)
    share = np.zeros(problem.line_cost.shape)
    batch = relaxed(batch)
    first_step = FIRST_STEP * upper / max(1, problem.orders)
    units = _Ascent(stock.shape, first_step)
    openings = _Ascent(capacity.shape, first_step * PARCEL_STEP)

    best, value, bound, count = no_prices(problem), -math.inf, 0, 0
    began = perf_counter()
    while count < iterations and bound < upper:
        prices = Prices(units.prices, openings.prices)
        priced = price_out(batch, prices, stock, capacity, usage, parcels, picked)
        worth = _worth(prices, stock, capacity)
        bound = max(bound, _whole_bound(priced, worth))
        if priced - worth > value:
            value, best = priced - worth, prices
        blend(share, picked, 1.0 if count == 0 else SHARE_WEIGHT)
        count += 1
        if deadline is not None:
            now = perf_counter()
            if now >= deadline:
                break
            affordable = int(count * (deadline - began) / max(now - began, 1e-9))
            iterations = min(iterations, max(count + 1, affordable))
        step = LAST_STEP ** (count / iterations)
        units.climb((usage - stock).astype(np.float64), step)
        openings.climb((parcels - capacity).astype(np.float64), step)
    return Dual(best, bound, share, count)


class _Ascent:
    """Prices of one kind of thing, climbing along averaged excess demand."""

    def __init__(self, shape: tuple[int, ...], first_step: float) -> None:
        self.prices: FloatArray = np.zeros(shape)
        self._first_step = first_step
        self._mean = np.zeros(shape)
        self._square = np.zeros(shape)
        self._count = 0

    def climb(self, excess: FloatArray, step: float) -> None:
        """Move to new prices; `step` is the part of the first step to take."""
        idle = (excess < 0) & (self.prices <= 0)
        excess[idle] = 0.0
        self._count += 1
        self._mean = MEMORY * self._mean + (1 - MEMORY) * excess
        self._square = SQUARE_MEMORY * self._square + (1 - SQUARE_MEMORY) * excess * excess
        mean = self._mean / (1 - MEMORY**self._count)
        size = np.sqrt(self._square / (1 - SQUARE_MEMORY**self._count)) + 1e-9
        self.prices = np.maximum(0.0, self.prices + self._first_step * step * mean / size)


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
