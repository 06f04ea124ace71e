"""First plans, their timing, and what is screened out before."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solver.routing.construct import construct
from solver.routing.incumbent import Incumbent
from solver.routing.plan import Tour
from solver.routing.problem import Depot, Location, Problem, Profile, Stop, VehicleType, Window
from solver.routing.restrict import Restriction
from solver.routing.schedule import Scheduler
from solver.routing.screening import screen
from solver.routing.solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("seed", range(200, 260))
def test_first_tours_break_no_rule(seed: int, tiny_problem: Callable[[int], Problem]) -> None:
    problem = tiny_problem(seed)
    rest = Restriction.without(problem, {u.visit for u in screen(problem)})
    incumbent = Incumbent(problem, screen(problem), time.monotonic())

    incumbent.offer(rest.widen(construct(rest.problem)))
    incumbent.settle()

    assert incumbent.refused == 0


@pytest.mark.parametrize("batch", range(4))
def test_nothing_is_screened_out_that_some_plan_serves(
    batch: int,
    tiny_problem: Callable[[int], Problem],
    best_cost: Callable[[Problem], int | None],
) -> None:
    for seed in range(300 + 30 * batch, 330 + 30 * batch):
        problem = tiny_problem(seed)

        screened = [u for u in screen(problem) if problem.visits.required[u.visit]]

        assert not screened or best_cost(problem) is None, f"seed {seed}"


def test_a_quicker_way_round_is_seen() -> None:
    """Place 2 is 50 s away directly, 20 s by way of place 1."""
    legs = np.array([[0, 10, 50], [10, 0, 10], [50, 10, 0]])
    problem = Problem(
        locations=[Location()] * 3,
        depots=[Depot(0)],
        vehicle_types=[VehicleType(count=1, capacity=(10,))],
        profiles=[Profile(legs, legs)],
        stops=[Stop(1, (1,)), Stop(2, (1,), windows=(Window(0, 20),))],
    )

    plan = solve(problem, budget_s=0.3)

    assert screen(problem) == []
    assert plan.complete


def test_a_route_leaves_as_late_as_its_return_allows(plain_problem: Problem) -> None:
    route = Scheduler(plain_problem).route(Tour(0, (0,)))

    assert route is not None
    assert (route.start_s, route.visits[0].start_s, route.end_s) == (0, 5, 12)
    late = replace(plain_problem.stops[0], windows=(Window(40, 50),))
    moved = replace(plain_problem, stops=(late, *plain_problem.stops[1:]))
    later = Scheduler(moved).route(Tour(0, (0,)))
    assert later is not None
    assert (later.start_s, later.end_s) == (35, 47)


def test_a_route_between_two_windows_waits_least() -> None:
    legs = np.array([[0, 10, 10], [10, 0, 1], [10, 1, 0]])
    problem = Problem(
        locations=[Location()] * 3,
        depots=[Depot(0, Window(0, 200))],
        vehicle_types=[VehicleType(count=1)],
        profiles=[Profile(legs, legs)],
        stops=[
            Stop(1, windows=(Window(10, 20), Window(90, 99))),
            Stop(2, windows=(Window(95, 120),)),
        ],
    )

    route = Scheduler(problem).route(Tour(0, (0, 1)))

    assert route is not None
    assert route.duration_s == 21


@pytest.mark.parametrize("engine", ["pyvrp", "ortools"])
def test_problems_without_loads_are_served(engine: str) -> None:
    legs = np.array([[0, 5, 7], [5, 0, 4], [7, 4, 0]])
    problem = Problem(
        locations=[Location()] * 3,
        depots=[Depot(0)],
        vehicle_types=[VehicleType(count=2)],
        profiles=[Profile(legs, legs)],
        stops=[Stop(1), Stop(2, windows=(Window(0, 30),))],
    )

    plan = solve(problem, budget_s=0.2, engine=engine)

    assert plan.cost == 16
    assert not plan.degraded


def test_dropped_visits_come_back_under_their_own_numbers(plain_problem: Problem) -> None:
    rest = Restriction.without(plain_problem, {0, 2})

    wide = rest.widen([Tour(1, (0, 1, 2))])

    assert wide == [Tour(1, (1, 3, 4))]
    assert rest.narrow(wide) == [Tour(1, (0, 1, 2))]
    assert [stop.id for stop in rest.problem.stops] == ["b"]
