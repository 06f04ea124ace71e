"""The room's door: a problem in, a checked plan with a proven bound out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from solver.errors import InvalidProblemError
from solver.routing.bounds import lower_bound
from solver.routing.construct import construct
from solver.routing.engines.base import Budget, never
from solver.routing.engines.registry import AUTO, choose, load
from solver.routing.incumbent import Incumbent
from solver.routing.restrict import Restriction
from solver.routing.screening import screen
from solver.routing.workers import Job, search_in_workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from solver.routing.engines.base import Tours
    from solver.routing.incumbent import OnImprovement
    from solver.routing.plan import Plan
    from solver.routing.problem import Problem


def solve(
    problem: Problem,
    *,
    budget_s: float,
    seed: int = 0,
    engine: str = AUTO,
    workers: int = 1,
    on_improvement: OnImprovement | None = None,
    stop: Callable[[], bool] = never,
    initial: Tours = (),
) -> Plan:
    """Return the best plan found in `budget_s` seconds.

    An infeasible problem is not an error: what cannot be served is listed in
    `Plan.unserved` with its reason, and the rest is planned.

    Parameters
    ----------
    problem
        What to plan.
    budget_s
        Wall seconds, everything included.
    seed
        At least 0. The same seed repeats a search only as far as the clock does.
    engine
        `auto`, `pyvrp` or `ortools`.
    workers
        Searches at once, with seeds `seed`, `seed + 1`, …; above 1 each has a process.
    on_improvement
        Called with the cost and the checked plan; the first comes within
        milliseconds. Its time is taken from the search.
    stop
        Asked often; True ends the search, and the best plan so far is the answer.
    initial
        Tours to start from, as `Plan.tours` of an earlier plan.

    Raises
    ------
    InvalidProblemError
        For an argument out of range.
    UnsupportedError
        When the engine named cannot serve the problem; `auto` always can.

    Examples
    --------
    >>> import numpy as np
    >>> from solver.routing.problem import Depot, Location, Problem, Profile, Stop, VehicleType
    >>> legs = np.array([[0, 5, 7], [5, 0, 4], [7, 4, 0]])
    >>> plan = solve(
    ...     Problem(
    ...         locations=[Location()] * 3,
    ...         depots=[Depot(location=0)],
    ...         vehicle_types=[VehicleType(count=2, capacity=(10,))],
    ...         profiles=[Profile(distance=legs, travel_s=legs)],
    ...         stops=[Stop(location=1, delivery=(3,)), Stop(location=2, delivery=(4,))],
    ...     ),
    ...     budget_s=0.1,
    ... )
    >>> plan.cost, plan.complete, len(plan.routes)
    (16, True, 1)
    """
    _check_arguments(budget_s, seed, workers)
    started_s = time.monotonic()
    budget = Budget(started_s + budget_s, stop)
    screened = screen(problem)
    rest = Restriction.without(problem, {unserved.visit for unserved in screened})
    incumbent = Incumbent(problem, screened, started_s, on_improvement)

    def improved(tours: Tours, source: int = seed) -> None:
        incumbent.offer(rest.widen(tours), source)

    warm = rest.narrow(initial) if initial else construct(rest.problem)
    improved(warm)
    chosen = choose(rest.problem, engine)
    bound = lower_bound(problem)
    sound = True
    if rest.problem.visits.count and not budget.over:
        if workers == 1:
            improved(load(chosen)(rest.problem, budget, seed, improved, warm))
        else:
            seeds = range(seed, seed + workers)
            sound = search_in_workers(Job(rest.problem, chosen, warm), budget, seeds, improved)
    incumbent.settle()
    plan = incumbent.plan
    gap = (plan.cost - bound.value) / plan.cost if plan.cost else 0.0
    return replace(
        plan,
        lower_bound=bound.value,
        bound_kind=bound.kind,
        gap=gap if plan.complete and bound.kind != "none" else None,
        engine=chosen,
        seconds=time.monotonic() - started_s,
        degraded=not sound or incumbent.refused > 0,
    )


def _check_arguments(budget_s: float, seed: int, workers: int) -> None:
    if not 0 < budget_s < float("inf"):
        raise InvalidProblemError("budget_s", f"must be more than 0 and finite, is {budget_s}")
    if seed < 0:
        raise InvalidProblemError("seed", f"must not be negative, is {seed}")
    if workers < 1:
        raise InvalidProblemError("workers", f"must be at least 1, is {workers}")
