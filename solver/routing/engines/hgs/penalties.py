"""Penalties that keep a wanted share of the search feasible.

Reference: Vidal et al. (2012), section 4.6, https://doi.org/10.1287/opre.1120.1048
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyvrp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.routing.engines.hgs.individual import Individual
    from solver.routing.engines.hgs.params import Params

LEAST, MOST = 0.1, 1e5  # beyond, PyVRP's integers could overflow


class Penalties:
    """Cost per unit of excess load, time warp and distance.

    They start at what a mean leg costs per mean load and per mean leg's time:
    PyVRP's own start is made for a search that adapts over far more solutions.
    """

    def __init__(self, data: pyvrp.ProblemData, params: Params) -> None:
        self._params = params
        distance = float(np.asarray(data.distance_matrix(0)).mean())
        seconds = float(np.asarray(data.duration_matrix(0)).mean())
        amounts = [np.maximum(c.pickup, c.delivery) for c in data.clients()]
        amounts += [np.array(s.amount) for s in data.shipments()]
        load = np.array(amounts, dtype=np.float64).reshape(len(amounts), -1).mean(axis=0)
        start = [*(distance / np.maximum(load, 1)), distance / max(seconds, 1), 1.0]
        self.values: NDArray[np.float64] = np.clip(np.array(start), LEAST, MOST)
        self._kept: list[NDArray[np.bool_]] = []

    def register(self, individual: Individual) -> bool:
        """Take note of an individual; return whether the penalties changed."""
        self._kept.append(individual.excess == 0)
        if len(self._kept) < self._params.window:
            return False
        missing = self._params.feasible_share - np.mean(self._kept, axis=0)
        self._kept = []
        factor = np.where(missing > 0.05, self._params.raised, 1.0)
        factor = np.where(missing < -0.05, self._params.lowered, factor)
        self.values = np.clip(self.values * factor, LEAST, MOST)
        return True

    def evaluator(self, factor: float = 1.0) -> pyvrp.CostEvaluator:
        """Return PyVRP's evaluator at these penalties times `factor`."""
        *loads, seconds, distance = np.clip(self.values * factor, LEAST, MOST).tolist()
        return pyvrp.CostEvaluator(loads, seconds, distance)
