"""A solver that fails, lies or is slow never costs a batch its stock or the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services.fulfilment.greedy import greedy
from solver.allocation.checker import check
from solver.allocation.solve import allocate
from tests.unit.fulfilment.desk import order, receipt, sku, warehouse
from tests.unit.solver_allocation.oracle import random_batch

if TYPE_CHECKING:
    from services._kit.clock import ManualClock
    from solver.allocation.answer import Allocation
    from solver.allocation.problem import Problem
    from tests.unit.fulfilment.desk import Desk


def broken(problem: Problem, *, budget_s: float, method: str = "auto") -> Allocation:
    """A solver with a bug."""
    raise ZeroDivisionError


def lying(problem: Problem, *, budget_s: float, method: str = "auto") -> Allocation:
    """A solver that gives every line to the first warehouse, stock or not."""
    found = allocate(problem, budget_s=budget_s, method=method)
    return replace(found, chosen=np.zeros(problem.lines, dtype=np.int64))


def flattering(problem: Problem, *, budget_s: float, method: str = "auto") -> Allocation:
    """A solver that says less than its answer costs."""
    found = allocate(problem, budget_s=budget_s, method=method)
    return replace(found, cost=found.cost - 1)


@pytest.mark.parametrize("solve", [broken, lying, flattering])
def test_falls_back_on_a_sound_allocation(desk: Desk, clock: ManualClock, solve: Any) -> None:
    desk.empty(clock, solve)
    desk.put_skus(sku())
    desk.put_warehouses(warehouse("W1"), warehouse("W2", 35, 114))
    desk.receive("r1", receipt("W1", "S1", 2), receipt("W2", "S1", 2))

    response = desk.allocate(*(order(f"o{i}", ("S1", 2)) for i in range(3)))

    statuses = [a.status for a in response.allocations]
    assert statuses.count(allocation_v1.ALLOCATION_STATUS_FULL) == 2
    assert [a.warehouse_ids for a in response.allocations] == [["W1"], ["W2"], []]
    assert response.cost_minor == sum(a.cost.amount_minor for a in response.allocations)
    assert (response.lower_bound_minor, response.bound_kind) == (0, "none")
    assert {level.available for level in desk.levels()} == {0}


@pytest.mark.parametrize("seed", range(20))
def test_the_fallback_breaks_no_rule(seed: int) -> None:
    problem = random_batch(seed)

    report = check(problem, greedy(problem))

    assert not report.violations


@pytest.mark.parametrize("seed", range(20))
def test_the_fallback_is_the_nearest_rule(seed: int) -> None:
    problem = random_batch(seed, repeats=seed % 2 == 1)

    nearest = allocate(problem, budget_s=0, method="nearest")

    assert greedy(problem).tolist() == nearest.chosen.tolist()
