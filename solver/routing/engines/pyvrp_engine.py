"""PyVRP behind the engine protocol: which search, and what if no plan is complete."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from solver.errors import UnsupportedError
from solver.routing.engines.hgs.search import genetic_search
from solver.routing.engines.limits import unserved_prize
from solver.routing.engines.pyvrp_ils import iterated_local_search
from solver.routing.engines.pyvrp_model import PyvrpModel
from solver.routing.problem import NO_LIMIT

if TYPE_CHECKING:
    from solver.routing.engines.base import Budget, OnImprovement, Tours
    from solver.routing.problem import Problem

GENETIC_UP_TO = 300  # visits; above, one trajectory gets further in the time people wait
GENETIC_UP_TO_WITH_WINDOWS = 450  # the same for one depot with time windows
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
    """Search with PyVRP's compiled local search, genetically or iterated.

    Up to a few hundred visits a population finds what one trajectory does not;
    above, PyVRP's own iterated local search is better.

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
    give_up_s = time.monotonic() + COMPLETE_SHARE * budget.left_s
    model = PyvrpModel(problem)
    search = genetic_search if _is_genetic(problem, model) else iterated_local_search
    found = search(model, budget, seed, on_improvement, initial, give_up_s=give_up_s)
    if found or budget.over:
        return found
    model = PyvrpModel(problem, unserved_prize(problem))
    return iterated_local_search(model, budget, seed, on_improvement, initial)


def _is_genetic(problem: Problem, model: PyvrpModel) -> bool:
    windows = bool((problem.visits.closes_s < NO_LIMIT).any())
    limit = GENETIC_UP_TO
    if windows and len(problem.depots) == 1:
        limit = GENETIC_UP_TO_WITH_WINDOWS
    return problem.visits.count <= limit and not model.has_groups
