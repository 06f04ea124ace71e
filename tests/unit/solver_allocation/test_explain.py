"""Explanations against every answer of an order."""

from __future__ import annotations

import numpy as np
import pytest

from solver.allocation.explain import explain, forced_choice
from solver.allocation.problem import Problem
from solver.allocation.reasons import UnfilledReason
from solver.allocation.solve import allocate
from solver.errors import InvalidProblemError
from tests.unit.solver_allocation.oracle import cheapest_order, random_batch


def left_to(problem: Problem, chosen: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Stock and capacity with all orders but one served, counted in plain Python."""
    stock, capacity = np.array(problem.stock), np.array(problem.parcel_capacity)
    for other in range(problem.orders):
        if other == order:
            continue
        lines = range(problem.order_ptr[other], problem.order_ptr[other + 1])
        for line in lines:
            if chosen[line] >= 0:
                stock[chosen[line], problem.line_sku[line]] -= problem.line_qty[line]
        for w in {int(chosen[line]) for line in lines} - {-1}:
            capacity[w] -= 1
    return stock, capacity


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_runner_up_is_the_best_other_set_and_forcing_it_costs_the_same(
    seed: int, repeats: bool
) -> None:
    problem = random_batch(seed, warehouses=4, skus=4, most_lines=4, repeats=repeats)
    found = allocate(problem, budget_s=0)

    for said in explain(problem, found):
        stock, capacity = left_to(problem, found.chosen, said.order)
        other = cheapest_order(
            problem,
            said.order,
            stock,
            capacity,
            accept=lambda chosen, own=said.choice.warehouses: (
                tuple(sorted(set(chosen) - {-1})) != own
            ),
        )
        if said.runner_up is None:
            assert other is None
            continue
        forced = forced_choice(problem, found, said.order, said.runner_up.warehouses)

        assert said.runner_up.terms.total == other
        assert forced is not None
        assert forced.terms.total == other
        assert said.runner_up.warehouses != said.choice.warehouses


@pytest.mark.parametrize("seed", range(30))
def test_terms_of_all_orders_sum_to_the_cost(seed: int) -> None:
    problem = random_batch(seed, orders=20, warehouses=5, skus=9, most_lines=4)
    found = allocate(problem, budget_s=0)

    said = explain(problem, found)

    assert sum(order.choice.terms.total for order in said) == found.cost
    assert sum(len(order.unfilled) for order in said) == found.unfilled_lines


def test_a_warehouse_that_serves_only_at_a_loss_can_be_the_runner_up() -> None:
    problem = single(stock=[[9], [9]], parcel=[[10, 90]], unfilled=1000)

    (said,) = explain(problem, allocate(problem, budget_s=0))

    assert said.choice.warehouses == (0,)
    assert said.runner_up is not None
    assert (said.runner_up.warehouses, said.runner_up.terms.total) == ((1,), 90)


def single(
    stock: list[list[int]],
    parcel: list[list[int]],
    unfilled: int = 100,
    orders: int = 1,
    **others: object,
) -> Problem:
    w = len(stock)
    return Problem(
        stock=np.array(stock),
        parcel_capacity=np.array(others.pop("capacity", [9] * w)),
        order_ptr=np.arange(orders + 1),
        parcel_cost=np.array(parcel),
        line_sku=np.zeros(orders, dtype=np.int64),
        line_qty=np.ones(orders, dtype=np.int64),
        unfilled_cost=np.full(orders, unfilled),
        line_cost=np.zeros((orders, w), dtype=np.int64),
        **others,  # type: ignore[arg-type]  # optional fields of the problem
    )


def two_lines(**others: object) -> Problem:
    """One order of two SKUs, each in one of two warehouses."""
    return Problem(
        stock=np.array([[1, 0], [0, 1]]),
        parcel_capacity=np.array([9, 9]),
        order_ptr=np.array([0, 2]),
        parcel_cost=np.array([[10, 10]]),
        line_sku=np.array([0, 1]),
        line_qty=np.array([1, 1]),
        unfilled_cost=np.array([100, 50]),
        line_cost=np.zeros((2, 2), dtype=np.int64),
        **others,  # type: ignore[arg-type]  # optional fields of the problem
    )


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (single([[0], [0]], [[10, 10]]), UnfilledReason.NO_STOCK_ANYWHERE),
        (
            single([[1], [0]], [[10, 10]], allowed=np.array([[False, True]])),
            UnfilledReason.NOT_ALLOWED,
        ),
        (single([[1]], [[10], [10]], orders=2), UnfilledReason.STOCK_TAKEN),
        (single([[5]], [[10], [10]], orders=2, capacity=[1]), UnfilledReason.CAPACITY),
        (single([[5]], [[101]]), UnfilledReason.DEARER_THAN_UNFILLED),
        (two_lines(max_parcels=1), UnfilledReason.PARCEL_LIMIT),
        (two_lines(may_split=np.array([False])), UnfilledReason.PARCEL_LIMIT),
        (two_lines(split_cost=41), UnfilledReason.DEARER_THAN_UNFILLED),
    ],
)
def test_names_the_reason_of_an_unfilled_line(problem: Problem, reason: UnfilledReason) -> None:
    said = explain(problem, allocate(problem, budget_s=0))

    assert [line.reason for order in said for line in order.unfilled] == [reason]


def test_a_baseline_that_did_not_look_is_not_excused() -> None:
    problem = single([[1], [1]], [[10, 20], [10, 90]], orders=2)
    found = allocate(problem, budget_s=0, method="nearest")
    idle = type(found)(**{**vars(found), "chosen": np.array([-1, -1])})

    said = explain(problem, idle)

    assert {line.reason for order in said for line in order.unfilled} == {UnfilledReason.NOT_FOUND}


def test_says_what_scarce_units_are_worth_to_others() -> None:
    problem = single([[1], [9]], [[10, 30], [10, 80]], orders=2)
    found = allocate(problem, budget_s=5, method="relaxation")

    said = explain(problem, found)

    assert found.chosen.tolist() == [1, 0]
    worth = [price.worth for price in said[0].shadow_prices if price.warehouse == 0]
    assert len(worth) == 1
    assert 20 <= worth[0] <= 70  # between what the loser and the winner would pay


@pytest.mark.parametrize(("field", "order", "set_"), [("order", 9, [0]), ("warehouses", 0, [7])])
def test_refuses_a_forced_choice_of_what_is_not_there(
    field: str, order: int, set_: list[int]
) -> None:
    problem = single([[1]], [[10]])

    with pytest.raises(InvalidProblemError) as caught:
        forced_choice(problem, allocate(problem, budget_s=0), order, set_)

    assert caught.value.field == field
