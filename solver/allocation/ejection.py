"""Local search: put an order back better, or push one other order aside."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from solver.allocation._jit import kernel
from solver.allocation.arrays import Batch, Prices, State, cost_of, no_prices, relaxed, take
from solver.allocation.cheapest_set import cheapest_set
from solver.allocation.sequential import longest_order

if TYPE_CHECKING:
    from solver.allocation.problem import FloatArray, IntArray, Problem

LEAST_GAIN = 0.5  # costs are whole, so a gain is at least 1
MOST_VICTIMS = 64  # orders tried for one place, so that a full warehouse stays cheap
ORDERS_PER_CALL = 512  # between two looks at the clock


class Neighbours(NamedTuple):
    """Who competes for what, and what each order would cost alone."""

    alone: FloatArray  # (o,) lower bound: least cost with the whole stock to itself
    order: IntArray  # (l,) order of a line
    sku_ptr: IntArray  # (s + 1,)
    sku_lines: IntArray  # (l,) lines by SKU


def neighbours_of(problem: Problem, batch: Batch) -> Neighbours:
    """Return the index that `improve` searches with."""
    counts = np.bincount(problem.line_sku, minlength=problem.skus)
    return Neighbours(
        alone=costs_alone(
            relaxed(batch),
            no_prices(problem),
            np.array(problem.stock),
            np.array(problem.parcel_capacity),
        ),
        order=problem.line_order,
        sku_ptr=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        sku_lines=np.argsort(problem.line_sku, kind="stable"),
    )


def improve(
    problem: Problem,
    batch: Batch,
    near: Neighbours,
    state: State,
    *,
    passes: int = 6,
    deadline: float | None = None,
) -> int:
    """Improve `state` in place until nothing is found; never worsens it.

    Parameters
    ----------
    passes
        Most sweeps through all orders.
    deadline
        `perf_counter` value at which to stop between sweeps' parts; never
        when None.

    Returns
    -------
    int
        Minor units saved.
    """
    free = no_prices(problem)
    saved = 0.0
    for _ in range(passes):
        sweep = 0.0
        for begin in range(0, problem.orders, ORDERS_PER_CALL):
            if deadline is not None and perf_counter() >= deadline:
                return round(saved + sweep)
            end = min(begin + ORDERS_PER_CALL, problem.orders)
            sweep += improve_orders(batch, free, near, state, begin, end)
        saved += sweep
        if sweep < LEAST_GAIN:
            break
    return round(saved)


@kernel
def costs_alone(batch: Batch, prices: Prices, stock: IntArray, capacity: IntArray) -> FloatArray:
    """Return each order's least cost out of `stock` without the others, shape (o,)."""
    buffer = np.empty(longest_order(batch), np.int64)
    costs = np.empty(batch.ptr.size - 1)
    for order in range(costs.size):
        costs[order] = cheapest_set(batch, prices, stock, capacity, order, buffer)
    return costs


@kernel
def improve_orders(
    batch: Batch, free: Prices, near: Neighbours, state: State, begin: int, end: int
) -> float:
    """Re-insert, then eject for, each order of ``begin:end``; return what it saved."""
    longest = longest_order(batch)
    wanted = np.empty(longest, np.int64)
    pushed = np.empty(longest, np.int64)
    saved = 0.0
    for order in range(begin, end):
        first = batch.ptr[order]
        last = batch.ptr[order + 1]
        chosen = state.chosen[first:last]
        now = cost_of(batch, order, chosen)
        if near.alone[order] >= now - LEAST_GAIN:
            continue
        take(batch, state, order, chosen, -1)
        cost = cheapest_set(batch, free, state.stock, state.capacity, order, wanted)
        if cost < now - LEAST_GAIN:
            saved += now - cost
            now = cost
            chosen[:] = wanted[: last - first]
        take(batch, state, order, chosen, 1)
        for line in range(first, last):
            for w in range(batch.parcel.shape[1]):
                if near.alone[order] >= now - LEAST_GAIN:
                    break
                gain = _eject_for(batch, free, near, state, order, line, w, now, wanted, pushed)
                now -= gain[0]
                saved += gain[1]
    return saved


@kernel
def _eject_for(
    batch: Batch,
    free: Prices,
    near: Neighbours,
    state: State,
    order: int,
    line: int,
    w: int,
    now: float,
    wanted: IntArray,
    pushed: IntArray,
) -> tuple[float, float]:
    """Give `line` its place at `w` by moving one other order, if that pays.

    Returns what the order itself saved, and what both saved together.
    """
    first = batch.ptr[order]
    m = batch.ptr[order + 1] - first
    chosen = state.chosen[first : first + m]
    sku = batch.sku[line]
    qty = batch.qty[line]
    if state.chosen[line] == w or batch.cost[line, w] == np.inf:
        return 0.0, 0.0

    take(batch, state, order, chosen, -1)
    stock = state.stock[w, sku]
    capacity = state.capacity[w]
    pays = False
    cost = now
    if stock < qty or capacity < 1:
        state.stock[w, sku] = max(stock, qty)
        state.capacity[w] = max(capacity, 1)
        cost = cheapest_set(batch, free, state.stock, state.capacity, order, wanted)
        state.stock[w, sku] = stock
        state.capacity[w] = capacity
        pays = cost < now - LEAST_GAIN and wanted[line - first] == w
    if not pays:
        take(batch, state, order, chosen, 1)
        return 0.0, 0.0

    take(batch, state, order, wanted, 1)  # the ledger may be short by now
    victim, dearer = _victim(batch, free, near, state, order, line, w, wanted, pushed, now - cost)
    if victim < 0:
        take(batch, state, order, wanted, -1)
        take(batch, state, order, chosen, 1)
        return 0.0, 0.0
    theirs = state.chosen[batch.ptr[victim] : batch.ptr[victim + 1]]
    take(batch, state, victim, theirs, -1)
    cheapest_set(batch, free, state.stock, state.capacity, victim, pushed)
    theirs[:] = pushed[: theirs.size]
    take(batch, state, victim, theirs, 1)
    chosen[:] = wanted[:m]
    return now - cost, now - cost - dearer


@kernel
def _victim(
    batch: Batch,
    free: Prices,
    near: Neighbours,
    state: State,
    order: int,
    line: int,
    w: int,
    wanted: IntArray,
    pushed: IntArray,
    gain: float,
) -> tuple[int, float]:
    """Return the order whose move away from `w` costs least, and that cost.

    -1 when none mends the ledger for less than `gain`.
    """
    sku = batch.sku[line]
    by_stock = state.stock[w, sku] < 0
    begin = near.sku_ptr[sku] if by_stock else 0
    end = near.sku_ptr[sku + 1] if by_stock else batch.sku.size
    span = end - begin
    # A full warehouse has many holders; each place starts looking elsewhere.
    offset = 0 if by_stock or span == 0 else (line * 7919) % span
    best = gain - LEAST_GAIN
    found = -1
    seen = -1
    tried = 0
    for step in range(span):
        at = begin + (step + offset) % span
        held = near.sku_lines[at] if by_stock else at
        other = near.order[held]
        if state.chosen[held] != w or other in (order, seen):
            continue
        if by_stock and batch.qty[held] + state.stock[w, sku] < 0:
            continue
        if tried >= MOST_VICTIMS:
            break
        seen = other
        tried += 1
        theirs = state.chosen[batch.ptr[other] : batch.ptr[other + 1]]
        before = cost_of(batch, other, theirs)
        if near.alone[other] - before >= best:
            continue
        take(batch, state, other, theirs, -1)
        dearer = cheapest_set(batch, free, state.stock, state.capacity, other, pushed) - before
        if dearer < best:
            take(batch, state, other, pushed, 1)
            if _is_kept(batch, state, order, wanted):
                best = dearer
                found = other
            take(batch, state, other, pushed, -1)
        take(batch, state, other, theirs, 1)
    return found, best


@kernel
def _is_kept(batch: Batch, state: State, order: int, wanted: IntArray) -> bool:
    """Return whether the ledger holds again where `order` wants to be served."""
    first = batch.ptr[order]
    for j in range(batch.ptr[order + 1] - first):
        w = wanted[j]
        if w >= 0 and (state.stock[w, batch.sku[first + j]] < 0 or state.capacity[w] < 0):
            return False
    return True
