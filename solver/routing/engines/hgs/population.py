"""Survivors by cost and by how unlike the others they are.

Reference: Vidal et al. (2012), section 4.5, https://doi.org/10.1287/opre.1120.1048
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

    from solver.routing.engines.hgs.individual import Individual
    from solver.routing.engines.hgs.params import Params


class Subpopulation:
    """The feasible or the infeasible individuals, with their pairwise distances.

    Parameters
    ----------
    params
        Its sizes.
    links, penalties
        Lengths of `Individual.links` and `Individual.excess`.
    """

    def __init__(self, params: Params, links: int, penalties: int) -> None:
        room = params.survivors + params.newcomers + 1
        self._params = params
        self.individuals: list[Individual] = []
        self._links = np.zeros((room, links), dtype=np.int32)
        self._cost = np.zeros(room)
        self._excess = np.zeros((room, penalties))
        self._distance = np.full((room, room), np.inf)

    def add(self, individual: Individual, penalties: NDArray[np.float64]) -> None:
        """Add an individual; select survivors when there is no more room."""
        k = len(self.individuals)
        differ = np.count_nonzero(self._links[:k] != individual.links, axis=1)
        share = differ / len(individual.links)  # broken-pairs distance
        self._distance[k, :k] = self._distance[:k, k] = share
        self._links[k], self._cost[k] = individual.links, individual.cost
        self._excess[k] = individual.excess
        self.individuals.append(individual)
        if len(self.individuals) > self._params.survivors + self._params.newcomers:
            while len(self.individuals) > self._params.survivors:
                self._drop_worst(penalties)
        self.rate(penalties)

    def rate(self, penalties: NDArray[np.float64]) -> NDArray[np.float64]:
        """Set and return every biased fitness: rank of cost plus weighted rank of diversity."""
        k = len(self.individuals)
        cost = self._cost[:k] + self._excess[:k] @ penalties
        close = max(1, min(self._params.close, k - 1))
        nearest = np.partition(self._distance[:k, :k], close - 1, axis=1)[:, :close].mean(axis=1)
        by_cost, by_diversity = np.empty(k), np.empty(k)
        by_cost[np.argsort(cost, kind="stable")] = np.arange(k)
        by_diversity[np.argsort(-nearest, kind="stable")] = np.arange(k)
        weight = 1 - min(self._params.elite, k) / k
        fitness: NDArray[np.float64] = (by_cost + weight * by_diversity) / k
        for individual, value in zip(self.individuals, fitness.tolist(), strict=True):
            individual.fitness = value
        return fitness

    def _drop_worst(self, penalties: NDArray[np.float64]) -> None:
        """Drop the least fit, twins of others before anybody else."""
        k = len(self.individuals)
        twin = self._distance[:k, :k].min(axis=1) == 0
        worst = int(np.argmax(self.rate(penalties) + 10 * twin))
        last = k - 1
        self.individuals[worst] = self.individuals[last]
        self.individuals.pop()
        for rows in (self._links, self._cost, self._excess):
            rows[worst] = rows[last]
        distance = self._distance
        distance[worst, :] = distance[last, :].copy()
        distance[:, worst] = distance[:, last].copy()
        distance[worst, worst] = np.inf
        distance[last, :] = np.inf
        distance[:, last] = np.inf


class Population:
    """The infeasible and the feasible individuals."""

    def __init__(self, params: Params, links: int, penalties: int) -> None:
        self._params = params
        self._parts = [Subpopulation(params, links, penalties) for _ in range(2)]

    def add(self, individual: Individual, penalties: NDArray[np.float64]) -> None:
        """Add an individual to its part."""
        self._parts[individual.feasible].add(individual, penalties)

    def rate(self, penalties: NDArray[np.float64]) -> None:
        """Rate the infeasible anew: their costs depend on the penalties."""
        if self._parts[0].individuals:
            self._parts[0].rate(penalties)

    def parents(self, chance: random.Random) -> tuple[Individual, Individual]:
        """Return two individuals by binary tournament, neither too near nor too far."""
        first = self._tournament(chance)
        second = first
        for _ in range(10):
            second = self._tournament(chance)
            apart = np.count_nonzero(first.links != second.links) / len(first.links)
            if self._params.near <= apart <= self._params.far:
                break
        return first, second

    def _tournament(self, chance: random.Random) -> Individual:
        every = self._parts[0].individuals, self._parts[1].individuals
        count = len(every[0])
        drawn = [chance.randrange(count + len(every[1])) for _ in range(2)]
        players = [every[0][k] if k < count else every[1][k - count] for k in drawn]
        return min(players, key=lambda individual: individual.fitness)
