"""OR-Tools' routing library behind the engine protocol: serves every problem of the model."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from solver.routing.engines.base import never
from solver.routing.engines.ortools_model import OrtoolsModel

if TYPE_CHECKING:
    from solver.routing.engines.base import Budget, OnImprovement, Tours
    from solver.routing.problem import Problem

GUIDED_UP_TO = 50  # visits; ruin and recreate gets stuck where there is little to ruin
ASKED_EVERY = 256  # calls of the limit between two looks at the clock


def supports(problem: Problem) -> bool:
    """Return True: everything in the model can be said."""
    del problem
    return True


def ortools_engine(
    problem: Problem,
    budget: Budget,
    seed: int,
    on_improvement: OnImprovement,
    initial: Tours,
) -> Tours:
    """Search with OR-Tools: guided local search for few visits, else ruin and recreate.

    The library takes no seed; it is not used. The search holds the
    interpreter's lock except where it asks whether to stop.

    References: Voudouris & Tsang (1999), https://doi.org/10.1016/S0377-2217(98)00099-X;
    Schrimpf et al. (2000), https://doi.org/10.1006/jcph.1999.6413;
    Christiaens & Vanden Berghe (2020), https://doi.org/10.1287/trsc.2019.0914
    """
    del seed
    model = OrtoolsModel(problem, initial)
    if not model.vehicles or not problem.visits.count:
        return []
    iterated = problem.visits.count > GUIDED_UP_TO
    parameters = _parameters(budget.left_s, iterated=iterated)
    routing = model.routing
    routing.CloseModelWithParameters(parameters)
    if budget.stop is not never:
        routing.AddSearchMonitor(routing.solver().CustomLimit(_Limit(budget)))
    best: list[Any] = [None, []]

    def at_solution() -> None:
        cost = routing.CostVar().Max()
        if best[0] is None or cost < best[0]:
            best[:] = [cost, model.tours(lambda index: int(routing.NextVar(index).Value()))]
            on_improvement(best[1])

    routing.AddAtSolutionCallback(at_solution)
    hint = routing.ReadAssignmentFromRoutes(model.sequences(initial), True) if initial else None
    if iterated:
        if hint is not None:
            routing.SetFirstSolutionHint(hint)  # a start given otherwise is ignored
        solution = routing.SolveWithIteratedLocalSearch(parameters)
    elif hint is not None:
        solution = routing.SolveFromAssignmentWithParameters(hint, parameters)
    else:
        solution = routing.SolveWithParameters(parameters)
    if solution is None or (best[0] is not None and best[0] <= solution.ObjectiveValue()):
        return list(best[1])
    return model.tours(lambda index: int(solution.Value(routing.NextVar(index))))


class _Limit:
    """Asks whether to stop, rarely enough to cost nothing."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._calls = 0

    def __call__(self) -> bool:
        self._calls += 1
        return self._calls % ASKED_EVERY == 0 and self._budget.over


def _parameters(seconds: float, *, iterated: bool) -> Any:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.time_limit.FromTimedelta(timedelta(seconds=seconds))
    metaheuristics = routing_enums_pb2.LocalSearchMetaheuristic
    if not iterated:
        parameters.local_search_metaheuristic = metaheuristics.GUIDED_LOCAL_SEARCH
        return parameters
    parameters.local_search_metaheuristic = metaheuristics.GREEDY_DESCENT
    parameters.use_iterated_local_search = True
    search = parameters.iterated_local_search_parameters
    search.reference_solution_acceptance_strategy.simulated_annealing.automatic_temperatures = True
    ruins = search.ruin_recreate_parameters
    # Without ruin strategies the search fails with status 5 and no exception.
    ruins.ruin_strategies.add().spatially_close_routes.num_ruined_routes = 2
    removal = ruins.ruin_strategies.add().sisr
    removal.max_removed_sequence_size = 10
    removal.avg_num_removed_visits = 10
    removal.bypass_factor = 0.01
    ruins.ruin_composition_strategy = 3  # one strategy at random each time
    return parameters
