"""Why an order got its warehouses, and what the next best would have cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation.arrays import batch_of, no_prices, state_of, take
from solver.allocation.exhaustive import search_order
from solver.allocation.reasons import UnfilledReason, unfilled_reason
from solver.allocation.runner_up import runner_up_set
from solver.errors import InvalidProblemError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from solver.allocation.answer import Allocation
    from solver.allocation.arrays import Batch, State
    from solver.allocation.problem import IntArray, Problem


@dataclass(frozen=True)
class CostTerms:
    """An order's cost by name, minor units."""

    parcel: int
    line: int
    split: int
    unfilled: int

    @property
    def total(self) -> int:
        """Sum of the terms."""
        return self.parcel + self.line + self.split + self.unfilled


@dataclass(frozen=True)
class Choice:
    """One way to serve an order.

    Parameters
    ----------
    chosen
        Warehouse of each of the order's lines, -1 when left out.
    warehouses
        Those used, ascending.
    terms
        What it costs.
    """

    chosen: tuple[int, ...]
    warehouses: tuple[int, ...]
    terms: CostTerms


@dataclass(frozen=True)
class UnfilledLine:
    """A line of the problem served by no warehouse, and why."""

    line: int
    reason: UnfilledReason


@dataclass(frozen=True)
class ShadowPrice:
    """What the units a line takes, or would take, are worth to other orders.

    Parameters
    ----------
    line, warehouse
        Place in the problem.
    worth
        Minor units for the line's whole quantity.
    """

    line: int
    warehouse: int
    worth: int


@dataclass(frozen=True)
class OrderExplanation:
    """Everything said about one order.

    Parameters
    ----------
    order
        Place in the problem.
    choice
        What the allocation gave it.
    runner_up
        The cheapest answer with another set of warehouses, out of what the
        batch leaves and the order's own share; None when there is none.
    unfilled
        Lines left out.
    shadow_prices
        Above 0 only; empty where the method knows no prices.
    """

    order: int
    choice: Choice
    runner_up: Choice | None
    unfilled: tuple[UnfilledLine, ...]
    shadow_prices: tuple[ShadowPrice, ...]


def explain(
    problem: Problem, allocation: Allocation, orders: Iterable[int] | None = None
) -> list[OrderExplanation]:
    """Explain `orders` (all when None) of an allocation.

    Microseconds per order; exact runner-up, except for freak orders with one
    SKU on very many lines, where it is the best found.
    """
    batch = batch_of(problem)
    left = state_of(problem, batch, allocation.chosen)
    wanted = range(problem.orders) if orders is None else orders
    return [_explain_one(problem, batch, left, allocation, order) for order in wanted]


def forced_choice(
    problem: Problem, allocation: Allocation, order: int, warehouses: Iterable[int]
) -> Choice | None:
    """Return the cheapest way to serve `order` from exactly `warehouses`.

    Out of what the batch leaves and the order's own share; None when these
    warehouses cannot each serve a line.

    Raises
    ------
    InvalidProblemError
        When `order` is no order, or a warehouse none of the problem's.
    """
    if not 0 <= order < problem.orders:
        raise InvalidProblemError("order", f"{order} is none of the {problem.orders} orders")
    wanted = frozenset(warehouses)
    if any(not 0 <= w < problem.warehouses for w in wanted):
        raise InvalidProblemError("warehouses", f"are 0 to {problem.warehouses - 1}")
    batch = batch_of(problem)
    left = state_of(problem, batch, allocation.chosen)
    take(batch, left, order, left.chosen[problem.lines_of(order)], -1)
    closed = [w for w in range(problem.warehouses) if w not in wanted]
    left.capacity[closed] = 0
    cost, chosen = search_order(batch, left.stock, left.capacity, order, wanted.__eq__)
    return None if cost == np.inf else _choice(problem, order, chosen)


def _explain_one(
    problem: Problem, batch: Batch, left: State, allocation: Allocation, order: int
) -> OrderExplanation:
    lines = problem.lines_of(order)
    chosen = left.chosen[lines]
    choice = _choice(problem, order, chosen)
    own = left._replace(stock=left.stock.copy(), capacity=left.capacity.copy())
    take(batch, own, order, chosen, -1)
    return OrderExplanation(
        order=order,
        choice=choice,
        runner_up=_runner_up(problem, batch, own, order, choice),
        unfilled=tuple(
            UnfilledLine(line, unfilled_reason(problem, batch, left, own, order=order, line=line))
            for line in range(lines.start, lines.stop)
            if left.chosen[line] < 0
        ),
        shadow_prices=_shadow_prices(problem, allocation, lines),
    )


def _runner_up(
    problem: Problem, batch: Batch, own: State, order: int, choice: Choice
) -> Choice | None:
    if batch.repeats[order]:
        taken_set = frozenset(choice.warehouses)
        cost, chosen = search_order(batch, own.stock, own.capacity, order, taken_set.__ne__)
    else:
        taken = np.zeros(problem.warehouses, dtype=np.bool_)
        taken[list(choice.warehouses)] = True
        chosen = np.empty(len(choice.chosen), dtype=np.int64)
        cost = runner_up_set(
            batch, no_prices(problem), own.stock, own.capacity, order, taken, chosen
        )
    return None if cost == np.inf else _choice(problem, order, chosen)


def _choice(problem: Problem, order: int, chosen: IntArray) -> Choice:
    lines = problem.lines_of(order)
    served = np.flatnonzero(chosen >= 0)
    used = np.unique(chosen[served])
    at = lines.start + served
    return Choice(
        chosen=tuple(chosen.tolist()),
        warehouses=tuple(used.tolist()),
        terms=CostTerms(
            parcel=int(problem.parcel_cost[order, used].sum()),
            line=int(problem.line_cost[at, chosen[served]].sum()),
            split=problem.split_cost * max(0, used.size - 1),
            unfilled=int(problem.unfilled_cost[lines][chosen < 0].sum()),
        ),
    )


def _shadow_prices(
    problem: Problem, allocation: Allocation, lines: slice
) -> tuple[ShadowPrice, ...]:
    if allocation.prices is None:
        return ()
    worth = allocation.prices.stock[:, problem.line_sku[lines]] * problem.line_qty[lines]  # (w, m)
    whole = np.rint(worth).astype(np.int64)
    return tuple(
        ShadowPrice(lines.start + int(j), int(w), int(whole[w, j]))
        for j, w in np.argwhere(whole.T > 0)
    )
