"""Tiny problems of every kind, and their optimum by enumeration."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from solver.routing.problem import (
    ALWAYS,
    Depot,
    Location,
    Problem,
    Profile,
    Shipment,
    ShipmentEnd,
    Stop,
    VehicleType,
    Window,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HORIZON_S = 60


def make_tiny_problem(seed: int) -> Problem:
    """Return a problem of at most five visits; the seed chooses which features it has."""
    rng = np.random.default_rng(seed)

    def some(share: float) -> bool:
        return bool(rng.random() < share)

    def window() -> Window:
        opens_s = int(rng.integers(0, 30))
        return Window(opens_s, opens_s + int(rng.integers(5, 30)))

    def windows() -> tuple[Window, ...]:
        if some(0.2):
            first = int(rng.integers(0, 10))
            return Window(first, first + 4), Window(first + 20, first + 35)
        return (window(),) if some(0.6) else (ALWAYS,)

    dims = int(rng.integers(1, 3))
    n = int(rng.integers(4, 8))
    symmetric = some(0.4)
    profiles = []
    for _ in range(int(rng.integers(1, 3))):
        matrices = []
        for _ in range(2):
            matrix = rng.integers(1, 15, (n, n))
            matrix = np.triu(matrix) + np.triu(matrix).T if symmetric else matrix
            np.fill_diagonal(matrix, 0)
            matrices.append(matrix)
        profiles.append(Profile(*matrices))
    depots = [Depot(int(d), Window(0, HORIZON_S)) for d in range(int(rng.integers(1, 3)))]
    vehicle_types = [
        VehicleType(
            count=int(rng.integers(1, 3)),
            capacity=tuple(int(c) for c in rng.integers(6, 15, dims)),
            start_depot=int(rng.integers(len(depots))),
            end_depot=int(rng.integers(len(depots))),
            shift=Window(int(rng.integers(0, 8)), HORIZON_S) if some(0.3) else ALWAYS,
            max_duration_s=int(rng.integers(30, 60)) if some(0.3) else None,
            max_distance=int(rng.integers(30, 60)) if some(0.2) else None,
            fixed_cost=int(rng.integers(0, 20)) if some(0.4) else 0,
            cost_per_distance=int(rng.integers(1, 3)),
            cost_per_time=int(rng.integers(0, 3)) if some(0.4) else 0,
            skills=frozenset({"cold"}) if some(0.5) else frozenset(),
            profile=int(rng.integers(len(profiles))),
        )
        for _ in range(int(rng.integers(1, 3)))
    ]
    stops, shipments = [], []
    for number in range(int(rng.integers(1, 4))):
        optional = some(0.25)
        stops.append(
            Stop(
                location=int(rng.integers(1, n)),
                delivery=tuple(int(q) for q in rng.integers(0, 6, dims)),
                pickup=tuple(int(q) for q in rng.integers(0, 6, dims)) if some(0.2) else (),
                service_s=int(rng.integers(0, 4)),
                windows=windows(),
                required=not optional,
                prize=int(rng.integers(1, 40)) if optional else 0,
                release_s=int(rng.integers(0, 8)) if some(0.2) else 0,
                allowed_types=frozenset({0}) if some(0.1) else None,
                skills=frozenset({"cold"}) if some(0.1) else frozenset(),
                id=f"s{number}",
            )
        )
    if some(0.3):
        a, b = (int(x) for x in rng.integers(1, n, 2))
        optional = some(0.25)
        shipments.append(
            Shipment(
                pickup=ShipmentEnd(a, int(rng.integers(0, 3)), (window(),)),
                delivery=ShipmentEnd(b, int(rng.integers(0, 3)), windows()[:1]),
                load=tuple(int(q) for q in rng.integers(0, 6, dims)),
                required=not optional,
                prize=int(rng.integers(1, 40)) if optional else 0,
                id="p",
            )
        )
    return Problem(
        locations=[Location(float(x), float(y)) for x, y in rng.integers(0, 20, (n, 2))],
        depots=depots,
        vehicle_types=vehicle_types,
        profiles=profiles,
        stops=stops,
        shipments=shipments,
    )


def places_of(problem: Problem, sequence: tuple[int, ...]) -> list[Stop | ShipmentEnd]:
    """Return what is visited, in order."""
    s = len(problem.stops)
    ends = [end for shipment in problem.shipments for end in (shipment.pickup, shipment.delivery)]
    return [problem.stops[v] if v < s else ends[v - s] for v in sequence]


def may_serve(problem: Problem, type_number: int, sequence: tuple[int, ...]) -> bool:
    """Return whether a vehicle may take these visits, in this order, within its capacity."""
    vehicle, s = problem.vehicle_types[type_number], len(problem.stops)
    dims = len(vehicle.capacity)
    load = np.zeros(dims, dtype=int)
    changes = []
    for position, v in enumerate(sequence):
        owner = problem.stops[v] if v < s else problem.shipments[(v - s) // 2]
        if owner.allowed_types is not None and type_number not in owner.allowed_types:
            return False
        if not owner.skills <= vehicle.skills:
            return False
        if isinstance(owner, Stop):
            load = load + np.array(owner.delivery or (0,) * dims)
            changes.append(np.array(owner.pickup or (0,) * dims) - (owner.delivery or (0,) * dims))
        elif (v - s) % 2:
            changes.append(-np.array(owner.load or (0,) * dims))
            if v - 1 not in sequence[:position]:
                return False
        else:
            changes.append(np.array(owner.load or (0,) * dims))
            if v + 1 not in sequence:
                return False
    loads = itertools.accumulate(changes, initial=load)
    return all((each <= vehicle.capacity).all() for each in loads)


def least_duration_s(problem: Problem, type_number: int, sequence: tuple[int, ...]) -> int | None:
    """Return the shortest duration over every whole second of departure."""
    vehicle = problem.vehicle_types[type_number]
    travel_s = problem.profiles[vehicle.profile].travel_s
    begin, end = problem.depots[vehicle.start_depot], problem.depots[vehicle.end_depot]
    release_s = max(
        (problem.stops[v].release_s for v in sequence if v < len(problem.stops)), default=0
    )
    closes_s = min(HORIZON_S, vehicle.shift.closes_s)
    best_s = None
    for start_s in range(max(vehicle.shift.opens_s, release_s), closes_s + 1):
        clock_s, at = start_s, begin.location
        for place in places_of(problem, sequence):
            clock_s += int(travel_s[at, place.location])
            begins = [max(w.opens_s, clock_s) for w in place.windows if clock_s <= w.closes_s]
            clock_s, at = min(begins, default=10**6) + place.service_s, place.location
        clock_s += int(travel_s[at, end.location])
        if clock_s <= closes_s:
            best_s = min(clock_s - start_s, best_s or 10**6)
    return best_s


def route_cost(problem: Problem, type_number: int, sequence: tuple[int, ...]) -> int | None:
    """Return a route's cost; None if it breaks a rule."""
    vehicle = problem.vehicle_types[type_number]
    if not may_serve(problem, type_number, sequence):
        return None
    stations = [
        problem.depots[vehicle.start_depot].location,
        *(place.location for place in places_of(problem, sequence)),
        problem.depots[vehicle.end_depot].location,
    ]
    matrix = problem.profiles[vehicle.profile].distance
    distance = sum(int(matrix[a, b]) for a, b in itertools.pairwise(stations))
    took_s = least_duration_s(problem, type_number, sequence)
    if took_s is None or took_s > (vehicle.max_duration_s or took_s):
        return None
    if distance > (vehicle.max_distance or distance):
        return None
    return (
        vehicle.fixed_cost + vehicle.cost_per_distance * distance + vehicle.cost_per_time * took_s
    )


def enumerate_best(problem: Problem) -> int | None:
    """Return the cost of the best complete plan; None when there is none."""
    count = problem.visits.count
    full = (1 << count) - 1
    routes: list[dict[int, int]] = []
    for number in range(len(problem.vehicle_types)):
        best = {0: 0}
        for mask in range(1, full + 1):
            members = [v for v in range(count) if mask >> v & 1]
            costs = [
                cost
                for order in itertools.permutations(members)
                if (cost := route_cost(problem, number, order)) is not None
            ]
            if costs:
                best[mask] = min(costs)
        routes.append(best)
    reached = {0: 0}
    for number, vehicle in enumerate(problem.vehicle_types):
        for _ in range(vehicle.count):
            further = dict(reached)
            for mask, cost in reached.items():
                for more, extra in routes[number].items():
                    if not mask & more:
                        whole = mask | more
                        further[whole] = min(further.get(whole, cost + extra), cost + extra)
            reached = further
    totals = []
    for mask, cost in reached.items():
        missing = [v for v in range(count) if not mask >> v & 1]
        if not problem.visits.required[missing].any():
            totals.append(cost + int(problem.visits.prize[missing].sum()))
    return min(totals, default=None)


@pytest.fixture
def tiny_problem() -> Callable[[int], Problem]:
    return make_tiny_problem


@pytest.fixture
def best_cost() -> Callable[[Problem], int | None]:
    return enumerate_best


@pytest.fixture
def plain_problem() -> Problem:
    """Three stops and a shipment for two equal vehicles, with room in every limit."""
    legs = np.array(
        [[0, 5, 7, 6, 4], [5, 0, 4, 3, 6], [7, 4, 0, 5, 8], [6, 3, 5, 0, 7], [4, 6, 8, 7, 0]]
    )
    return Problem(
        locations=[Location()] * 5,
        depots=[Depot(0, Window(0, 200))],
        vehicle_types=[
            VehicleType(
                count=1,
                capacity=(10,),
                max_duration_s=100,
                max_distance=90,
                fixed_cost=10,
                cost_per_time=1,
            ),
            VehicleType(count=1, capacity=(20,), fixed_cost=15),
        ],
        profiles=[Profile(legs, legs)],
        stops=[
            Stop(1, (3,), service_s=2, windows=(Window(5, 50),), id="a"),
            Stop(2, (4,), windows=(Window(0, 20), Window(40, 60)), id="b"),
            Stop(3, (1,), required=False, prize=50, allowed_types=frozenset({0}), id="c"),
        ],
        shipments=[Shipment(ShipmentEnd(4), ShipmentEnd(1), (2,), id="d")],
    )


@pytest.fixture
def shared_routing() -> Path:
    """Return the folder of benchmark files; skip where it is absent."""
    root = Path(__file__).parents[3]
    shared = Path(os.environ.get("ORDERHUB_SHARED_DATA", root.parent / "shared" / "data"))
    folder = shared / "routing"
    if not folder.is_dir():
        pytest.skip(f"benchmark files are not at {folder}")
    return folder
