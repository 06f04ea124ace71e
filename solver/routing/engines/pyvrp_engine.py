"""PyVRP behind the engine protocol: which search, and what if no plan is complete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from solver.errors import UnsupportedError
from solver.routing.engines.limits import unserved_prize
from solver.routing.engines.pyvrp_ils import iterated_local_search
from solver.routing.engines.pyvrp_model import PyvrpModel

if TYPE_CHECKING:
    from solver.routing.engines.base import Budget, OnImprovement, Tours
    from solver.routing.problem import Problem

COMPLETE_SHARE = 0.4  # of the time, for a first complete plan, before visits may be left out


def supports(problem: Problem) -> bool:
    """Return whether PyVRP can say everything in `problem`."""
    ends = [end for s in problem.shipments for end in (s.pickup, s.delivery)]
    return all(len(end.windows) == 1 for end in ends)


def pyvrp_engine(
    problem: Problem,
    budget: Budget,
    seed: int,
    on_improvement: OnImprovement,
    initial: Tours,
) -> Tours:
    """Search with PyVRP's iterated local search.

    When no complete plan turns up in the first part of the time, required
    visits become optional at a prize above any detour, so that as many as
    possible are served.

    Raises
    ------
    UnsupportedError
        For a shipment end with several windows.
    """
    if not supports(problem):
        raise UnsupportedError("pyvrp", "several windows at one end of a shipment")
    model = PyvrpModel(problem)
    give_up_s = time.monotonic() + COMPLETE_SHARE * budget.left_s
    found = iterated_local_search(model, budget, seed, on_improvement, initial, give_up_s=give_up_s)
    if found or budget.over:
        return found
    model = PyvrpModel(problem, unserved_prize(problem))
    return iterated_local_search(model, budget, seed, on_improvement, initial)
