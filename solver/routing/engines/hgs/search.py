"""The genetic search's loop.

References: Vidal et al. (2012), https://doi.org/10.1287/opre.1120.1048;
Vidal (2022), https://doi.org/10.1016/j.cor.2021.105643;
Kool et al. (2022), "Hybrid genetic search for the vehicle routing problem with
time windows: a high-performance implementation", 12th DIMACS challenge
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pyvrp
from pyvrp.search import NeighbourhoodParams, PerturbationParams

from solver.routing.engines.hgs.crossover import RouteExchange
from solver.routing.engines.hgs.individual import Reader
from solver.routing.engines.hgs.params import Params
from solver.routing.engines.hgs.penalties import Penalties
from solver.routing.engines.hgs.population import Population
from solver.routing.engines.pyvrp_search import local_search

if TYPE_CHECKING:
    from solver.routing.engines.base import Budget, OnImprovement, Tours
    from solver.routing.engines.hgs.individual import Individual
    from solver.routing.engines.pyvrp_model import PyvrpModel

DEFAULTS = Params()


def genetic_search(
    model: PyvrpModel,
    budget: Budget,
    seed: int,
    on_improvement: OnImprovement,
    initial: Tours,
    *,
    give_up_s: float | None = None,
    params: Params = DEFAULTS,
) -> Tours:
    """Return the best feasible tours found until the budget is over; empty for none.

    Parameters
    ----------
    model
        A problem whose stops have one window each.
    give_up_s
        When to stop, on the clock of `time.monotonic`, if nothing feasible has been
        found by then.
    """
    search = GeneticSearch(model, seed, on_improvement, params)
    if initial:
        search.enter(search.educate(model.solution(initial), params.initial_burst))
    while not budget.over:
        if search.best is None and give_up_s is not None and time.monotonic() >= give_up_s:
            break
        search.generation()
    return [] if search.best is None else model.tours(search.best.solution)


class GeneticSearch:
    """Crossover, local search, repair; a population that starts afresh when it is stuck.

    Attributes
    ----------
    best
        Best feasible individual.
    """

    def __init__(
        self, model: PyvrpModel, seed: int, on_improvement: OnImprovement, params: Params
    ) -> None:
        data = model.data
        self._model = model
        self._params = params
        self._on_improvement = on_improvement
        self._chance = random.Random(seed)
        self._rng = pyvrp.RandomNumberGenerator(seed=seed)
        self._reader = Reader(data)
        self._cross = RouteExchange(data, self._reader)
        self._search = local_search(
            data,
            self._rng,
            neighbourhood=NeighbourhoodParams(params.wait_weight, params.neighbours),
            perturbation=PerturbationParams(1, params.burst_size),
        )
        self._penalties = Penalties(data, params)
        self.best: Individual | None = None
        self._start_afresh()
        self._refresh_evaluators()

    def generation(self) -> None:
        """Add one offspring, or one random individual while the population is new."""
        if self._stale >= self._params.restart_after:
            self._start_afresh()
        self._stale += 1
        if self._to_make:
            self._to_make -= 1
            child = pyvrp.Solution.make_random(self._model.data, self._rng)
            burst = self._params.initial_burst
        else:
            parents = self._population.parents(self._chance)
            child, burst = self._cross(parents, self._evaluator, self._chance), self._params.burst
        individual = self.enter(self.educate(child, burst))
        if not individual.feasible and self._chance.random() < self._params.repair_share:
            repaired = self._search(individual.solution, self._strict, exhaustive=True)
            if repaired.is_feasible():
                self.enter(repaired, register=False)

    def educate(self, child: pyvrp.Solution, burst: int) -> pyvrp.Solution:
        """Return `child` after a full local search and `burst` perturbed ones, none for worse."""
        evaluator = self._evaluator
        solution = self._search(child, evaluator, exhaustive=True)
        cost = evaluator.penalised_cost(solution)
        for _ in range(burst):
            other = self._search(solution, evaluator, exhaustive=False)
            other_cost = evaluator.penalised_cost(other)
            if other_cost <= cost:
                solution, cost = other, other_cost
        return solution

    def enter(self, solution: pyvrp.Solution, *, register: bool = True) -> Individual:
        """Add a solution to the population; `register` lets it steer the penalties."""
        individual = self._reader.read(solution)
        self._population.add(individual, self._penalties.values)
        if register and self._penalties.register(individual):
            self._refresh_evaluators()
            self._population.rate(self._penalties.values)
        if individual.feasible and (self.best is None or individual.cost < self.best.cost):
            self.best, self._stale = individual, 0
            self._on_improvement(self._model.tours(solution))
        return individual

    def _start_afresh(self) -> None:
        self._population = Population(
            self._params, 2 * self._reader.visits, len(self._penalties.values)
        )
        self._stale, self._to_make = 0, self._params.initial

    def _refresh_evaluators(self) -> None:
        self._evaluator = self._penalties.evaluator()
        self._strict = self._penalties.evaluator(self._params.repair_factor)
