"""A solution with what crossover and the measure of diversity need of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyvrp

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Gene(NamedTuple):
    """A route: its tasks as bits of one integer, its visits, and PyVRP's object."""

    tasks: int
    sequence: tuple[int, ...]
    route: pyvrp.Route


@dataclass(eq=False)
class Individual:
    """A member of the population.

    Attributes
    ----------
    genes
        Its routes by the angle of their centre as seen from the depot.
    links
        Successor and predecessor of each visit, -1 at a depot, shape `(2v,)`.
    cost
        Without penalties.
    excess
        Violations: load per dimension, time warp, distance; shape `(dimensions + 2,)`.
    fitness
        Biased fitness in its subpopulation; small is good.
    """

    solution: pyvrp.Solution
    genes: list[Gene]
    links: NDArray[np.int32]
    cost: int
    excess: NDArray[np.float64]
    feasible: bool
    fitness: float = 0.0


class Reader:
    """Reads solutions of one problem as individuals.

    Visits are clients first, then load and unload of each shipment. A task is a
    client or a whole shipment.

    Parameters
    ----------
    data
        The problem; it has neither groups nor reload depots.
    """

    def __init__(self, data: pyvrp.ProblemData) -> None:
        clients, shipments = data.clients(), data.shipments()
        kinds = pyvrp.ActivityType
        self.activities = [pyvrp.Activity(kinds.CLIENT, i) for i in range(len(clients))]
        where = [client.location for client in clients]
        for number, shipment in enumerate(shipments):
            self.activities.append(pyvrp.Activity(kinds.PICKUP, number))
            self.activities.append(pyvrp.Activity(kinds.DELIVERY, number))
            where += [shipment.pickup.location, shipment.delivery.location]
        count = len(clients)
        self.task = [
            1 << (visit if visit < count else count + (visit - count) // 2)
            for visit in range(len(where))
        ]
        self._visit = {str(activity): visit for visit, activity in enumerate(self.activities)}
        points = _points(data)
        points -= points[data.depots()[0].location]
        self._x, self._y = points[where, 0].tolist(), points[where, 1].tolist()

    @property
    def visits(self) -> int:
        """Return the number of visits."""
        return len(self.activities)

    def read(self, solution: pyvrp.Solution) -> Individual:
        """Return `solution` as an individual."""
        count = self.visits
        links = [-1] * (2 * count)
        angled: list[tuple[float, Gene]] = []
        for route in solution.routes():
            # The text has one word per visit and is ten times faster than iterating.
            sequence = tuple(self._visit[word] for word in str(route).split())
            if not sequence:
                continue
            tasks, before, x, y = 0, -1, 0.0, 0.0
            for visit in sequence:
                tasks |= self.task[visit]
                x += self._x[visit]
                y += self._y[visit]
                links[count + visit] = before
                if before >= 0:
                    links[before] = visit
                before = visit
            angled.append((math.atan2(y, x), Gene(tasks, sequence, route)))
        angled.sort(key=lambda pair: pair[0])
        return Individual(
            solution=solution,
            genes=[gene for _, gene in angled],
            links=np.array(links, dtype=np.int32),
            cost=solution.distance_cost()
            + solution.duration_cost()
            + solution.fixed_vehicle_cost()
            + solution.uncollected_prizes(),
            excess=np.array(
                [*solution.excess_load(), solution.time_warp(), solution.excess_distance()],
                dtype=np.float64,
            ),
            feasible=solution.is_feasible(),
        )


def _points(data: pyvrp.ProblemData) -> NDArray[np.float64]:
    """Return a point for each location, shape `(n, 2)`; from the distances where none are given.

    Without coordinates: the two main axes of classical scaling, which put near
    what is near in the matrix. Torgerson (1952), https://doi.org/10.1007/BF02288916
    """
    points = np.array([(place.x, place.y) for place in data.locations()], dtype=np.float64)
    if points.any() or len(points) < 3:
        return points
    legs = np.asarray(data.distance_matrix(0), dtype=np.float64)
    squares = ((legs + legs.T) / 2) ** 2
    middle = squares.mean(axis=0)
    inner = -(squares - middle[:, None] - middle[None, :] + squares.mean()) / 2
    values, vectors = np.linalg.eigh(inner)
    axes: NDArray[np.float64] = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0.0))
    return axes
