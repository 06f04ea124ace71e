"""Settings of the genetic search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    """Settings; those of the population are smaller than usual, for short runs.

    Attributes
    ----------
    survivors, newcomers
        Individuals a subpopulation keeps, and how many more it takes before it selects.
    elite, close
        Individuals that cost alone protects; neighbours in the measure of diversity.
    near, far
        Wanted broken-pairs distance between two parents.
    initial
        Random individuals at a start or restart.
    restart_after
        Generations without a better solution.
    neighbours, wait_weight
        Size of the granular neighbourhood, weight of waiting in it.
    initial_burst, burst, burst_size
        Steps of perturbation and local search for an individual at a start and
        for an offspring; visits disturbed in one step, at most.
    repair_share, repair_factor
        Share of infeasible offspring repaired, with penalties so many times higher.
    feasible_share, window
        Wanted share of feasible individuals; individuals between two looks at it.
    raised, lowered
        Factors of a penalty that is too low or too high.
    """

    survivors: int = 12
    newcomers: int = 20
    elite: int = 4
    close: int = 5
    near: float = 0.1
    far: float = 0.5
    initial: int = 12
    restart_after: int = 1_000
    neighbours: int = 40
    wait_weight: float = 0.2
    initial_burst: int = 50
    burst: int = 3
    burst_size: int = 10
    repair_share: float = 0.8
    repair_factor: float = 12.0
    feasible_share: float = 0.43
    window: int = 50
    raised: float = 1.34
    lowered: float = 0.5
