"""What methods work with, and the steps they share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation.answer import BoundKind
from solver.allocation.arrays import no_prices, relaxed, total_cost, untouched
from solver.allocation.dual import bound_of, solve_dual
from solver.allocation.ejection import costs_alone, improve
from solver.allocation.linear import solve_model
from solver.allocation.model import build_model, prices_in, shares_in
from solver.allocation.rounding import round_shares
from solver.allocation.sequential import place_in_turn

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch, Prices
    from solver.allocation.ejection import Neighbours
    from solver.allocation.problem import FloatArray, IntArray, Problem

DAMPINGS = (1.0, 0.8, 0.5)
# Of the budget, when to stop. A start is soon good enough: prices, and with
# them the bound, must not go short on a busy machine.
START_SHARE, DUAL_SHARE, ROUNDING_SHARE = 0.08, 0.35, 0.55


@dataclass(frozen=True, eq=False)
class Search:
    """What a method works with.

    Parameters
    ----------
    batch
        The problem with bid prices in its costs.
    honest
        The problem without; bounds are proven on it.
    began
        `perf_counter` value at the start.
    budget_s
        Wall seconds from then; 0 when nothing but the fast path is wanted.
    seed
        Of random choices.
    """

    problem: Problem
    batch: Batch
    honest: Batch
    began: float
    budget_s: float
    seed: int

    def at(self, share: float) -> float:
        """Return the `perf_counter` value when `share` of the budget is spent."""
        return self.began + share * self.budget_s


@dataclass(frozen=True, eq=False)
class Found:
    """An answer on its way.

    Parameters
    ----------
    chosen
        Warehouse of each line, -1 when left out, shape (l,).
    weighed
        Cost including bid prices, what methods compare.
    bound, bound_kind
        Lower bound on the cost without bid prices, minor units.
    prices
        Shadow prices where known.
    """

    chosen: IntArray
    weighed: int
    bound: int
    bound_kind: BoundKind
    method: str
    prices: Prices | None = None


def ejected(search: Search, near: Neighbours, share: float = 1.0) -> Found:
    """Return the myopic answer after ejection, within `share` of the budget."""
    state = untouched(search.problem)
    turn = np.arange(search.problem.orders)
    place_in_turn(search.batch, no_prices(search.problem), state, turn)
    deadline = None if search.budget_s == 0 else search.at(share)
    improve(search.problem, search.batch, near, state, deadline=deadline)
    alone = near.alone if search.batch is search.honest else None
    return found(search, state.chosen, "ejection", alone)


def by_dual(search: Search, near: Neighbours, best: Found) -> Found:
    """Return `best`, or what rounding the dual's shares gives, with its bound and prices."""
    dual = solve_dual(
        search.problem, search.batch, upper=best.weighed, deadline=search.at(DUAL_SHARE)
    )
    return _rounded(
        search,
        near,
        best,
        share=dual.share,
        prices=dual.prices,
        bound=dual.bound,
        method="lagrangian",
    )


def by_relaxation(search: Search, near: Neighbours, best: Found) -> Found:
    """Return `best`, or what rounding the linear relaxation gives, with its bound."""
    model = build_model(search.problem, search.batch)
    left_s = search.at(DUAL_SHARE) - perf_counter()
    if left_s <= 0:
        return best
    solution = solve_model(model, engine="glop", limit_s=left_s, whole=False)
    if solution is None or not solution.optimal:
        return best
    prices = prices_in(model, search.problem, solution.duals)
    share = shares_in(model, search.problem, solution.values)
    return _rounded(search, near, best, share=share, prices=prices, bound=0, method="relaxation")


def _rounded(
    search: Search,
    near: Neighbours,
    best: Found,
    *,
    share: FloatArray,
    prices: Prices,
    bound: int,
    method: str,
) -> Found:
    """Round at several dampings; return the best answer and the best bound."""
    if search.batch is not search.honest or not bound:
        bound = bound_of(search.problem, search.honest, prices)
    if bound > best.bound:
        best = replace(best, bound=bound, bound_kind=BoundKind.LAGRANGIAN)
    best = replace(best, prices=prices)
    for damping in DAMPINGS:
        state = round_shares(search.problem, search.batch, share, prices, damping)
        improve(search.problem, search.batch, near, state, deadline=search.at(ROUNDING_SHARE))
        weighed = round(total_cost(search.batch, state.chosen))
        if weighed < best.weighed:
            best = replace(best, chosen=state.chosen, weighed=weighed, method=method)
        if perf_counter() >= search.at(ROUNDING_SHARE):
            break
    return best


def found(search: Search, chosen: IntArray, method: str, alone: FloatArray | None = None) -> Found:
    """Return an answer with the bound of orders solved alone."""
    if alone is None:
        alone = costs_alone(
            relaxed(search.honest),
            no_prices(search.problem),
            np.array(search.problem.stock),
            np.array(search.problem.parcel_capacity),
        )
    weighed = round(total_cost(search.batch, chosen))
    return Found(chosen, weighed, round(alone.sum()), BoundKind.INDEPENDENT, method)
