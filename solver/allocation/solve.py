"""The allocation room's front door."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation.annealing import anneal
from solver.allocation.answer import Allocation, BoundKind
from solver.allocation.arrays import batch_of, no_prices
from solver.allocation.branching import prove
from solver.allocation.checker import UnsoundAnswerError, check
from solver.allocation.ejection import neighbours_of
from solver.allocation.explain import explain
from solver.allocation.methods import METHODS
from solver.allocation.problem import LARGEST_TOTAL_MINOR, Problem
from solver.allocation.search import Search
from solver.errors import InvalidProblemError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from solver.allocation.arrays import Batch


def allocate(
    problem: Problem,
    *,
    budget_s: float,
    seed: int = 0,
    method: str = "auto",
    bid_prices: ArrayLike | None = None,
) -> Allocation:
    """Choose a warehouse for every line of a batch.

    Parameters
    ----------
    problem
        The batch; its orders are taken in the order they stand in.
    budget_s
        Wall seconds for searching; 0 takes the fast path: each order's exact
        cheapest set in turn, then ejection, no linear program, the GIL
        released. A good answer comes whatever the budget; more time improves
        it and its bound.
    seed
        Decides ties of the random neighbourhoods. Same problem and seed, same
        answer, unless the budget cuts the search short.
    method
        ``auto`` or a key of `METHODS`.
    bid_prices
        What a unit left in stock is worth to orders still to come, minor
        units, shape (w, s), at least 0. Weighed in decisions, left out of
        costs and bounds.

    Returns
    -------
    Allocation
        Checked.

    Raises
    ------
    InvalidProblemError
        When `method`, `budget_s` or `bid_prices` is none.
    UnsoundAnswerError
        When the answer fails its check: a bug, never an input's fault.
    """
    began = perf_counter()
    if method not in METHODS:
        raise InvalidProblemError("method", f"{method!r} is none of {', '.join(METHODS)}")
    if not 0 <= budget_s < np.inf:
        raise InvalidProblemError("budget_s", f"must be at least 0 and finite, is {budget_s}")
    batch = batch_of(problem)
    search = Search(
        problem=problem,
        batch=batch if bid_prices is None else _with_bids(problem, batch, bid_prices),
        honest=batch,
        began=began,
        budget_s=budget_s,
        seed=seed,
    )
    found = METHODS[method](search)

    report = check(problem, found.chosen)
    if report.violations:
        raise UnsoundAnswerError(f"{found.method}: {report.violations[0].message}")
    bound = min(found.bound, report.cost)
    return Allocation(
        chosen=found.chosen,
        cost=report.cost,
        lower_bound=bound,
        bound_kind=BoundKind.OPTIMAL if bound == report.cost else found.bound_kind,
        method=found.method,
        seconds=perf_counter() - began,
        parcels=report.parcels,
        unfilled_lines=report.unfilled_lines,
        prices=found.prices,
    )


def warm_up(*, fast_path_only: bool = False) -> None:
    """Compile or load kernels; half a minute at first, a moment from the cache.

    Call it at start, so that no order waits for a compiler.

    Parameters
    ----------
    fast_path_only
        Whether only `allocate` with a budget of 0, the nearest-warehouse rule
        and `explain` will be used; about half of the work.
    """
    tiny = Problem(
        stock=np.array([[2, 1], [1, 2]]),
        parcel_capacity=np.array([2, 2]),
        order_ptr=np.array([0, 2, 4]),
        parcel_cost=np.array([[5, 3], [4, 6]]),
        line_sku=np.array([0, 1, 0, 0]),
        line_qty=np.array([1, 1, 1, 1]),
        unfilled_cost=np.array([90, 90, 90, 90]),
        line_cost=np.ones((4, 2), dtype=np.int64),
    )
    explain(tiny, allocate(tiny, budget_s=0))
    allocate(tiny, budget_s=0, method="nearest")
    if fast_path_only:
        return
    for method in METHODS:
        allocate(tiny, budget_s=1.0, method=method)
    # The tiny batch is solved to its bound before annealing would begin.
    batch = batch_of(tiny)
    anneal(
        tiny,
        batch,
        no_prices(tiny),
        neighbours_of(tiny, batch),
        np.full(tiny.lines, -1, dtype=np.int64),
        bound=-1,
        seed=0,
        budget_s=0.001,
        deadline=np.inf,
    )
    prove(tiny, batch, no_prices(tiny), upper=0, budget_s=1.0, deadline=np.inf)


def _with_bids(problem: Problem, batch: Batch, bid_prices: ArrayLike) -> Batch:
    """Return `batch` with the worth of the stock a line takes in its cost."""
    bids = np.asarray(bid_prices, dtype=np.float64)
    if bids.shape != problem.stock.shape:
        text = f"must have shape {problem.stock.shape}, has {bids.shape}"
        raise InvalidProblemError("bid_prices", text)
    if not np.isfinite(bids).all() or (bids < 0).any():
        raise InvalidProblemError("bid_prices", "must be finite and at least 0")
    # Whole minor units keep every comparison of costs exact.
    worth = np.rint(bids[:, problem.line_sku].T * problem.line_qty[:, None])  # (l, w)
    if worth.sum() >= LARGEST_TOTAL_MINOR:
        raise InvalidProblemError("bid_prices", "the worst total reaches 2^52 minor units")
    return batch._replace(cost=np.ascontiguousarray(batch.cost + worth))
