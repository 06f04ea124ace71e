"""`allocate`: sound answers, valid bounds, the same answer twice."""

from __future__ import annotations

import numpy as np
import pytest

from solver.allocation.answer import BoundKind
from solver.allocation.checker import check
from solver.allocation.methods import METHODS
from solver.allocation.problem import Problem
from solver.allocation.solve import allocate
from solver.errors import InvalidProblemError
from tests.unit.solver_allocation.oracle import optimum, random_batch

EMPTY = Problem(
    stock=np.zeros((2, 0), dtype=np.int64),
    parcel_capacity=np.array([1, 1]),
    order_ptr=np.array([0]),
    parcel_cost=np.zeros((0, 2), dtype=np.int64),
    line_sku=np.zeros(0, dtype=np.int64),
    line_qty=np.zeros(0, dtype=np.int64),
    unfilled_cost=np.zeros(0, dtype=np.int64),
    line_cost=np.zeros((0, 2), dtype=np.int64),
)


@pytest.mark.parametrize("seed", range(240))
def test_bound_and_cost_enclose_the_optimum(seed: int) -> None:
    problem = random_batch(seed, repeats=seed % 4 == 0)
    best = optimum(problem)

    for method in METHODS:
        found = allocate(problem, budget_s=20, method=method)

        assert found.lower_bound <= best <= found.cost, method
        assert not check(problem, found.chosen, cost=found.cost).violations
        if method == "auto":
            assert found.cost == found.lower_bound


def test_bound_holds_for_an_order_of_many_lines_of_one_sku() -> None:
    rng = np.random.default_rng(0)
    problem = Problem(
        stock=np.array([[40], [35], [50], [0]]),
        parcel_capacity=np.array([1, 1, 1, 1]),
        order_ptr=np.array([0, 40]),
        parcel_cost=np.array([[10, 20, 30, 1]]),
        line_sku=np.zeros(40, dtype=np.int64),
        line_qty=rng.integers(1, 9, 40),
        unfilled_cost=rng.integers(50, 90, 40),
        line_cost=rng.integers(0, 60, (40, 4)),
        max_parcels=3,
    )

    hurried = allocate(problem, budget_s=0)
    proven = allocate(problem, budget_s=20)

    assert proven.bound_kind is BoundKind.OPTIMAL
    assert hurried.lower_bound <= proven.cost <= hurried.cost


@pytest.mark.parametrize("seed", range(12))
def test_ejection_never_worsens_and_auto_is_never_dearer(seed: int) -> None:
    problem = random_batch(seed, orders=40, warehouses=5, skus=12, most_lines=4)

    myopic = allocate(problem, budget_s=20, method="myopic")
    ejected = allocate(problem, budget_s=0)
    searched = allocate(problem, budget_s=20)

    assert searched.cost <= ejected.cost <= myopic.cost
    assert searched.lower_bound >= ejected.lower_bound


@pytest.mark.parametrize("method", METHODS)
def test_same_problem_and_seed_give_the_same_answer(method: str) -> None:
    problem = random_batch(7, orders=60, warehouses=5, skus=12, most_lines=4)

    first = allocate(problem, budget_s=30, seed=3, method=method)
    again = allocate(problem, budget_s=30, seed=3, method=method)

    assert first.chosen.tolist() == again.chosen.tolist()
    assert first.lower_bound == again.lower_bound


@pytest.mark.parametrize("method", METHODS)
def test_an_empty_batch_costs_nothing(method: str) -> None:
    found = allocate(EMPTY, budget_s=1, method=method)

    assert (found.cost, found.lower_bound, found.gap) == (0, 0, 0.0)
    assert found.bound_kind is BoundKind.OPTIMAL


def test_bid_prices_keep_the_last_unit_for_later() -> None:
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

    without = allocate(problem, budget_s=0)
    with_bids = allocate(problem, budget_s=0, bid_prices=[[840], [0]])

    assert (without.chosen.tolist(), without.cost) == ([0], 10)
    assert (with_bids.chosen.tolist(), with_bids.cost, with_bids.lower_bound) == ([1], 15, 10)


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("method", {"budget_s": 1, "method": "magic"}),
        ("budget_s", {"budget_s": -1}),
        ("budget_s", {"budget_s": float("nan")}),
        ("bid_prices", {"budget_s": 0, "bid_prices": [[1]]}),
        ("bid_prices", {"budget_s": 0, "bid_prices": np.full((3, 3), -1)}),
        ("bid_prices", {"budget_s": 0, "bid_prices": np.full((3, 3), np.nan)}),
    ],
)
def test_refuses_arguments_by_name(field: str, arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidProblemError) as caught:
        allocate(random_batch(0), **arguments)  # type: ignore[arg-type]  # wrong on purpose

    assert caught.value.field == field
