"""`lower_bound` against the optimum by enumeration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from solver.routing.bounds import lower_bound
from solver.routing.fleet import least_vehicles
from solver.routing.problem import Depot, Location, Problem, Profile, Stop, VehicleType

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("batch", range(10))
def test_is_never_above_the_optimum(
    batch: int,
    tiny_problem: Callable[[int], Problem],
    best_cost: Callable[[Problem], int | None],
) -> None:
    for seed in range(40 * batch, 40 * batch + 40):
        problem = tiny_problem(seed)
        optimum = best_cost(problem)

        bound = lower_bound(problem)

        assert bound.value >= 0
        if optimum is not None:
            assert bound.value <= optimum, f"seed {seed}, {bound.kind}"


def test_is_tight_where_each_stop_needs_a_vehicle_of_its_own() -> None:
    legs = np.array([[0, 5, 7], [5, 0, 1], [7, 1, 0]])
    problem = Problem(
        locations=[Location()] * 3,
        depots=[Depot(0)],
        vehicle_types=[VehicleType(count=2, capacity=(10,), fixed_cost=100)],
        profiles=[Profile(legs, legs)],
        stops=[Stop(1, (6,)), Stop(2, (6,))],
    )

    bound = lower_bound(problem)

    assert bound.value == 2 * 100 + 2 * 5 + 2 * 7


def test_counts_vehicles_by_what_cannot_share_one() -> None:
    legs = np.zeros((2, 2), dtype=np.int64)
    problem = Problem(
        locations=[Location()] * 2,
        depots=[Depot(0)],
        vehicle_types=[VehicleType(count=9, capacity=(10,))],
        profiles=[Profile(legs, legs)],
        stops=[Stop(1, (load,)) for load in (6, 6, 6, 3)],
    )

    assert least_vehicles(problem) == 3


def test_is_none_where_no_plan_is_complete() -> None:
    legs = np.zeros((2, 2), dtype=np.int64)
    problem = Problem(
        locations=[Location()] * 2,
        depots=[Depot(0)],
        vehicle_types=[VehicleType(count=1, capacity=(10,))],
        profiles=[Profile(legs, legs)],
        stops=[Stop(1, (6,)), Stop(1, (6,))],
    )

    assert lower_bound(problem) == (0, "none")
