"""How long and how hot to ruin and recreate."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation.arrays import state_of, total_cost
from solver.allocation.ruin import ruin_and_recreate

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch, Prices
    from solver.allocation.ejection import Neighbours
    from solver.allocation.problem import IntArray, Problem

# Rounds are planned from the budget, not from the clock, so that an answer can
# be had again; the clock only cuts a slower machine short.
ROUNDS_PER_S = 60_000  # for two lines and a dozen warehouses
MOST_ROUNDS_PER_ORDER = 2_000
ROUNDS_PER_CALL = 2_000
COOLING = 0.01  # last temperature over the first
HOTTEST, COOLEST = 0.35, 0.02  # first temperature over an order's mean cost
HEAT_PER_ROUND = 7e-4  # more rounds per order afford a hotter start


def anneal(
    problem: Problem,
    batch: Batch,
    prices: Prices,
    near: Neighbours,
    chosen: IntArray,
    *,
    bound: int,
    seed: int,
    budget_s: float,
    deadline: float,
) -> IntArray:
    """Return an answer at most as dear as `chosen`.

    Parameters
    ----------
    bound
        Lower bound; the search ends where it is met.
    budget_s
        Plans the number of rounds.
    deadline
        `perf_counter` value at which to stop whatever was planned.
    """
    if not problem.lines:
        return chosen
    size = problem.warehouses * problem.lines / problem.orders / 24
    rounds = int(
        min(budget_s * ROUNDS_PER_S / max(size, 0.1), MOST_ROUNDS_PER_ORDER * problem.orders)
    )
    state = state_of(problem, batch, chosen)
    best = state.chosen.copy()
    current = record = total_cost(batch, best)
    heat = min(max(HEAT_PER_ROUND * rounds / problem.orders, COOLEST), HOTTEST)
    hot = max(1.0, heat * record / problem.orders)

    began = perf_counter()
    done = 0
    seeds = np.random.default_rng(seed).integers(2**31, size=rounds // ROUNDS_PER_CALL + 1)
    while done < rounds and record > bound:
        now = perf_counter()
        if now >= deadline:
            break
        progress = max(done / rounds, (now - began) / (deadline - began))
        after = min(1.0, progress + ROUNDS_PER_CALL / rounds)
        current, record = ruin_and_recreate(
            batch,
            prices,
            near,
            state,
            best,
            int(seeds[done // ROUNDS_PER_CALL]),
            min(ROUNDS_PER_CALL, rounds - done),
            hot * COOLING**progress,
            hot * COOLING**after,
            current,
            record,
        )
        done += ROUNDS_PER_CALL
    return best
