"""The independent checker: a plan against its problem, from the matrices alone.

It shares no code with the engines, the scheduler or the bounds, and reads the
problem's stops and shipments directly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solver.routing.plan import Plan, Route
    from solver.routing.problem import Problem, Window


@unique
class Rule(StrEnum):
    """What a plan can break."""

    COVERAGE = "COVERAGE"
    FLEET = "FLEET"
    LOAD = "LOAD"
    WINDOW = "WINDOW"
    TIMES = "TIMES"
    SHIFT = "SHIFT"
    RELEASE = "RELEASE"
    DURATION = "DURATION"
    DISTANCE = "DISTANCE"
    PRECEDENCE = "PRECEDENCE"
    ALLOWED = "ALLOWED"
    COST = "COST"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes
    ----------
    route, visit
        Position in `Plan.routes` and number in `Problem.visits`, where they apply.
    """

    rule: Rule
    message: str
    route: int | None = None
    visit: int | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """What the checker knows of one visit."""

    location: int
    service_s: int
    windows: tuple[Window, ...]
    delivery: tuple[int, ...]
    pickup: tuple[int, ...]
    release_s: int
    types: frozenset[int]
    required: bool
    prize: int


def check(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """Return every rule that `plan` breaks; empty for a sound plan."""
    places = _places(problem)
    numbers = [visit.visit for route in plan.routes for visit in route.visits]
    numbers += [unserved.visit for unserved in plan.unserved]
    unknown = sorted({n for n in numbers if not 0 <= n < len(places)})
    if unknown:
        return tuple(Violation(Rule.COVERAGE, "no such visit", visit=n) for n in unknown)
    return tuple(_violations(problem, places, plan))


def _violations(problem: Problem, places: list[_Place], plan: Plan) -> Iterator[Violation]:
    yield from _coverage(problem, places, plan)
    for index, vehicle in enumerate(problem.vehicle_types):
        used = sum(route.vehicle_type == index for route in plan.routes)
        if used > vehicle.count:
            yield Violation(Rule.FLEET, f"{used} vehicles of type {index}, has {vehicle.count}")
    for number, route in enumerate(plan.routes):
        if not 0 <= route.vehicle_type < len(problem.vehicle_types):
            yield Violation(Rule.FLEET, f"no vehicle type {route.vehicle_type}", number)
            continue
        yield from _times(problem, places, number, route)
        yield from _loads(problem, places, number, route)
        yield from _pairs(problem, number, route)
        for visit in route.visits:
            if route.vehicle_type not in places[visit.visit].types:
                yield Violation(Rule.ALLOWED, "vehicle type not allowed", number, visit.visit)
    yield from _cost(problem, places, plan)


def _coverage(problem: Problem, places: list[_Place], plan: Plan) -> Iterator[Violation]:
    times = [0] * len(places)
    for visit in [v.visit for route in plan.routes for v in route.visits]:
        times[visit] += 1
    left_out = {unserved.visit for unserved in plan.unserved}
    for visit, count in enumerate(times):
        if count > 1:
            yield Violation(Rule.COVERAGE, f"visited {count} times", visit=visit)
        elif (count == 0) != (visit in left_out):
            said = "listed as unserved" if count else "neither served nor listed"
            yield Violation(Rule.COVERAGE, said, visit=visit)
    missing = any(places[visit].required for visit in left_out)
    if plan.complete == missing:
        yield Violation(Rule.COVERAGE, f"complete is {plan.complete}")
    if len(left_out) != len(plan.unserved):
        yield Violation(Rule.COVERAGE, "a visit is listed as unserved twice")
    first = len(problem.stops)
    for pickup in range(first, len(places), 2):
        if times[pickup] != times[pickup + 1]:
            yield Violation(Rule.PRECEDENCE, "one end of a shipment only", visit=pickup)


def _times(
    problem: Problem, places: list[_Place], number: int, route: Route
) -> Iterator[Violation]:
    vehicle = problem.vehicle_types[route.vehicle_type]
    profile = problem.profiles[vehicle.profile]
    here = problem.depots[vehicle.start_depot]
    end = problem.depots[vehicle.end_depot]
    for depot, time_s in ((here, route.start_s), (end, route.end_s)):
        opens_s = max(vehicle.shift.opens_s, depot.window.opens_s)
        closes_s = min(vehicle.shift.closes_s, depot.window.closes_s)
        if not opens_s <= time_s <= closes_s:
            yield Violation(Rule.SHIFT, f"{time_s} outside {opens_s}..{closes_s}", number)
    clock_s, at, distance = route.start_s, here.location, 0
    for visit in route.visits:
        place = places[visit.visit]
        distance += int(profile.distance[at, place.location])
        arrival_s = clock_s + int(profile.travel_s[at, place.location])
        if (visit.location, visit.arrival_s) != (place.location, arrival_s):
            yield Violation(Rule.TIMES, f"arrives at {arrival_s}", number, visit.visit)
        if visit.start_s < arrival_s or visit.departure_s != visit.start_s + place.service_s:
            yield Violation(Rule.TIMES, "service does not fit", number, visit.visit)
        if not any(w.opens_s <= visit.start_s <= w.closes_s for w in place.windows):
            yield Violation(Rule.WINDOW, f"begins at {visit.start_s}", number, visit.visit)
        if route.start_s < place.release_s:
            yield Violation(Rule.RELEASE, f"leaves at {route.start_s}", number, visit.visit)
        clock_s, at = visit.departure_s, place.location
    distance += int(profile.distance[at, end.location])
    back_s = clock_s + int(profile.travel_s[at, end.location])
    if back_s > route.end_s:
        yield Violation(Rule.TIMES, f"is back at {back_s}, not {route.end_s}", number)
    if distance != route.distance:
        yield Violation(Rule.DISTANCE, f"drives {distance}, not {route.distance}", number)
    if vehicle.max_distance is not None and distance > vehicle.max_distance:
        yield Violation(Rule.DISTANCE, f"{distance} of {vehicle.max_distance}", number)
    took_s = route.end_s - route.start_s
    if vehicle.max_duration_s is not None and took_s > vehicle.max_duration_s:
        yield Violation(Rule.DURATION, f"{took_s} s of {vehicle.max_duration_s}", number)


def _loads(
    problem: Problem, places: list[_Place], number: int, route: Route
) -> Iterator[Violation]:
    capacity = problem.vehicle_types[route.vehicle_type].capacity
    first = len(problem.stops)
    for dim, limit in enumerate(capacity):
        load = sum(places[v.visit].delivery[dim] for v in route.visits if v.visit < first)
        if load != route.load[dim]:
            yield Violation(Rule.LOAD, f"leaves with {load} in dimension {dim}", number)
        if load > limit:
            yield Violation(Rule.LOAD, f"leaves with {load} of {limit}", number)
        for visit in route.visits:
            place = places[visit.visit]
            load += place.pickup[dim] - place.delivery[dim]
            if load != visit.load[dim]:
                yield Violation(Rule.LOAD, f"carries {load}", number, visit.visit)
            if load > limit:
                yield Violation(Rule.LOAD, f"carries {load} of {limit}", number, visit.visit)


def _pairs(problem: Problem, number: int, route: Route) -> Iterator[Violation]:
    first = len(problem.stops)
    order = {visit.visit: place for place, visit in enumerate(route.visits)}
    for visit, place in order.items():
        if visit < first:
            continue
        pickup, delivery = visit - (visit - first) % 2, visit + 1 - (visit - first) % 2
        if pickup not in order or delivery not in order:
            yield Violation(Rule.PRECEDENCE, "shipment split over routes", number, visit)
        elif visit == delivery and order[pickup] > place:
            yield Violation(Rule.PRECEDENCE, "delivered before its pickup", number, visit)


def _cost(problem: Problem, places: list[_Place], plan: Plan) -> Iterator[Violation]:
    parts = {"fixed": 0, "distance": 0, "time": 0}
    for number, route in enumerate(plan.routes):
        if not 0 <= route.vehicle_type < len(problem.vehicle_types):
            continue
        vehicle = problem.vehicle_types[route.vehicle_type]
        matrix = problem.profiles[vehicle.profile].distance
        stations = [
            problem.depots[vehicle.start_depot].location,
            *(places[visit.visit].location for visit in route.visits),
            problem.depots[vehicle.end_depot].location,
        ]
        driven = sum(int(matrix[a, b]) for a, b in pairwise(stations))
        terms = {
            "fixed": vehicle.fixed_cost,
            "distance": vehicle.cost_per_distance * driven,
            "time": vehicle.cost_per_time * (route.end_s - route.start_s),
        }
        for name, value in terms.items():
            parts[name] += value
        if sum(terms.values()) != route.cost:
            yield Violation(Rule.COST, f"costs {sum(terms.values())}, not {route.cost}", number)
    parts["prizes"] = sum(places[u.visit].prize for u in plan.unserved)
    if dict(plan.cost_parts) != parts:
        yield Violation(Rule.COST, f"cost parts are {parts}, not {plan.cost_parts}")
    if sum(parts.values()) != plan.cost:
        yield Violation(Rule.COST, f"the plan costs {sum(parts.values())}, not {plan.cost}")


def _places(problem: Problem) -> list[_Place]:
    none = (0,) * len(problem.vehicle_types[0].capacity) if problem.vehicle_types else ()
    every = {index: vehicle.skills for index, vehicle in enumerate(problem.vehicle_types)}
    places = []
    for stop in problem.stops:
        types = every.keys() if stop.allowed_types is None else stop.allowed_types
        places.append(
            _Place(
                location=stop.location,
                service_s=stop.service_s,
                windows=stop.windows,
                delivery=stop.delivery or none,
                pickup=stop.pickup or none,
                release_s=stop.release_s,
                types=frozenset(t for t in types if stop.skills <= every[t]),
                required=stop.required,
                prize=stop.prize,
            )
        )
    for shipment in problem.shipments:
        types = every.keys() if shipment.allowed_types is None else shipment.allowed_types
        able = frozenset(t for t in types if shipment.skills <= every[t])
        load = shipment.load or none
        for end, delivery, pickup, prize in (
            (shipment.pickup, none, load, shipment.prize),
            (shipment.delivery, load, none, 0),
        ):
            places.append(
                _Place(
                    location=end.location,
                    service_s=end.service_s,
                    windows=end.windows,
                    delivery=delivery,
                    pickup=pickup,
                    release_s=0,
                    types=able,
                    required=shipment.required,
                    prize=prize,
                )
            )
    return places
