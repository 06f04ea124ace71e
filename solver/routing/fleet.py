"""How many vehicles any complete plan needs at least."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solver.routing.problem import Problem


def least_vehicles(problem: Problem) -> int | None:
    """Return a lower bound on the routes of a complete plan; None when no plan is complete.

    Everything delivered is on board as vehicles leave, everything picked up as
    they return, so both are bin packing. Per dimension: the largest vehicles
    that together hold the load, and Martello & Toth's bound L2 for the largest
    capacity.

    Reference: Martello & Toth (1990), https://doi.org/10.1016/0166-218X(90)90094-S
    """
    visits = problem.visits
    required = visits.required
    least = int(required.any())
    fleet = sum(vehicle.count for vehicle in problem.vehicle_types)
    for loads in (visits.from_depot, visits.to_depot):
        for dim in range(problem.dimensions):
            items = loads[required, dim]
            items = items[items > 0]
            if not items.size:
                continue
            capacities = sorted(
                ((v.capacity[dim], v.count) for v in problem.vehicle_types if v.count),
                reverse=True,
            )
            needed = _by_sum(int(items.sum()), capacities)
            if needed is None:
                return None
            least = max(least, needed, _l2(items, capacities[0][0]))
    return None if least > fleet else least


def _by_sum(total: int, capacities: list[tuple[int, int]]) -> int | None:
    """Return how many of the largest vehicles hold `total`; None if all do not."""
    used = 0
    for capacity, count in capacities:
        if capacity * count >= total:
            return used + -(-total // capacity) if total > 0 else used
        total -= capacity * count
        used += count
    return None if total > 0 else used


def _l2(items: np.ndarray, capacity: int) -> int:
    """Return Martello & Toth's L2 for items of at most `capacity` each.

    For a threshold k at most half the capacity: items above `capacity - k` need a
    bin each, those above half another, and what is left of those bins must
    take the items of at least k.
    """
    sizes: list[int] = np.sort(items)[::-1].tolist()
    if sizes[0] > capacity:
        return 0  # no bin holds it; other checks answer that
    sums = [0, *accumulate(sizes)]
    halves = sum(size * 2 > capacity for size in sizes)
    best = -(-sums[-1] // capacity)
    for k in {0, *(size for size in sizes[halves:])}:
        alone = sum(size > capacity - k for size in sizes[:halves])
        small = sum(size >= k for size in sizes[halves:])
        room = (halves - alone) * capacity - (sums[halves] - sums[alone])
        rest = sums[halves + small] - sums[halves] - room
        best = max(best, halves + max(0, -(-rest // capacity)))
    return best
