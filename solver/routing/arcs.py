"""What a leg costs at least, over all vehicles, and which legs no plan can use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.routing.problem import Problem


@dataclass(frozen=True, eq=False)
class Arcs:
    """Least cost of each leg of any complete plan; infinite for impossible legs.

    Attributes
    ----------
    start
        From a start depot to a visit, the vehicle's fixed cost included, shape `(v,)`.
    between
        From visit to visit, shape `(v, v)`; infinite on the diagonal.
    home
        From a visit to an end depot, shape `(v,)`.

    Notes
    -----
    Whole numbers in float64, below 2**53 and so exact. A second of service is
    counted on the leg that follows it; waiting costs nothing here.
    """

    start: NDArray[np.float64]
    between: NDArray[np.float64]
    home: NDArray[np.float64]


def cheapest_arcs(problem: Problem) -> Arcs:
    """Return the legs' least costs.

    A leg is impossible for a vehicle type that may not serve both ends, whose
    loads do not fit together, or that would be late at its head even when its
    tail is served as early as its window and the shift allow.
    """
    visits = problem.visits
    start = np.full(visits.count, np.inf)
    between = np.full((visits.count, visits.count), np.inf)
    home = np.full(visits.count, np.inf)
    first = len(problem.stops)
    for number, vehicle in enumerate(problem.vehicle_types):
        if not vehicle.count:
            continue
        profile = problem.profiles[vehicle.profile]
        may = visits.allowed[:, number]
        here = visits.location
        earliest_s = np.maximum(visits.opens_s, vehicle.shift.opens_s)
        latest_s = np.minimum(visits.closes_s, vehicle.shift.closes_s)
        done_s = earliest_s + visits.service_s
        grid = np.ix_(here, here)
        travel_s = profile.travel_s[grid]
        possible = np.outer(may, may) & (done_s[:, None] + travel_s <= latest_s[None, :])
        for loads in (visits.from_depot, visits.to_depot):
            for dim, limit in enumerate(vehicle.capacity):
                together = loads[:, None, dim] + loads[None, :, dim]
                possible &= together <= limit
        cost = vehicle.cost_per_distance * profile.distance[grid]
        cost = cost + vehicle.cost_per_time * (travel_s + visits.service_s[:, None])
        between = np.minimum(between, np.where(possible, cost, np.inf))
        depot = problem.depots[vehicle.start_depot].location
        out = vehicle.fixed_cost + vehicle.cost_per_distance * profile.distance[depot, here]
        out = out + vehicle.cost_per_time * profile.travel_s[depot, here]
        start = np.minimum(start, np.where(may, out, np.inf))
        depot = problem.depots[vehicle.end_depot].location
        back = vehicle.cost_per_distance * profile.distance[here, depot]
        back = back + vehicle.cost_per_time * (profile.travel_s[here, depot] + visits.service_s)
        home = np.minimum(home, np.where(may, back, np.inf))
    np.fill_diagonal(between, np.inf)
    pickups = np.arange(first, visits.count, 2)
    between[pickups + 1, pickups] = np.inf
    start[pickups + 1] = np.inf
    home[pickups] = np.inf
    return Arcs(start, between, home)
