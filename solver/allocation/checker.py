"""An answer checked from scratch; shares no code with the kernels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from solver.errors import SolverError

if TYPE_CHECKING:
    from solver.allocation.problem import IntArray, Problem


class ViolationKind(StrEnum):
    """Which rule an answer breaks."""

    SHAPE = "shape"
    UNKNOWN_WAREHOUSE = "unknown_warehouse"
    NOT_ALLOWED = "not_allowed"
    STOCK = "stock"
    CAPACITY = "capacity"
    PARCELS = "parcels"
    COST = "cost"


@dataclass(frozen=True)
class Violation:
    """One broken rule.

    Parameters
    ----------
    kind
        The rule.
    message
        Where and by how much.
    """

    kind: ViolationKind
    message: str


@dataclass(frozen=True)
class Report:
    """What the checker counted itself.

    Parameters
    ----------
    cost
        Minor units.
    parcels, unfilled_lines
        Counts over all orders.
    violations
        Empty for a sound answer.
    """

    cost: int
    parcels: int
    unfilled_lines: int
    violations: tuple[Violation, ...]


class UnsoundAnswerError(SolverError):
    """A method produced an answer that breaks the problem's rules: a bug."""


def check(problem: Problem, chosen: IntArray, *, cost: int | None = None) -> Report:
    """Recompute cost, stock, capacity and parcels of an answer.

    Parameters
    ----------
    chosen
        Warehouse of each line, -1 when left out, shape (l,).
    cost
        The cost claimed, minor units; not compared when None.
    """
    chosen = np.asarray(chosen)
    if chosen.shape != (problem.lines,) or chosen.dtype.kind != "i":
        text = f"{chosen.dtype} of shape {chosen.shape} for {problem.lines} lines"
        return Report(0, 0, 0, (Violation(ViolationKind.SHAPE, text),))
    if ((chosen < -1) | (chosen >= problem.warehouses)).any():
        text = f"warehouses are -1 to {problem.warehouses - 1}"
        return Report(0, 0, 0, (Violation(ViolationKind.UNKNOWN_WAREHOUSE, text),))

    found: list[Violation] = []
    line = np.flatnonzero(chosen >= 0)
    w = chosen[line]
    order = problem.line_order[line]
    for at in np.flatnonzero(~problem.allowed[line, w]):
        text = f"line {line[at]} may not be served by warehouse {w[at]}"
        found.append(Violation(ViolationKind.NOT_ALLOWED, text))

    used = np.zeros(problem.stock.shape, dtype=np.int64)
    np.add.at(used, (w, problem.line_sku[line]), problem.line_qty[line])
    for at, sku in np.argwhere(used > problem.stock):
        text = f"warehouse {at} gives {used[at, sku]} of its {problem.stock[at, sku]} of SKU {sku}"
        found.append(Violation(ViolationKind.STOCK, text))

    parcel = np.unique(order * problem.warehouses + w)  # one per order and warehouse
    parcel_order, parcel_w = np.divmod(parcel, max(1, problem.warehouses))
    sent = np.bincount(parcel_w, minlength=problem.warehouses)
    for at in np.flatnonzero(sent > problem.parcel_capacity):
        text = f"warehouse {at} sends {sent[at]} of its {problem.parcel_capacity[at]} parcels"
        found.append(Violation(ViolationKind.CAPACITY, text))

    per_order = np.bincount(parcel_order, minlength=problem.orders)
    most = np.where(problem.may_split, problem.max_parcels, 1)
    for at in np.flatnonzero(per_order > most):
        text = f"order {at} uses {per_order[at]} warehouses, at most {most[at]}"
        found.append(Violation(ViolationKind.PARCELS, text))

    recomputed = (
        int(problem.parcel_cost[parcel_order, parcel_w].sum())
        + int(problem.line_cost[line, w].sum())
        + int(problem.unfilled_cost[chosen < 0].sum())
        + problem.split_cost * int(np.maximum(per_order - 1, 0).sum())
    )
    if cost is not None and cost != recomputed:
        text = f"claims {cost}, costs {recomputed}"
        found.append(Violation(ViolationKind.COST, text))
    return Report(recomputed, parcel.size, problem.lines - line.size, tuple(found))
