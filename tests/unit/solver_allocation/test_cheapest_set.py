"""The set kernel against every answer of an order."""

from __future__ import annotations

import numpy as np
import pytest

from solver.allocation.arrays import Prices, batch_of, cost_of, no_prices
from solver.allocation.cheapest_set import cheapest_set
from solver.allocation.problem import Problem
from tests.unit.solver_allocation.oracle import cheapest_order, random_batch, within


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_is_as_cheap_as_the_best_of_all_answers(seed: int, repeats: bool) -> None:
    problem = random_batch(seed, warehouses=4, skus=4, most_lines=4, repeats=repeats)
    stock, capacity = np.array(problem.stock), np.array(problem.parcel_capacity)
    batch, free = batch_of(problem), no_prices(problem)
    chosen = np.empty(4, dtype=np.int64)

    for order in range(problem.orders):
        cost = cheapest_set(batch, free, stock, capacity, order, chosen)

        m = problem.order_ptr[order + 1] - problem.order_ptr[order]
        assert cost == cheapest_order(problem, order, stock, capacity)
        assert cost == cost_of(batch, order, chosen[:m])
        assert within(problem, stock, capacity, order, tuple(chosen[:m].tolist()))


@pytest.mark.parametrize("seed", range(4))
def test_is_exact_on_twelve_lines_over_four_warehouses(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = Problem(
        stock=rng.integers(0, 3, (4, 12)),
        parcel_capacity=np.array([1, 1, 1, 1]),
        order_ptr=np.array([0, 12]),
        parcel_cost=rng.integers(20, 90, (1, 4)),
        line_sku=np.arange(12),
        line_qty=rng.integers(1, 3, 12),
        unfilled_cost=rng.integers(20, 80, 12),
        line_cost=rng.integers(0, 40, (12, 4)),
        split_cost=7,
        max_parcels=3,
    )
    chosen = np.empty(12, dtype=np.int64)

    cost = cheapest_set(
        batch_of(problem), no_prices(problem), np.array(problem.stock), np.ones(4, int), 0, chosen
    )

    usable = (problem.stock[:, problem.line_sku] >= problem.line_qty).T  # (12, 4)
    line_cost = np.where(usable, problem.line_cost, 10**6)
    best = int(problem.unfilled_cost.sum())
    for mask in range(1, 16):  # lines are independent once the set is fixed
        members = [w for w in range(4) if mask >> w & 1]
        if len(members) > 3:
            continue
        lines = np.minimum(line_cost[:, members].min(axis=1), problem.unfilled_cost).sum()
        parcels = problem.parcel_cost[0, members].sum() + 7 * (len(members) - 1)
        best = min(best, int(lines + parcels))
    assert cost == best


def test_prices_move_an_order_to_the_stock_nobody_else_wants() -> None:
    problem = Problem(
        stock=np.array([[1], [1]]),
        parcel_capacity=np.array([1, 1]),
        order_ptr=np.array([0, 1]),
        parcel_cost=np.array([[10, 15]]),
        line_sku=np.array([0]),
        line_qty=np.array([1]),
        unfilled_cost=np.array([100]),
        line_cost=np.array([[0, 0]]),
    )
    prices = Prices(np.array([[8.0], [0.0]]), np.zeros(2))
    chosen = np.empty(1, dtype=np.int64)

    cost = cheapest_set(
        batch_of(problem), prices, np.array(problem.stock), np.array([1, 1]), 0, chosen
    )

    assert (cost, chosen.tolist()) == (15, [1])


def test_two_lines_of_one_sku_never_share_the_last_unit() -> None:
    problem = Problem(
        stock=np.array([[1]]),
        parcel_capacity=np.array([5]),
        order_ptr=np.array([0, 2]),
        parcel_cost=np.array([[1]]),
        line_sku=np.array([0, 0]),
        line_qty=np.array([1, 1]),
        unfilled_cost=np.array([50, 90]),
        line_cost=np.array([[0], [0]]),
    )
    chosen = np.empty(2, dtype=np.int64)

    cost = cheapest_set(
        batch_of(problem), no_prices(problem), np.array(problem.stock), np.array([5]), 0, chosen
    )

    assert (cost, chosen.tolist()) == (51, [-1, 0])
