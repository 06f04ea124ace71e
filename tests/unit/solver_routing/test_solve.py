"""`solve` against enumeration, and its promises about time, reasons and workers."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solver.errors import InvalidProblemError, UnsupportedError
from solver.routing.checker import check
from solver.routing.engines.registry import supports
from solver.routing.plan import Plan, Tour, UnservedReason
from solver.routing.problem import Depot, Location, Problem, Profile, Stop, VehicleType, Window
from solver.routing.solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("engine", ["pyvrp", "ortools"])
@pytest.mark.parametrize("seed", range(12))
def test_finds_the_optimum_of_tiny_problems(
    seed: int,
    engine: str,
    tiny_problem: Callable[[int], Problem],
    best_cost: Callable[[Problem], int | None],
) -> None:
    problem = tiny_problem(seed)
    if not supports(engine, problem):
        with pytest.raises(UnsupportedError):
            solve(problem, budget_s=0.3, engine=engine)
        return

    plan = solve(problem, budget_s=0.3, engine=engine)

    optimum = best_cost(problem)
    assert plan.complete == (optimum is not None)
    assert not plan.degraded
    if optimum is not None:
        assert plan.cost == optimum
        assert plan.lower_bound <= optimum


@pytest.mark.parametrize("seed", range(12))
def test_every_plan_passes_the_checker(seed: int, tiny_problem: Callable[[int], Problem]) -> None:
    problem = tiny_problem(100 + seed)
    seen: list[Plan] = []

    plan = solve(problem, budget_s=0.1, on_improvement=lambda cost, plan: seen.append(plan))

    assert check(problem, plan) == ()
    assert all(check(problem, each) == () for each in seen)
    assert seen[-1].routes == plan.routes


def test_improvements_only_ever_get_better(plain_problem: Problem) -> None:
    costs: list[int] = []

    plan = solve(plain_problem, budget_s=0.2, on_improvement=lambda cost, plan: costs.append(cost))

    assert costs == sorted(costs, reverse=True)
    assert plan.trace
    assert plan.trace[-1][1] == plan.cost


def test_stops_when_asked_and_keeps_the_best(plain_problem: Problem) -> None:
    plan = solve(plain_problem, budget_s=3600, stop=lambda: True)

    assert plan.complete


def one_stop(stop: Stop, vehicle: VehicleType) -> Problem:
    legs = np.array([[0, 50], [50, 0]])
    return Problem(
        locations=[Location()] * 2,
        depots=[Depot(0)],
        vehicle_types=[vehicle],
        profiles=[Profile(legs, legs)],
        stops=[Stop(1, (1,), id="fine"), stop],
    )


@pytest.mark.parametrize(
    ("stop", "vehicle", "reason", "said"),
    [
        (Stop(1, (11,)), VehicleType(1, (10,)), UnservedReason.EXCEEDS_CAPACITY, "11"),
        (
            Stop(1, (1,), windows=(Window(0, 49),)),
            VehicleType(1, (10,)),
            UnservedReason.UNREACHABLE,
            "1 s after its last window",
        ),
        (
            Stop(1, (1,), service_s=10),
            VehicleType(1, (10,), shift=Window(0, 105)),
            UnservedReason.UNREACHABLE,
            "5 s after its shift",
        ),
        (
            Stop(1, (1,), service_s=10),
            VehicleType(1, (10,), max_duration_s=100),
            UnservedReason.UNREACHABLE,
            "110 s",
        ),
        (
            Stop(1, (1,), skills=frozenset({"cold"})),
            VehicleType(1, (10,)),
            UnservedReason.NO_VEHICLE_ALLOWED,
            "No vehicle",
        ),
        (Stop(1, (10,)), VehicleType(1, (10,)), UnservedReason.NOT_FOUND_IN_TIME, "ended"),
    ],
)
def test_says_why_a_stop_is_left_out_and_serves_the_rest(
    stop: Stop, vehicle: VehicleType, reason: UnservedReason, said: str
) -> None:
    problem = one_stop(replace(stop, id="odd"), vehicle)

    plan = solve(problem, budget_s=0.3)

    assert len(plan.unserved) == 1
    assert plan.unserved[0].reason is reason
    assert said in plan.unserved[0].sentence
    assert not plan.complete
    assert plan.gap is None
    assert len(plan.routes) == 1


def test_leaves_an_optional_stop_out_where_its_prize_is_small() -> None:
    problem = one_stop(Stop(1, (10,), required=False, prize=3, id="odd"), VehicleType(2, (10,)))

    plan = solve(problem, budget_s=0.2)

    assert plan.complete
    assert plan.cost == 103
    assert plan.unserved[0].reason is UnservedReason.NOT_WORTH_ITS_PRIZE


@pytest.mark.parametrize("engine", ["pyvrp", "ortools"])
def test_answers_problems_with_nothing_to_do(engine: str) -> None:
    problem = Problem([Location()], [Depot(0)], [], [])

    plan = solve(problem, budget_s=0.1, engine=engine)

    assert plan.complete
    assert plan.cost == 0
    assert plan.gap == 0.0 or plan.bound_kind == "none"


def test_no_vehicle_at_all_leaves_everything_out_with_a_reason() -> None:
    problem = one_stop(Stop(1, (1,)), VehicleType(0, (10,)))

    plan = solve(problem, budget_s=0.1)

    assert {u.reason for u in plan.unserved} == {UnservedReason.NO_VEHICLE_ALLOWED}


def test_two_workers_agree_with_enumeration(
    plain_problem: Problem, best_cost: Callable[[Problem], int | None]
) -> None:
    best, costs = best_cost(plain_problem), [-1]

    plan = solve(
        plain_problem,
        budget_s=120,
        workers=2,
        initial=[Tour(1, (1,))],  # far from the best, so that the workers must find it
        on_improvement=lambda cost, plan: costs.append(cost if plan.complete else -1),
        stop=lambda: costs[-1] == best,
    )

    assert plan.cost == best
    assert not plan.degraded


def test_plans_and_problems_travel_between_processes(plain_problem: Problem) -> None:
    plan = solve(plain_problem, budget_s=0.1)

    again = pickle.loads(pickle.dumps((plain_problem, plan)))

    assert check(*again) == ()


def test_starts_from_tours_it_is_given(plain_problem: Problem) -> None:
    best = solve(plain_problem, budget_s=0.3)

    plan = solve(plain_problem, budget_s=60, initial=best.tours, stop=lambda: True)

    assert plan.cost == best.cost


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("budget_s", {"budget_s": 0.0}),
        ("budget_s", {"budget_s": float("nan")}),
        ("seed", {"budget_s": 1.0, "seed": -1}),
        ("workers", {"budget_s": 1.0, "workers": 0}),
        ("engine", {"budget_s": 1.0, "engine": "magic"}),
    ],
)
def test_refuses_arguments_out_of_range(
    field: str, options: dict[str, float], plain_problem: Problem
) -> None:
    with pytest.raises(InvalidProblemError) as caught:
        solve(plain_problem, **options)  # type: ignore[arg-type]

    assert caught.value.field == field
