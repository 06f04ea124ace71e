"""PyVRP's iterated local search.

References: Wouda, Lan & Kool (2024), https://doi.org/10.1287/ijoc.2023.0055;
Burke & Bykov (2017), https://doi.org/10.1016/j.ejor.2016.07.012
"""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING

import pyvrp
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.IteratedLocalSearch import (
    IteratedLocalSearch,
    IteratedLocalSearchCallbacks,
    IteratedLocalSearchParams,
)

from solver.routing.engines.pyvrp_penalties import starting_penalties
from solver.routing.engines.pyvrp_search import local_search

if TYPE_CHECKING:
    from solver.routing.engines.base import Budget, OnImprovement, Tours
    from solver.routing.engines.pyvrp_model import PyvrpModel

PATIENCE = 15_000  # iterations without improvement before a restart from the best
HISTORY = 300  # PyVRP's own
# With time windows an iteration is slow and feasibility hard to come by: the
# acceptance history follows the time there is, and penalties adapt ten times as often.
HISTORY_PER_S = 10
LEAST_HISTORY = 50
PENALTY_FACTOR = 10.0
SOLUTIONS_BETWEEN_UPDATES = 50


class _Report(IteratedLocalSearchCallbacks):
    """Passes feasible improvements on."""

    def __init__(self, model: PyvrpModel, on_improvement: OnImprovement) -> None:
        self._model = model
        self._on_improvement = on_improvement
        self.found = False

    def on_best(self, best: pyvrp.Solution) -> None:
        """Pass `best` on where it is feasible."""
        if best.is_feasible():
            self.found = True
            self._on_improvement(self._model.tours(best))


def iterated_local_search(
    model: PyvrpModel,
    budget: Budget,
    seed: int,
    on_improvement: OnImprovement,
    initial: Tours,
    *,
    give_up_s: float | None = None,
) -> Tours:
    """Return the best feasible tours found until the budget is over; empty for none.

    Parameters
    ----------
    give_up_s
        When to stop, on the clock of `time.monotonic`, if nothing feasible has been
        found by then.
    """
    data = model.data
    rng = pyvrp.RandomNumberGenerator(seed=seed)
    search = local_search(data, rng)
    penalties, history = _settings(data, budget)
    start = model.solution(initial) if initial else pyvrp.Solution.make_random(data, rng)
    start = search(start, penalties.max_cost_evaluator(), exhaustive=True)
    report = _Report(model, on_improvement)
    report.on_best(start)

    def over(best_cost: int) -> bool:
        del best_cost  # PyVRP's criteria look at it; this one looks at the clock
        late = give_up_s is not None and not report.found and time.monotonic() >= give_up_s
        return late or budget.over

    params = IteratedLocalSearchParams(
        num_iters_no_improvement=PATIENCE, history_length=history, callbacks=report
    )
    with warnings.catch_warnings():
        # A problem that may have no complete plan is answered by the caller, not by a warning.
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        algorithm = IteratedLocalSearch(data, penalties, search, start, params)
        best = algorithm.run(over, collect_stats=False, display=False).best
    return model.tours(best) if best.is_feasible() else []


def _settings(data: pyvrp.ProblemData, budget: Budget) -> tuple[pyvrp.PenaltyManager, int]:
    """Return the penalties and the length of the acceptance history."""
    if not data.has_time_windows():
        params = pyvrp.PenaltyParams()
        return pyvrp.PenaltyManager(params.midpoint_penalties(data), params), HISTORY
    params = pyvrp.PenaltyParams(solutions_between_updates=SOLUTIONS_BETWEEN_UPDATES)
    *loads, seconds, distance = starting_penalties(data, PENALTY_FACTOR).tolist()
    history = round(HISTORY_PER_S * budget.left_s)
    return (
        pyvrp.PenaltyManager((loads, seconds, distance), params),
        min(HISTORY, max(LEAST_HISTORY, history)),
    )
