"""A problem as the kernels see it, and the state they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from solver.allocation._jit import kernel

if TYPE_CHECKING:
    from solver.allocation.problem import BoolArray, FloatArray, IntArray, Problem


class Batch(NamedTuple):
    """The orders of a `Problem`, costs as float64 (exact below 2^53)."""

    ptr: IntArray  # (o + 1,)
    sku: IntArray  # (l,)
    qty: IntArray  # (l,)
    unfilled: FloatArray  # (l,)
    cost: FloatArray  # (l, w), infinite where a warehouse may never serve
    parcel: FloatArray  # (o, w)
    split: float
    limit: IntArray  # (o,) most parcels
    repeats: BoolArray  # (o,) whether a SKU stands on two lines


class Prices(NamedTuple):
    """What using scarce things costs on top: per unit and per parcel."""

    stock: FloatArray  # (w, s)
    parcel: FloatArray  # (w,)


class State(NamedTuple):
    """What is left, and who took the rest."""

    stock: IntArray  # (w, s)
    capacity: IntArray  # (w,)
    chosen: IntArray  # (l,) warehouse or -1


def batch_of(problem: Problem) -> Batch:
    """Return the kernels' view of `problem`."""
    w = problem.warehouses
    cost = np.where(problem.allowed, problem.line_cost.astype(np.float64), np.inf)
    if problem.lines:
        enough = problem.line_qty[:, None] <= problem.stock[:, problem.line_sku].T  # (l, w)
        cost[~enough] = np.inf
    return Batch(
        ptr=np.array(problem.order_ptr),
        sku=np.array(problem.line_sku),
        qty=np.array(problem.line_qty),
        unfilled=problem.unfilled_cost.astype(np.float64),
        cost=np.ascontiguousarray(cost),
        parcel=problem.parcel_cost.astype(np.float64).reshape(problem.orders, w),
        split=float(problem.split_cost),
        limit=problem.parcel_limit,
        repeats=_repeats(problem),
    )


def relaxed(batch: Batch) -> Batch:
    """Return `batch` with lines of one order not sharing what they both want.

    What bounds are proven on: exact for any number of lines, and never dearer.
    """
    return batch._replace(repeats=np.zeros_like(batch.repeats))


def no_prices(problem: Problem) -> Prices:
    """Return prices of nothing."""
    return Prices(np.zeros(problem.stock.shape), np.zeros(problem.warehouses))


def untouched(problem: Problem) -> State:
    """Return the state in which no line is served."""
    return State(
        np.array(problem.stock),
        np.array(problem.parcel_capacity),
        np.full(problem.lines, -1, dtype=np.int64),
    )


def state_of(problem: Problem, batch: Batch, chosen: IntArray) -> State:
    """Return the state in which `chosen` has been taken."""
    state = untouched(problem)
    state.chosen[:] = chosen
    for order in range(problem.orders):
        take(batch, state, order, state.chosen[problem.lines_of(order)], 1)
    return state


def _repeats(problem: Problem) -> BoolArray:
    """Return which orders name a SKU on more than one line."""
    key = np.sort(problem.line_order * max(1, problem.skus) + problem.line_sku)
    again = key[1:][key[1:] == key[:-1]]
    flags = np.zeros(problem.orders, dtype=np.bool_)
    flags[again // max(1, problem.skus)] = True
    return flags


@kernel
def take(batch: Batch, state: State, order: int, chosen: IntArray, sign: int) -> None:
    """Take what `chosen` needs for `order` out of the state; -1 gives it back.

    `chosen` holds the warehouse (or -1) of each of the order's lines.
    """
    first = batch.ptr[order]
    for j in range(batch.ptr[order + 1] - first):
        w = chosen[j]
        if w < 0:
            continue
        state.stock[w, batch.sku[first + j]] -= sign * batch.qty[first + j]
        opens = True
        for i in range(j):
            if chosen[i] == w:
                opens = False
                break
        if opens:
            state.capacity[w] -= sign


@kernel
def cost_of(batch: Batch, order: int, chosen: IntArray) -> float:
    """Return what `order` costs when its lines go to `chosen`."""
    first = batch.ptr[order]
    total = 0.0
    parcels = 0
    for j in range(batch.ptr[order + 1] - first):
        w = chosen[j]
        if w < 0:
            total += batch.unfilled[first + j]
            continue
        total += batch.cost[first + j, w]
        opens = True
        for i in range(j):
            if chosen[i] == w:
                opens = False
                break
        if opens:
            total += batch.parcel[order, w]
            parcels += 1
    if parcels > 1:
        total += batch.split * (parcels - 1)
    return total


@kernel
def total_cost(batch: Batch, chosen: IntArray) -> float:
    """Return what all orders cost together."""
    total = 0.0
    for order in range(batch.ptr.size - 1):
        total += cost_of(batch, order, chosen[batch.ptr[order] : batch.ptr[order + 1]])
    return total
