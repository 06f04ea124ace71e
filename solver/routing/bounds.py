"""Proven lower bounds on the cost of any complete plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from solver.routing.arcs import cheapest_arcs
from solver.routing.fleet import least_vehicles

if TYPE_CHECKING:
    from solver.routing.arcs import Arcs
    from solver.routing.problem import Problem

ASSIGNMENT_LIMIT = 1_500  # visits and forced routes; above, it takes seconds


class Bound(NamedTuple):
    """No complete plan costs less than `value`; `kind` says why."""

    value: int
    kind: str


NO_BOUND = Bound(0, "none")


def lower_bound(problem: Problem) -> Bound:
    """Return the greatest of the cheap bounds, rounded down.

    `two-arc`: every visit is entered and left, half of both legs is its own.
    `assignment`: every visit is left once and entered once, where a leg may
    also pass through the depot, and at least the needed number of routes is
    there. `none` with value 0 where no complete plan exists.
    """
    least = least_vehicles(problem)
    if least is None or not problem.visits.count:
        return NO_BOUND
    arcs = cheapest_arcs(problem)
    prize = np.where(problem.visits.required, np.inf, problem.visits.prize)
    # A shipment's prize counts once however its two ends are looked at.
    bounds = [_two_arc(arcs, prize, least)]
    if problem.visits.count + least <= ASSIGNMENT_LIMIT:
        bounds.append(_assignment(arcs, prize, least))
    found = [bound for bound in bounds if bound is not None]
    return max(found, default=NO_BOUND)


def _two_arc(arcs: Arcs, prize: np.ndarray, least: int) -> Bound | None:
    """Return half the sum of each visit's cheapest way in and out, and the depots' share.

    In and out lead to different visits, or to the depot both times.
    """
    into = np.vstack([arcs.between, arcs.start])  # (v + 1, v), last row the depot
    out = np.vstack([arcs.between.T, arcs.home])  # (v + 1, v)
    count = into.shape[1]
    pairs = [into[count] + out[count]]
    if count > 1:
        near_in = np.argsort(into, axis=0, kind="stable")[:2]  # (2, v)
        near_out = np.argsort(out, axis=0, kind="stable")[:2]
        column = np.arange(count)
        for a in near_in:
            for b in near_out:
                differ = (a != b) | (a == count)
                pairs.append(np.where(differ, into[a, column] + out[b, column], np.inf))
    own = np.minimum(np.min(pairs, axis=0), 2 * prize)
    depots = np.sort(arcs.start)[:least].sum() + np.sort(arcs.home)[:least].sum()
    total = own.sum() + depots
    return Bound(int(total) // 2, "two-arc") if np.isfinite(total) else None


def _assignment(arcs: Arcs, prize: np.ndarray, least: int) -> Bound | None:
    """Return the cheapest assignment of successors.

    A leg from visit i to j is either driven or ends one route and begins the
    next; on the diagonal a visit has a route of its own or is left out.
    `least` extra rows and columns force that many routes.
    """
    count = len(arcs.start)
    cost = np.full((count + least, count + least), np.inf)
    through = arcs.home[:, None] + arcs.start[None, :]
    cost[:count, :count] = np.minimum(arcs.between, through)
    diagonal = np.arange(count)
    cost[diagonal, diagonal] = np.minimum(through[diagonal, diagonal], prize)
    cost[count:, :count] = arcs.start[None, :]
    cost[:count, count:] = arcs.home[:, None]
    try:
        rows, columns = linear_sum_assignment(cost)
    except ValueError:  # no finite assignment: no complete plan exists
        return None
    return Bound(int(cost[rows, columns].sum()), "assignment")
