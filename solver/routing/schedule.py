"""From an order of visits to times and loads."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from solver.routing.plan import Route, Visit
from solver.routing.visits import ids_of, windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solver.routing.plan import Tour
    from solver.routing.problem import Problem


@dataclass(frozen=True, slots=True)
class _Leg:
    """A visit on the way: seconds to it, at it, and its windows."""

    travel_s: int
    service_s: int
    windows: tuple[tuple[int, int], ...]


class Scheduler:
    """Times tours of one problem: earliest return, and among those the latest departure.

    That choice also has the least duration, so that a tour with no schedule
    here breaks a window, a shift or a duration limit whatever one does.
    """

    def __init__(self, problem: Problem) -> None:
        visits = problem.visits
        self._problem = problem
        self._windows = windows_of(problem)
        self._location = visits.location.tolist()
        self._service_s = visits.service_s.tolist()
        self._release_s = visits.release_s.tolist()
        self._change = [tuple(row) for row in visits.change.tolist()]
        self._initial = [tuple(row) for row in visits.from_depot.tolist()]
        self.ids = ids_of(problem)

    def route(self, tour: Tour) -> Route | None:
        """Return `tour` with times, loads and cost; None when no timing keeps its windows."""
        vehicle = self._problem.vehicle_types[tour.vehicle_type]
        profile = self._problem.profiles[vehicle.profile]
        start_depot = self._problem.depots[vehicle.start_depot]
        end_depot = self._problem.depots[vehicle.end_depot]
        stations = [
            start_depot.location,
            *(self._location[visit] for visit in tour.visits),
            end_depot.location,
        ]
        travel_s = profile.travel_s[stations[:-1], stations[1:]].tolist()
        distance = int(profile.distance[stations[:-1], stations[1:]].sum())
        shift = vehicle.shift
        home = (
            max(shift.opens_s, end_depot.window.opens_s),
            min(shift.closes_s, end_depot.window.closes_s),
        )
        legs = [
            _Leg(seconds, self._service_s[visit], self._windows[visit])
            for seconds, visit in zip(travel_s, tour.visits, strict=False)
        ]
        legs.append(_Leg(travel_s[-1], 0, (home,)))
        opens_s = max(
            shift.opens_s,
            start_depot.window.opens_s,
            *(self._release_s[visit] for visit in tour.visits),
            0,
        )
        closes_s = min(shift.closes_s, start_depot.window.closes_s)
        start_s = _departure(legs, opens_s, closes_s)
        starts = None if start_s is None else _starts(legs, start_s)
        if start_s is None or starts is None:
            return None
        end_s = starts[-1]
        cost = vehicle.fixed_cost + vehicle.cost_per_distance * distance
        cost += vehicle.cost_per_time * (end_s - start_s)
        load = [0] * self._problem.dimensions
        for visit in tour.visits:
            load = [a + b for a, b in zip(load, self._initial[visit], strict=True)]
        initial = tuple(load)
        timed = []
        clock_s = start_s
        for visit, leg, begin_s in zip(tour.visits, legs, starts, strict=False):
            load = [a + b for a, b in zip(load, self._change[visit], strict=True)]
            timed.append(
                Visit(
                    visit=visit,
                    id=self.ids[visit],
                    location=self._location[visit],
                    arrival_s=clock_s + leg.travel_s,
                    start_s=begin_s,
                    departure_s=begin_s + leg.service_s,
                    load=tuple(load),
                )
            )
            clock_s = begin_s + leg.service_s
        return Route(
            vehicle_type=tour.vehicle_type,
            start_s=start_s,
            end_s=end_s,
            distance=distance,
            load=initial,
            cost=cost,
            visits=tuple(timed),
        )


def _starts(legs: Sequence[_Leg], depart_s: int) -> list[int] | None:
    """Return when service begins at each leg's end after leaving at `depart_s`."""
    clock_s, starts = depart_s, []
    for leg in legs:
        clock_s += leg.travel_s
        for opens_s, closes_s in leg.windows:
            if clock_s <= closes_s:
                clock_s = max(clock_s, opens_s)
                break
        else:
            return None
        starts.append(clock_s)
        clock_s += leg.service_s
    return starts


def _departure(legs: Sequence[_Leg], opens_s: int, closes_s: int) -> int | None:
    """Return the departure of least duration, the earliest return among equals.

    Between two departures at which some visit begins exactly as a window opens
    or closes without any waiting before it, the duration does not increase; so
    only those departures can be best.
    """
    if opens_s > closes_s:
        return None
    earliest = _starts(legs, opens_s)
    if earliest is None:
        return None
    if all(len(leg.windows) == 1 for leg in legs):
        return _latest_for(legs, earliest, opens_s, closes_s)
    ahead_s, candidates = 0, {opens_s, closes_s}
    for leg in legs:
        ahead_s += leg.travel_s
        candidates |= {edge_s - ahead_s for window in leg.windows for edge_s in window}
        ahead_s += leg.service_s
    ordered = sorted(candidates)
    best: tuple[int, int, int] | None = None
    for depart_s in ordered[bisect_left(ordered, opens_s) :]:
        starts = _starts(legs, depart_s) if depart_s <= closes_s else None
        if starts is not None:
            key = (starts[-1] - depart_s, starts[-1], depart_s)
            best = key if best is None else min(best, key)
    return opens_s if best is None else best[2]


def _latest_for(legs: Sequence[_Leg], earliest: Sequence[int], opens_s: int, closes_s: int) -> int:
    """Return the latest departure that still returns as early as `earliest` does."""
    limit_s = earliest[-1]
    for leg, before in zip(reversed(legs), reversed([None, *legs[:-1]]), strict=True):
        limit_s = min(limit_s, leg.windows[0][1]) - leg.travel_s
        if before is not None:
            limit_s -= before.service_s
    return max(opens_s, min(limit_s, closes_s))
