"""Small random batches, and every answer to them in plain Python."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def random_batch(
    seed: int,
    *,
    orders: int = 4,
    warehouses: int = 3,
    skus: int = 3,
    most_lines: int = 2,
    repeats: bool = False,
) -> Problem:
    """Return a scarce little batch; capacities, masks and split rules vary with the seed."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, most_lines + 1, orders)
    lines = int(counts.sum())
    sku = np.concatenate([rng.choice(skus, n, replace=repeats) for n in counts])
    stock = rng.integers(0, 1 + 2 * lines // (warehouses * 2) + 1, (warehouses, skus))
    roomy = seed % 3 == 0
    return Problem(
        stock=stock,
        parcel_capacity=np.full(warehouses, lines) if roomy else rng.integers(0, 3, warehouses),
        order_ptr=np.concatenate(([0], np.cumsum(counts))),
        parcel_cost=rng.integers(0, 60, (orders, warehouses)),
        line_sku=sku,
        line_qty=rng.integers(1, 3, lines),
        unfilled_cost=rng.integers(5, 120, lines),
        line_cost=rng.integers(0, 40, (lines, warehouses)),
        split_cost=int(rng.integers(0, 20)),
        max_parcels=int(rng.integers(1, 4)),
        allowed=rng.random((lines, warehouses)) < (1.0 if seed % 2 else 0.8),
        may_split=rng.random(orders) < (1.0 if seed % 5 else 0.5),
    )


def order_cost(problem: Problem, order: int, chosen: tuple[int, ...]) -> int | None:
    """Cost of one order in plain Python; None where its own rules forbid `chosen`."""
    lines = range(problem.order_ptr[order], problem.order_ptr[order + 1])
    used = {w for w in chosen if w >= 0}
    most = problem.max_parcels if problem.may_split[order] else 1
    if len(used) > most:
        return None
    total = sum(int(problem.parcel_cost[order, w]) for w in used)
    total += problem.split_cost * max(0, len(used) - 1)
    for line, w in zip(lines, chosen, strict=True):
        if w >= 0 and not problem.allowed[line, w]:
            return None
        total += int(problem.unfilled_cost[line] if w < 0 else problem.line_cost[line, w])
    return total


def within(
    problem: Problem, stock: np.ndarray, capacity: np.ndarray, order: int, chosen: tuple[int, ...]
) -> bool:
    """Whether `stock` and `capacity` cover `chosen`."""
    left = stock.copy()
    for line, w in zip(
        range(problem.order_ptr[order], problem.order_ptr[order + 1]), chosen, strict=True
    ):
        if w >= 0:
            left[w, problem.line_sku[line]] -= problem.line_qty[line]
    return bool((left >= 0).all()) and all(capacity[w] >= 1 for w in set(chosen) - {-1})


def answers_of(problem: Problem, order: int) -> Iterator[tuple[int, ...]]:
    """Every choice of warehouses (or none) for the lines of one order."""
    m = int(problem.order_ptr[order + 1] - problem.order_ptr[order])
    return itertools.product(range(-1, problem.warehouses), repeat=m)


def cheapest_order(
    problem: Problem,
    order: int,
    stock: np.ndarray,
    capacity: np.ndarray,
    accept: Callable[[tuple[int, ...]], bool] = lambda _: True,
) -> int | None:
    """Least cost of one order over all its answers within `stock` and `capacity`."""
    costs = [
        cost
        for chosen in answers_of(problem, order)
        if accept(chosen) and (cost := order_cost(problem, order, chosen)) is not None
        if within(problem, stock, capacity, order, chosen)
    ]
    return min(costs, default=None)


def optimum(problem: Problem) -> int:
    """Least cost of the batch: all answers of all orders, cut by cost so far."""
    options = [
        sorted(
            (cost, chosen)
            for chosen in answers_of(problem, order)
            if (cost := order_cost(problem, order, chosen)) is not None
        )
        for order in range(problem.orders)
    ]
    least = [0] * (problem.orders + 1)
    for order in reversed(range(problem.orders)):
        least[order] = least[order + 1] + options[order][0][0]
    best = int(problem.unfilled_cost.sum())

    def descend(order: int, spent: int, stock: np.ndarray, capacity: np.ndarray) -> None:
        nonlocal best
        if order == problem.orders:
            best = min(best, spent)
            return
        for cost, chosen in options[order]:
            if spent + cost + least[order + 1] >= best:
                break
            if not within(problem, stock, capacity, order, chosen):
                continue
            left, room = stock.copy(), capacity.copy()
            first = problem.order_ptr[order]
            for j, w in enumerate(chosen):
                if w >= 0:
                    left[w, problem.line_sku[first + j]] -= problem.line_qty[first + j]
            for w in set(chosen) - {-1}:
                room[w] -= 1
            descend(order + 1, spent + cost, left, room)

    descend(0, 0, np.array(problem.stock), np.array(problem.parcel_capacity))
    return best
