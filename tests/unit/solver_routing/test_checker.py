"""The checker finds every kind of damage done to a sound plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from solver.routing.checker import Rule, check
from solver.routing.plan import Plan, Unserved, UnservedReason
from solver.routing.problem import Problem, VehicleType, Window
from solver.routing.solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from solver.routing.plan import Route, Visit


@pytest.fixture
def sound(plain_problem: Problem) -> Plan:
    plan = solve(plain_problem, budget_s=0.2)
    assert plan.complete
    assert check(plain_problem, plan) == ()
    return plan


def rules(problem: Problem, plan: Plan) -> set[Rule]:
    return {violation.rule for violation in check(problem, plan)}


def with_route(plan: Plan, change: Callable[[Route], Route]) -> Plan:
    return replace(plan, routes=(change(plan.routes[0]), *plan.routes[1:]))


def with_visit(plan: Plan, change: Callable[[Visit], Visit], position: int = 0) -> Plan:
    def changed(route: Route) -> Route:
        visits = list(route.visits)
        visits[position] = change(visits[position])
        return replace(route, visits=tuple(visits))

    return with_route(plan, changed)


def test_a_visit_left_out_in_silence(plain_problem: Problem, sound: Plan) -> None:
    plan = with_route(sound, lambda route: replace(route, visits=route.visits[:-1]))

    assert Rule.COVERAGE in rules(plain_problem, plan)


def test_a_visit_made_twice(plain_problem: Problem, sound: Plan) -> None:
    plan = with_route(sound, lambda r: replace(r, visits=(r.visits[0], *r.visits)))

    assert Rule.COVERAGE in rules(plain_problem, plan)


def test_a_visit_both_served_and_listed(plain_problem: Problem, sound: Plan) -> None:
    extra = Unserved(0, "a", UnservedReason.NOT_FOUND_IN_TIME, "")

    assert Rule.COVERAGE in rules(plain_problem, replace(sound, unserved=(extra,)))


def test_a_visit_that_does_not_exist(plain_problem: Problem, sound: Plan) -> None:
    plan = with_visit(sound, lambda visit: replace(visit, visit=99))

    assert rules(plain_problem, plan) == {Rule.COVERAGE}


def test_a_plan_said_to_be_complete_that_is_not(plain_problem: Problem, sound: Plan) -> None:
    assert Rule.COVERAGE in rules(plain_problem, replace(sound, complete=False))


def test_more_vehicles_than_there_are(plain_problem: Problem, sound: Plan) -> None:
    plan = replace(sound, routes=(*sound.routes, *sound.routes))

    assert Rule.FLEET in rules(plain_problem, plan)


def test_a_vehicle_type_that_does_not_exist(plain_problem: Problem, sound: Plan) -> None:
    plan = with_route(sound, lambda route: replace(route, vehicle_type=7))

    assert Rule.FLEET in rules(plain_problem, plan)


def test_too_much_on_board(plain_problem: Problem, sound: Plan) -> None:
    small = [replace(kind, capacity=(1,)) for kind in plain_problem.vehicle_types]

    assert Rule.LOAD in rules(replace(plain_problem, vehicle_types=small), sound)


def test_loads_that_do_not_add_up(plain_problem: Problem, sound: Plan) -> None:
    assert Rule.LOAD in rules(plain_problem, with_route(sound, lambda r: replace(r, load=(0,))))
    assert Rule.LOAD in rules(plain_problem, with_visit(sound, lambda v: replace(v, load=(9,))))


def test_service_outside_its_window(plain_problem: Problem, sound: Plan) -> None:
    shut = [replace(stop, windows=(Window(190, 199),)) for stop in plain_problem.stops]

    assert Rule.WINDOW in rules(replace(plain_problem, stops=shut), sound)


def test_service_between_two_windows(plain_problem: Problem, sound: Plan) -> None:
    position, visit = next((at, v) for at, v in enumerate(sound.routes[0].visits) if v.visit == 1)
    plan = with_visit(sound, lambda v: replace(v, start_s=30, departure_s=30), position)

    assert visit.start_s != 30
    assert Rule.WINDOW in rules(plain_problem, plan)


@pytest.mark.parametrize("field", ["arrival_s", "start_s", "departure_s", "location"])
def test_times_that_do_not_fit_the_matrix(field: str, plain_problem: Problem, sound: Plan) -> None:
    plan = with_visit(sound, lambda v: replace(v, **{field: getattr(v, field) - 1}))

    assert Rule.TIMES in rules(plain_problem, plan)


def test_a_return_before_the_last_leg_is_driven(plain_problem: Problem, sound: Plan) -> None:
    plan = with_route(sound, lambda route: replace(route, end_s=route.end_s - 1))

    assert Rule.TIMES in rules(plain_problem, plan)


def test_work_outside_the_shift(plain_problem: Problem, sound: Plan) -> None:
    short = [replace(kind, shift=Window(0, 20)) for kind in plain_problem.vehicle_types]

    assert Rule.SHIFT in rules(replace(plain_problem, vehicle_types=short), sound)


def test_leaving_before_the_goods_are_there(plain_problem: Problem, sound: Plan) -> None:
    later = [replace(stop, release_s=180) for stop in plain_problem.stops]

    assert Rule.RELEASE in rules(replace(plain_problem, stops=later), sound)


@pytest.mark.parametrize(
    ("limit", "rule"), [("max_duration_s", Rule.DURATION), ("max_distance", Rule.DISTANCE)]
)
def test_a_route_too_long(limit: str, rule: Rule, plain_problem: Problem, sound: Plan) -> None:
    tight = [replace(kind, **{limit: 3}) for kind in plain_problem.vehicle_types]

    assert rule in rules(replace(plain_problem, vehicle_types=tight), sound)


def test_a_distance_that_is_not_the_matrix(plain_problem: Problem, sound: Plan) -> None:
    plan = with_route(sound, lambda route: replace(route, distance=route.distance - 1))

    assert Rule.DISTANCE in rules(plain_problem, plan)


def test_a_delivery_before_its_pickup(plain_problem: Problem, sound: Plan) -> None:
    plan = with_route(sound, lambda route: replace(route, visits=route.visits[::-1]))

    assert Rule.PRECEDENCE in rules(plain_problem, plan)


def test_half_a_shipment(plain_problem: Problem, sound: Plan) -> None:
    plan = with_route(
        sound, lambda r: replace(r, visits=tuple(v for v in r.visits if v.visit != 4))
    )

    assert Rule.PRECEDENCE in rules(plain_problem, plan)


def test_a_vehicle_that_is_not_allowed(plain_problem: Problem, sound: Plan) -> None:
    choosy = [replace(stop, skills=frozenset({"crane"})) for stop in plain_problem.stops]

    assert Rule.ALLOWED in rules(replace(plain_problem, stops=choosy), sound)


def test_costs_that_are_not_the_problem_s(plain_problem: Problem, sound: Plan) -> None:
    dearer = [
        VehicleType(**{**{f: getattr(kind, f) for f in kind.__slots__}, "fixed_cost": 99})
        for kind in plain_problem.vehicle_types
    ]

    assert Rule.COST in rules(replace(plain_problem, vehicle_types=dearer), sound)
    assert Rule.COST in rules(plain_problem, replace(sound, cost=sound.cost - 1))
    parts = {**sound.cost_parts, "fixed": 0}
    assert Rule.COST in rules(plain_problem, replace(sound, cost_parts=parts))
