"""One case decided: solved, checked, compared with the nearest rule, and every gap explained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services._kit import logs
from services.fulfilment.greedy import greedy
from services.fulfilment.pricing import left_over, terms_of
from solver.allocation.answer import BoundKind
from solver.allocation.checker import UnsoundAnswerError, check
from solver.allocation.solve import allocate

if TYPE_CHECKING:
    from services.fulfilment.pricing import Case
    from solver.allocation.answer import Allocation
    from solver.allocation.problem import BoolArray, IntArray, Problem

log = logs.logger("fulfilment.deciding")

FALLBACK = "greedy"
NO_BOUND = "none"

OUT_OF_STOCK = allocation_v1.UNFILLED_REASON_OUT_OF_STOCK
TAKEN_BY_OTHERS = allocation_v1.UNFILLED_REASON_TAKEN_BY_OTHERS
PARCEL_LIMIT = allocation_v1.UNFILLED_REASON_PARCEL_LIMIT
WAREHOUSE_CAPACITY = allocation_v1.UNFILLED_REASON_WAREHOUSE_CAPACITY
NOT_ALLOWED = allocation_v1.UNFILLED_REASON_NOT_ALLOWED
DEARER = allocation_v1.UNFILLED_REASON_DEARER_THAN_UNFILLED


class Solver(Protocol):
    """What a decision needs of the allocation room."""

    def __call__(self, problem: Problem, *, budget_s: float, method: str = "auto") -> Allocation:
        """Return a checked allocation of `problem`."""
        ...


@dataclass(frozen=True, eq=False)
class Decided:
    """A case's answer.

    Attributes
    ----------
    chosen
        Warehouse of each line, -1 when left out, shape (l,).
    terms
        Each lot's cost by term, shape (o, 5).
    nearest_minor
        What the nearest rule would have cost each lot, shape (o,).
    left, capacity_left
        Stock (w, s) and parcels (w,) that are left.
    bound_minor, bound_kind
        Proven lower bound on the whole case.
    """

    case: Case
    chosen: IntArray
    terms: IntArray
    nearest_minor: IntArray
    left: IntArray
    capacity_left: IntArray
    bound_minor: int
    bound_kind: str

    @cached_property
    def line_lot(self) -> IntArray:
        """Lot of each line, shape (l,)."""
        return self.case.problem.line_order

    @cached_property
    def limit(self) -> IntArray:
        """Most parcels of each lot, shape (o,)."""
        return self.case.problem.parcel_limit

    @cached_property
    def room(self) -> BoolArray:
        """Whether each warehouse can still send a parcel, shape (w,)."""
        return self.capacity_left > 0

    def reason(self, line: int, *, exists: bool) -> allocation_v1.UnfilledReason.ValueType:
        """Return why `line` has no stock.

        Parameters
        ----------
        exists
            Whether any warehouse at all had enough of it, closed ones and those of other
            currencies included.
        """
        problem, lot = self.case.problem, int(self.line_lot[line])
        quantity, sku = problem.line_qty[line], problem.line_sku[line]
        had = problem.stock[:, sku] >= quantity
        if not had.any() and not exists:
            return OUT_OF_STOCK
        usable = had & problem.allowed[line]
        if not usable.any():
            return NOT_ALLOWED
        has = usable & (self.left[:, sku] >= quantity)
        if not has.any():
            return TAKEN_BY_OTHERS
        used = np.zeros(problem.warehouses, dtype=np.bool_)
        mine = self.chosen[problem.lines_of(lot)]
        used[mine[mine >= 0]] = True
        reachable = has & (used | self.room)
        if not reachable.any():
            return WAREHOUSE_CAPACITY
        full = int(used.sum()) >= int(self.limit[lot])
        if full and not (has & used).any():
            opening = problem.parcel_cost[lot] + problem.line_cost[line]
            if (opening[reachable] < problem.unfilled_cost[line]).any():
                return PARCEL_LIMIT
        return DEARER


def decide(case: Case, solve: Solver = allocate) -> Decided:
    """Return the answer to `case`; whatever happens to the solver, there is a sound one."""
    chosen, bound, kind = _solved(case, solve)
    nearest = _nearest(case, solve)
    left, capacity_left = left_over(case.problem, chosen)
    return Decided(
        case=case,
        chosen=chosen,
        terms=terms_of(case, chosen),
        nearest_minor=terms_of(case, nearest).sum(axis=1),
        left=left,
        capacity_left=capacity_left,
        bound_minor=bound,
        bound_kind=kind,
    )


def _solved(case: Case, solve: Solver) -> tuple[IntArray, int, str]:
    if not case.problem.warehouses:
        nothing = np.full(case.problem.lines, -1, dtype=np.int64)
        return nothing, int(case.problem.unfilled_cost.sum()), BoundKind.OPTIMAL.value
    try:
        found = solve(case.problem, budget_s=0)
        _require_sound(case.problem, found.chosen, found.cost)
    except Exception:
        log.exception("the allocation solver failed; the batch is allocated greedily")
        chosen = greedy(case.problem)
        _require_sound(case.problem, chosen)
        return chosen, 0, NO_BOUND
    return found.chosen, found.lower_bound, found.bound_kind.value


def _nearest(case: Case, solve: Solver) -> IntArray:
    if not case.problem.warehouses:
        return np.full(case.problem.lines, -1, dtype=np.int64)
    try:
        return solve(case.problem, budget_s=0, method="nearest").chosen
    except Exception:
        log.exception("the nearest rule failed; compared with the greedy one instead")
        return greedy(case.problem)


def _require_sound(problem: Problem, chosen: IntArray, cost: int | None = None) -> None:
    report = check(problem, chosen, cost=cost)
    if report.violations:
        raise UnsoundAnswerError(report.violations[0].message)
