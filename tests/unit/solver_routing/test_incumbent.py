"""Of all that is offered the best is the answer, however long a check takes."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from solver.routing import incumbent as room
from solver.routing.incumbent import Incumbent
from solver.routing.plan import Plan, Tour
from solver.routing.problem import Depot, Location, Problem, Profile, Stop, VehicleType

LEGS = np.array([[0, 5, 7], [5, 0, 4], [7, 4, 0]])
PROBLEM = Problem(
    locations=[Location()] * 3,
    depots=[Depot(location=0)],
    vehicle_types=[VehicleType(count=2, capacity=(10,))],
    profiles=[Profile(distance=LEGS, travel_s=LEGS)],
    stops=[Stop(location=1, delivery=(3,)), Stop(location=2, delivery=(4,))],
)
PARTIAL, ONE_TOUR, TWO_TOURS = ([(0,)], [(0, 1)], [(0,), (1,)])
ONE_TOUR_COST = 16


def tours(*visits: tuple[int, ...]) -> list[Tour]:
    return [Tour(0, each) for each in visits]


@pytest.fixture
def slow_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the first check, everything waits until it is settled."""
    monkeypatch.setattr(room, "CHECK_SHARE", 10**9)


@pytest.mark.parametrize("order", [*itertools.permutations((PARTIAL, ONE_TOUR, TWO_TOURS))])
def test_no_search_takes_the_place_of_another_one_that_is_better(slow_check, order) -> None:
    incumbent = Incumbent(PROBLEM, [], time.monotonic())
    incumbent.offer([])

    for source, found in enumerate(order):
        incumbent.offer(tours(*found), source)
    incumbent.settle()

    assert incumbent.plan.cost == ONE_TOUR_COST
    assert incumbent.plan.complete


def test_a_search_is_judged_by_its_last_improvement(slow_check) -> None:
    seen: list[Plan] = []
    incumbent = Incumbent(
        PROBLEM, [], time.monotonic(), on_improvement=lambda _, plan: seen.append(plan)
    )
    incumbent.offer([])

    for found in (PARTIAL, TWO_TOURS, ONE_TOUR):
        incumbent.offer(tours(*found), 1)
    incumbent.settle()

    assert [plan.cost for plan in seen if plan.complete] == [ONE_TOUR_COST]


def test_the_times_of_improvements_rise_whichever_search_found_them(slow_check) -> None:
    incumbent = Incumbent(PROBLEM, [], time.monotonic())
    incumbent.offer([])

    incumbent.offer(tours(*PARTIAL), 2)
    incumbent.offer(tours(*TWO_TOURS), 1)
    incumbent.offer(tours(*ONE_TOUR), 2)
    incumbent.settle()

    times, costs = zip(*incumbent.plan.trace, strict=True)
    assert list(times) == sorted(times)
    assert costs == (24, ONE_TOUR_COST)


def test_tours_that_break_a_rule_cost_no_other_search_its_answer(slow_check) -> None:
    incumbent = Incumbent(PROBLEM, [], time.monotonic())
    incumbent.offer([])

    incumbent.offer(tours(*ONE_TOUR), 1)
    incumbent.offer(tours((0,), (0, 1)), 2)  # visits one stop twice
    incumbent.settle()

    assert incumbent.refused == 1
    assert incumbent.plan.cost == ONE_TOUR_COST
