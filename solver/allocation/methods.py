"""The ways to allocate a batch, from the industry's rule to the full search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.allocation.arrays import no_prices, untouched
from solver.allocation.auto import auto
from solver.allocation.ejection import neighbours_of
from solver.allocation.search import START_SHARE, by_dual, by_relaxation, ejected, found
from solver.allocation.sequential import place_in_turn, place_nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from solver.allocation.search import Found, Search


def nearest(search: Search) -> Found:
    """Ship every order from the nearest warehouse that has all of it."""
    state = untouched(search.problem)
    place_nearest(search.batch, state, np.arange(search.problem.orders))
    return found(search, state.chosen, "nearest")


def myopic(search: Search) -> Found:
    """Give each order in turn its exact cheapest set."""
    state = untouched(search.problem)
    turn = np.arange(search.problem.orders)
    place_in_turn(search.batch, no_prices(search.problem), state, turn)
    return found(search, state.chosen, "myopic")


def ejection(search: Search) -> Found:
    """Improve the myopic answer by re-insertion and ejection."""
    return ejected(search, neighbours_of(search.problem, search.batch))


def lagrangian(search: Search) -> Found:
    """Place orders by the prices of the Lagrangian dual, then improve."""
    near = neighbours_of(search.problem, search.batch)
    return by_dual(search, near, ejected(search, near, START_SHARE))


def relaxation(search: Search) -> Found:
    """Solve the linear relaxation, keep its whole orders, place the others, improve."""
    near = neighbours_of(search.problem, search.batch)
    return by_relaxation(search, near, ejected(search, near, START_SHARE))


METHODS: dict[str, Callable[[Search], Found]] = {
    "auto": auto,
    "nearest": nearest,
    "myopic": myopic,
    "ejection": ejection,
    "lagrangian": lagrangian,
    "relaxation": relaxation,
}
