"""Numbers large enough for a problem, and no larger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solver.routing.problem import NO_LIMIT

if TYPE_CHECKING:
    from solver.routing.problem import Problem


def unserved_prize(problem: Problem) -> int:
    """Return a prize that outweighs any detour a single visit can cause."""
    prize = 1
    for vehicle in problem.vehicle_types:
        profile = problem.profiles[vehicle.profile]
        far = vehicle.cost_per_distance * int(profile.distance.max(initial=0))
        long_s = int(profile.travel_s.max(initial=0)) + int(problem.visits.service_s.max(initial=0))
        detour = 4 * (far + vehicle.cost_per_time * long_s)
        prize = max(prize, detour + vehicle.fixed_cost)
    return prize + 2 * int(problem.visits.prize.max(initial=0))


def latest_s(problem: Problem) -> int:
    """Return a time by which any sensible route is back."""
    visits = problem.visits
    finite = visits.closes_s[visits.closes_s < NO_LIMIT]
    legs = sum(int(profile.travel_s.max(initial=0)) for profile in problem.profiles)
    shifts = [vehicle.shift.closes_s for vehicle in problem.vehicle_types]
    return max(
        int(finite.max(initial=0)),
        *(closes_s for closes_s in shifts if closes_s < NO_LIMIT),
        int(visits.opens_s.max(initial=0)),
        0,
    ) + (visits.count + 1) * (legs + int(visits.service_s.max(initial=0)))
