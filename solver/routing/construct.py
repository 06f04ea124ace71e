"""A first plan within milliseconds: nearest neighbours in space and time.

Reference: Solomon (1987), section 2.2, https://doi.org/10.1287/opre.35.2.254
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from solver.routing.plan import Tour
from solver.routing.problem import NO_LIMIT
from solver.routing.visits import windows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.routing.problem import IntArray, Problem, VehicleType

URGENCY = 0.2  # weight of a candidate's time until its last window closes
NEVER = 2 * NO_LIMIT


def construct(problem: Problem) -> list[Tour]:
    """Return tours that keep every rule; visits that fit nowhere are left out.

    One vehicle after the other is filled, always with the candidate that is
    soonest served, required ones first. A shipment is delivered right after
    its pickup. O(v²) array operations for v visits.
    """
    builder = _Builder(problem)
    tours: list[Tour] = []
    left = [vehicle.count for vehicle in problem.vehicle_types]
    while builder.open.any():
        ways = [
            (score, number, unit)
            for number, count in enumerate(left)
            if count
            for score, unit in builder.best_first(number)
        ]
        if not ways:
            break
        _, number, unit = min(ways)
        tours.append(Tour(number, builder.fill(number, unit)))
        left[number] -= 1
    return tours


@dataclass
class _State:
    """Where a route under construction stands."""

    location: int
    clock_s: int
    start_s: int
    distance: int
    peak: IntArray  # (dimensions,) highest load so far, given all that is delivered
    load: IntArray  # (dimensions,) load after the last visit
    visits: list[int] = field(default_factory=list)


class _Builder:
    """Candidates of one problem as arrays over its u units (stops and shipments)."""

    def __init__(self, problem: Problem) -> None:
        visits = problem.visits
        self._problem = problem
        first = len(problem.stops)
        self._entry = np.r_[np.arange(first), np.arange(first, visits.count, 2)]  # (u,)
        self._exit = np.r_[np.arange(first), np.arange(first + 1, visits.count, 2)]
        self._delivery = visits.from_depot[self._entry]
        self._gain = np.where(  # load after the unit less load before it
            (self._entry == self._exit)[:, None], visits.to_depot[self._entry], 0
        )
        self._bump = np.maximum(visits.change[self._entry], self._gain)
        self._bump[: len(problem.stops)] = visits.to_depot[: len(problem.stops)]
        every = windows_of(problem)
        width = max((len(windows) for windows in every), default=1)
        self._opens = np.full((visits.count, width), NEVER, dtype=np.int64)
        self._closes = np.full((visits.count, width), -1, dtype=np.int64)
        for visit, windows in enumerate(every):
            for at, (opens_s, closes_s) in enumerate(windows):
                self._opens[visit, at], self._closes[visit, at] = opens_s, closes_s
        self.open = np.ones(len(self._entry), dtype=np.bool_)
        self._bounded = visits.closes_s < NO_LIMIT

    def best_first(self, number: int) -> list[tuple[float, int]]:
        """Return the best first unit for a vehicle of type `number`, in a list of at most one."""
        state = self._start(number)
        score, _ = self._scores(number, state)
        unit = int(score.argmin()) if score.size else 0
        return [(float(score[unit]), unit)] if score.size and np.isfinite(score[unit]) else []

    def fill(self, number: int, unit: int | None) -> tuple[int, ...]:
        """Return the visits of one vehicle of type `number`, beginning with `unit`."""
        state = self._start(number)
        while unit is not None:
            self._append(number, state, unit)
            score, _ = self._scores(number, state)
            best = int(score.argmin())
            unit = best if np.isfinite(score[best]) else None
        return tuple(state.visits)

    def _start(self, number: int) -> _State:
        vehicle = self._problem.vehicle_types[number]
        depot = self._problem.depots[vehicle.start_depot]
        start_s = max(vehicle.shift.opens_s, depot.window.opens_s)
        none = np.zeros(self._problem.dimensions, dtype=np.int64)
        return _State(depot.location, start_s, start_s, 0, none, none)

    def _served(self, visits: IntArray, arrival_s: IntArray) -> IntArray:
        """Return when service can begin, `NEVER` where every window is over."""
        begins = np.maximum(self._opens[visits], arrival_s[:, None])
        begins = np.where(arrival_s[:, None] <= self._closes[visits], begins, NEVER)
        earliest: IntArray = begins.min(axis=1)
        return earliest

    def _scores(self, number: int, state: _State) -> tuple[NDArray[np.float64], IntArray]:
        """Return each unit's score (infinite where it breaks a rule) and its service's end."""
        problem, visits = self._problem, self._problem.visits
        vehicle = problem.vehicle_types[number]
        profile = problem.profiles[vehicle.profile]
        entry, leave = self._entry, self._exit
        first = not state.visits
        clock_s = np.full(len(entry), state.clock_s)
        if first:
            clock_s = np.maximum(clock_s, visits.release_s[entry])
        travel_s = profile.travel_s[state.location, visits.location[entry]]
        begins = self._served(entry, clock_s + travel_s)
        done = np.minimum(begins, NEVER) + visits.service_s[entry]
        distance = profile.distance[state.location, visits.location[entry]]
        pairs = entry != leave
        if pairs.any():
            between = visits.location[entry], visits.location[leave]
            there = self._served(leave, done + profile.travel_s[between])
            done = np.where(pairs, there + visits.service_s[leave], done)
            distance = distance + np.where(pairs, profile.distance[between], 0)
        start_s = begins - travel_s if first else np.full(len(entry), state.start_s)
        fits = self.open & visits.allowed[entry, number] & (begins < NEVER) & (done < NEVER)
        fits &= self._fits(vehicle, state, start_s, done, distance)
        closes_s = visits.closes_s[entry]
        slack_s = np.where(self._bounded[entry], closes_s - begins, 0)
        score = (begins - clock_s) + URGENCY * slack_s + distance / max(1, state.clock_s)
        optional = np.where(visits.required[entry], 0.0, float(NO_LIMIT))
        return np.where(fits, score + optional, np.inf), done

    def _fits(
        self,
        vehicle: VehicleType,
        state: _State,
        start_s: IntArray,
        done: IntArray,
        distance: IntArray,
    ) -> NDArray[np.bool_]:
        """Return whether loads, the way home, duration and distance allow each unit."""
        problem, visits = self._problem, self._problem.visits
        profile = problem.profiles[vehicle.profile]
        home = problem.depots[vehicle.end_depot]
        start = problem.depots[vehicle.start_depot]
        capacity = np.array(vehicle.capacity, dtype=np.int64)
        peak = np.maximum(state.peak + self._delivery, state.load + self._bump)
        fits: NDArray[np.bool_] = (peak <= capacity).all(axis=1)
        back_s = done + profile.travel_s[visits.location[self._exit], home.location]
        fits &= back_s <= min(vehicle.shift.closes_s, home.window.closes_s)
        fits &= start_s <= min(vehicle.shift.closes_s, start.window.closes_s)
        if state.visits:
            fits &= visits.release_s[self._entry] <= state.start_s
        if vehicle.max_duration_s is not None:
            fits &= back_s - start_s <= vehicle.max_duration_s
        if vehicle.max_distance is not None:
            back = profile.distance[visits.location[self._exit], home.location]
            fits &= state.distance + distance + back <= vehicle.max_distance
        return fits

    def _append(self, number: int, state: _State, unit: int) -> None:
        problem, visits = self._problem, self._problem.visits
        profile = problem.profiles[problem.vehicle_types[number].profile]
        _, done = self._scores(number, state)
        entry, leave = int(self._entry[unit]), int(self._exit[unit])
        clock_s = state.clock_s
        if not state.visits:
            clock_s = max(clock_s, int(visits.release_s[entry]))
            travel_s = int(profile.travel_s[state.location, visits.location[entry]])
            begins = self._served(np.array([entry]), np.array([clock_s + travel_s]))
            state.start_s = int(begins[0]) - travel_s
        way = [state.location, *(int(visits.location[v]) for v in dict.fromkeys((entry, leave)))]
        state.distance += int(profile.distance[way[:-1], way[1:]].sum())
        state.visits += list(dict.fromkeys((entry, leave)))
        state.location = way[-1]
        state.clock_s = int(done[unit])
        state.peak = np.maximum(state.peak + self._delivery[unit], state.load + self._bump[unit])
        state.load = state.load + self._gain[unit]
        self.open[unit] = False
