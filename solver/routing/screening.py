"""Visits that no plan can serve, proven, and the reason in plain words."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from solver.routing.plan import Unserved, UnservedReason
from solver.routing.visits import ids_of, windows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from solver.routing.problem import IntArray, Problem

Finding: TypeAlias = tuple[UnservedReason, str]
_Legs: TypeAlias = "Callable[[int, str, Sequence[int]], list[int]]"


def units(problem: Problem) -> list[tuple[int, ...]]:
    """Return what is served together: `(stop,)`, then `(pickup, delivery)` of each shipment."""
    first = len(problem.stops)
    pairs = range(first, problem.visits.count, 2)
    return [(stop,) for stop in range(first)] + [(visit, visit + 1) for visit in pairs]


def screen(problem: Problem) -> list[Unserved]:
    """Return the visits that no plan can serve.

    Every test is a necessary condition: loads of the visit alone, and times
    along shortest chains of legs, since matrices need not keep the triangle
    inequality and a way through other places may be quicker.
    """
    screening = _Screening(problem)
    ids = ids_of(problem)
    return [
        Unserved(visit, ids[visit], *finding)
        for unit in units(problem)
        if (finding := screening.finding(unit)) is not None
        for visit in unit
    ]


def left_out(problem: Problem, visit: int, visit_id: str) -> Unserved:
    """Return the record of a visit that the search left out."""
    if not problem.visits.required[visit]:
        said = "Serving it was found to cost more than leaving it out."
        return Unserved(visit, visit_id, UnservedReason.NOT_WORTH_ITS_PRIZE, said)
    said = "The search ended before it found a place for it; a plan with it may exist."
    return Unserved(visit, visit_id, UnservedReason.NOT_FOUND_IN_TIME, said)


class _Screening:
    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._windows = windows_of(problem)
        self._chains = cache(self._chains_from)

    def finding(self, unit: tuple[int, ...]) -> Finding | None:
        """Return why no vehicle can serve `unit`; None when one might."""
        problem, visits = self._problem, self._problem.visits
        types = [
            number
            for number, vehicle in enumerate(problem.vehicle_types)
            if vehicle.count and visits.allowed[unit[0], number]
        ]
        if not types:
            return UnservedReason.NO_VEHICLE_ALLOWED, "No vehicle at hand may serve it."
        peak = np.maximum.reduce(
            [visits.from_depot[unit[0]], visits.to_depot[unit[0]], visits.change[unit[0]]]
        )
        capacity = np.array([problem.vehicle_types[number].capacity for number in types])
        fits = (peak <= capacity).all(axis=1)  # (types,)
        if not fits.any():
            return UnservedReason.EXCEEDS_CAPACITY, _too_large(peak, capacity)
        able = [number for number, fit in zip(types, fits, strict=True) if fit]
        # Direct legs nearly always do; shortest chains are worked out for the rest.
        if any(self._obstacle(number, unit, self._direct) is None for number in able):
            return None
        reasons = [self._obstacle(number, unit, self._shortest) for number in able]
        if None in reasons:
            return None
        return UnservedReason.UNREACHABLE, next(reason for reason in reasons if reason)

    def _obstacle(self, number: int, unit: tuple[int, ...], legs: _Legs) -> str | None:
        """Return what keeps a vehicle of type `number` from `unit`, None for nothing."""
        problem, visits = self._problem, self._problem.visits
        vehicle = problem.vehicle_types[number]
        leaves = problem.depots[vehicle.start_depot]
        home = problem.depots[vehicle.end_depot]
        clock_s = max(vehicle.shift.opens_s, leaves.window.opens_s, int(visits.release_s[unit[0]]))
        stations = [
            leaves.location,
            *(int(visits.location[visit]) for visit in unit),
            home.location,
        ]
        legs_s = legs(vehicle.profile, "travel_s", stations)
        for visit, leg_s in zip(unit, legs_s, strict=False):
            arrival_s = clock_s + leg_s
            window = next((w for w in self._windows[visit] if arrival_s <= w[1]), None)
            if window is None:
                late_s = arrival_s - self._windows[visit][-1][1]
                return (
                    f"The earliest arrival is at {arrival_s} s, {late_s} s after its last "
                    "window closes."
                )
            clock_s = max(arrival_s, window[0]) + int(visits.service_s[visit])
        back_s = clock_s + legs_s[-1]
        closes_s = min(vehicle.shift.closes_s, home.window.closes_s)
        if back_s > closes_s:
            return (
                f"A vehicle that serves it is back at {back_s} s at the earliest, "
                f"{back_s - closes_s} s after its shift or its depot closes."
            )
        least_s = sum(legs_s) + int(visits.service_s[list(unit)].sum())
        if vehicle.max_duration_s is not None and least_s > vehicle.max_duration_s:
            return (
                f"Serving it alone takes {least_s} s, more than the {vehicle.max_duration_s} s "
                "a route may last."
            )
        far = sum(legs(vehicle.profile, "distance", stations))
        if vehicle.max_distance is not None and far > vehicle.max_distance:
            return (
                f"Serving it alone is a way of {far}, more than the {vehicle.max_distance} "
                "a route may have."
            )
        return None

    def _matrix(self, profile: int, name: str) -> IntArray:
        matrix: IntArray = getattr(self._problem.profiles[profile], name)
        return matrix

    def _direct(self, profile: int, name: str, stations: Sequence[int]) -> list[int]:
        """Return the legs between `stations` as the matrix has them."""
        matrix = self._matrix(profile, name)
        return [int(matrix[a, b]) for a, b in pairwise(stations)]

    def _shortest(self, profile: int, name: str, stations: Sequence[int]) -> list[int]:
        """Return at most the least sum of legs between neighbours in `stations`.

        Exact for the ways from and to the depots; between pickup and delivery a
        chain is at least the cheapest leg out of the one and into the other.
        """
        matrix = self._matrix(profile, name)
        middle = []
        for a, b in pairwise(stations[1:-1]):
            others = np.arange(len(matrix)) != a
            out = int(matrix[a, others].min(initial=int(matrix[a, b])))
            into = int(matrix[np.arange(len(matrix)) != b, b].min(initial=int(matrix[a, b])))
            middle.append(min(int(matrix[a, b]), max(out, into)))
        there = self._chains(profile, name, stations[0], False)
        back = self._chains(profile, name, stations[-1], True)
        return [int(there[stations[1]]), *middle, int(back[stations[-2]])]

    def _chains_from(self, profile: int, name: str, source: int, reverse: bool) -> IntArray:
        """Return the least sum of legs from (or to) `source`, by Bellman's iteration."""
        matrix = self._matrix(profile, name)
        matrix = matrix.T if reverse else matrix
        best: IntArray = matrix[source].copy()
        while True:
            shorter: IntArray = np.minimum(best, (best[:, None] + matrix).min(axis=0))
            if (shorter == best).all():
                return best
            best = shorter


def _too_large(peak: IntArray, capacity: IntArray) -> str:
    largest = capacity.max(axis=0)
    over = np.flatnonzero(peak > largest)
    if not over.size:
        return "No vehicle allowed for it is large enough in every load dimension at once."
    dim = int(over[0])
    return (
        f"Its load of {peak[dim]} in dimension {dim} is more than the {largest[dim]} of the "
        "largest vehicle allowed for it."
    )
