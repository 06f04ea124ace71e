"""Penalties that keep a wanted share of the search feasible.

Reference: Vidal et al. (2012), section 4.6, https://doi.org/10.1287/opre.1120.1048
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyvrp

from solver.routing.engines.pyvrp_penalties import LEAST, MOST, starting_penalties

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.routing.engines.hgs.individual import Individual
    from solver.routing.engines.hgs.params import Params


class Penalties:
    """Cost per unit of excess load, time warp and distance, adapted as the search goes."""

    def __init__(self, data: pyvrp.ProblemData, params: Params) -> None:
        self._params = params
        self.values = starting_penalties(data)
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
