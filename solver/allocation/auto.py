"""The full search: everything that pays, in the order it pays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from solver.allocation.annealing import anneal
from solver.allocation.answer import BoundKind
from solver.allocation.arrays import state_of, total_cost
from solver.allocation.branching import prove
from solver.allocation.checker import check
from solver.allocation.ejection import improve, neighbours_of
from solver.allocation.search import START_SHARE, by_dual, ejected

if TYPE_CHECKING:
    from solver.allocation.arrays import Prices
    from solver.allocation.branching import Proof
    from solver.allocation.ejection import Neighbours
    from solver.allocation.search import Found, Search

PROOF_SHARE, ANNEALING_SHARE = 0.7, 0.95  # of the budget, when to stop


def auto(search: Search) -> Found:
    """Ejection, prices and rounding, branching where it can end, ruin and recreate.

    Without a budget, ejection alone.
    """
    near = neighbours_of(search.problem, search.batch)
    best = ejected(search, near, START_SHARE)
    if search.budget_s == 0:
        return best
    best = by_dual(search, near, best)
    prices = best.prices
    if prices is None or best.weighed <= best.bound:
        return best
    anneal_s = search.budget_s
    if search.batch is search.honest:  # bounds say nothing about costs with bids
        proof = prove(
            search.problem,
            search.batch,
            prices,
            upper=best.weighed,
            budget_s=search.budget_s,
            deadline=search.at(PROOF_SHARE),
        )
        if proof is not None:
            best = _with_proof(search, best, proof)
            anneal_s *= 1 - PROOF_SHARE
    if best.weighed <= best.bound:
        return best
    return _annealed(search, near, best, prices, anneal_s)


def _with_proof(search: Search, best: Found, proof: Proof) -> Found:
    if proof.chosen is not None and not check(search.problem, proof.chosen).violations:
        weighed = round(total_cost(search.batch, proof.chosen))
        best = replace(best, chosen=proof.chosen, weighed=weighed, method="branching")
    if proof.bound > best.bound:
        best = replace(best, bound=proof.bound, bound_kind=BoundKind.BRANCHING)
    return best


def _annealed(
    search: Search, near: Neighbours, best: Found, prices: Prices, budget_s: float
) -> Found:
    chosen = anneal(
        search.problem,
        search.batch,
        prices,
        near,
        best.chosen,
        bound=best.bound,
        seed=search.seed,
        budget_s=budget_s,
        deadline=search.at(ANNEALING_SHARE),
    )
    state = state_of(search.problem, search.batch, chosen)
    improve(search.problem, search.batch, near, state, deadline=search.at(1))
    weighed = round(total_cost(search.batch, state.chosen))
    if weighed < best.weighed:
        best = replace(best, chosen=state.chosen, weighed=weighed, method="ruin-recreate")
    return best
