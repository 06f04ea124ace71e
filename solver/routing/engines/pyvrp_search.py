"""PyVRP's compiled local search, made ready for a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyvrp.search import (
    OPERATORS,
    LocalSearch,
    NeighbourhoodParams,
    PerturbationManager,
    PerturbationParams,
    compute_neighbours,
)

if TYPE_CHECKING:
    import pyvrp


def local_search(
    data: pyvrp.ProblemData,
    rng: pyvrp.RandomNumberGenerator,
    *,
    neighbourhood: NeighbourhoodParams | None = None,
    perturbation: PerturbationParams | None = None,
) -> LocalSearch:
    """Return a local search over every operator that `data` supports."""
    search = LocalSearch(
        data,
        rng,
        compute_neighbours(data, neighbourhood or NeighbourhoodParams()),
        PerturbationManager(perturbation or PerturbationParams()),
    )
    for operator in OPERATORS:
        if operator.supports(data):
            search.add_operator(operator(data))
    return search
