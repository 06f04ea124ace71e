"""The batch as one sparse linear model, for relaxation and for branching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse

from solver.allocation.arrays import Prices

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch
    from solver.allocation.problem import BoolArray, FloatArray, IntArray, Problem


@dataclass(frozen=True, eq=False)
class Model:
    """Minimise ``cost @ v`` subject to ``low <= matrix @ v <= high``, v in 0..1.

    The first columns say that a line is served by a warehouse
    (`column_line`, `column_warehouse`); then, for orders of several lines,
    that an order opens a parcel at a warehouse, and that it opens any.
    """

    matrix: scipy.sparse.csr_matrix  # (rows, n)
    cost: FloatArray  # (n,)
    low: FloatArray  # (rows,)
    high: FloatArray  # (rows,)
    column_line: IntArray  # (x,)
    column_warehouse: IntArray  # (x,)
    stock_rows: IntArray  # rows of the stock limits that can bind
    stock_at: IntArray  # their flat place in (w, s)
    capacity_rows: IntArray  # (w,)


class _Rows:
    """Rows of a sparse matrix, collected in blocks."""

    def __init__(self) -> None:
        self.count = 0
        self._rows: list[IntArray] = []
        self._columns: list[IntArray] = []
        self._values: list[FloatArray] = []
        self._low: list[FloatArray] = []
        self._high: list[FloatArray] = []

    def add(
        self,
        rows: IntArray,
        columns: IntArray,
        values: FloatArray,
        low: FloatArray,
        high: FloatArray,
    ) -> IntArray:
        """Append a block; return the numbers its rows got."""
        self._rows.append(rows + self.count)
        self._columns.append(columns)
        self._values.append(values)
        self._low.append(low)
        self._high.append(high)
        begin = self.count
        self.count += low.size
        return np.arange(begin, self.count)

    def matrix(self, columns: int) -> scipy.sparse.csr_matrix:
        place = (np.concatenate(self._rows), np.concatenate(self._columns))
        return scipy.sparse.csr_matrix(
            (np.concatenate(self._values), place), shape=(self.count, columns)
        )

    def limits(self) -> tuple[FloatArray, FloatArray]:
        return np.concatenate(self._low), np.concatenate(self._high)


def build_model(problem: Problem, batch: Batch, keep: BoolArray | None = None) -> Model:
    """Return the model of `problem`.

    Parameters
    ----------
    keep
        The (line, warehouse) pairs to model, shape (l, w); all useful ones
        when None.
    """
    useful = batch.cost < batch.unfilled[:, None]
    if keep is not None:
        useful &= keep
    line, w = np.nonzero(useful)
    of_order = problem.line_order
    order = of_order[line]
    many = (np.diff(problem.order_ptr) > 1)[order]
    x = np.arange(line.size)

    # An order of one line opens its parcel with the line; others have columns for it.
    key, opened_by = np.unique(
        order[many] * problem.warehouses + w[many], return_inverse=True
    )  # (y,)
    y_order, y_w = np.divmod(key, max(1, problem.warehouses))
    any_order, any_of = np.unique(y_order, return_inverse=True)  # (z,)
    y0, z0, u0 = x.size, x.size + key.size, x.size + key.size + any_order.size
    n = u0 + problem.lines
    cost = np.concatenate(
        (
            batch.cost[line, w] + np.where(many, 0.0, batch.parcel[order, w]),
            batch.parcel[y_order, y_w] + batch.split,
            np.full(any_order.size, -batch.split),
            batch.unfilled,
        )
    )

    rows = _Rows()
    lines = np.arange(problem.lines)
    once = np.ones(problem.lines)
    rows.add(
        np.concatenate((line, lines)), np.concatenate((x, u0 + lines)),
        np.ones(x.size + lines.size),
        once, once,
    )  # fmt: skip  # served once or left out
    inside = np.arange(opened_by.size)
    rows.add(
        np.concatenate((inside, inside)),
        np.concatenate((x[many], y0 + opened_by)),
        np.concatenate((np.ones(inside.size), -np.ones(inside.size))),
        np.full(inside.size, -np.inf), np.zeros(inside.size),
    )  # fmt: skip  # only from an opened parcel
    anys, ys = np.arange(any_order.size), np.arange(key.size)
    rows.add(
        np.concatenate((anys, any_of)),
        np.concatenate((z0 + anys, y0 + ys)),
        np.concatenate((np.ones(anys.size), -np.ones(ys.size))),
        np.full(anys.size, -np.inf), np.zeros(anys.size),
    )  # fmt: skip  # the first parcel costs no split
    rows.add(
        any_of, y0 + ys, np.ones(ys.size),
        np.full(anys.size, -np.inf), batch.limit[any_order].astype(np.float64),
    )  # fmt: skip  # parcels per order

    place, which = np.unique(w * max(1, problem.skus) + batch.sku[line], return_inverse=True)
    demand = np.bincount(which, weights=batch.qty[line], minlength=place.size)
    left = problem.stock.ravel()[place]
    binds = demand > left  # rows that cannot bind only slow the solver down
    number = np.cumsum(binds) - 1
    entry = binds[which]
    stock_rows = rows.add(
        number[which[entry]], x[entry], batch.qty[line[entry]].astype(np.float64),
        np.full(int(binds.sum()), -np.inf), left[binds].astype(np.float64),
    )  # fmt: skip
    capacity_rows = rows.add(
        np.concatenate((w[~many], y_w)), np.concatenate((x[~many], y0 + ys)),
        np.ones(int((~many).sum()) + ys.size),
        np.full(problem.warehouses, -np.inf), problem.parcel_capacity.astype(np.float64),
    )  # fmt: skip
    low, high = rows.limits()
    return Model(
        matrix=rows.matrix(n),
        cost=cost,
        low=low,
        high=high,
        column_line=line,
        column_warehouse=w,
        stock_rows=stock_rows,
        stock_at=place[binds],
        capacity_rows=capacity_rows,
    )


def prices_in(model: Model, problem: Problem, duals: FloatArray) -> Prices:
    """Return the prices that a solver's row duals mean, clipped at 0."""
    stock = np.zeros(problem.stock.size)
    stock[model.stock_at] = np.maximum(0.0, -duals[model.stock_rows])
    parcel = np.maximum(0.0, -duals[model.capacity_rows])
    return Prices(stock.reshape(problem.stock.shape), parcel)


def shares_in(model: Model, problem: Problem, values: FloatArray) -> FloatArray:
    """Return how much of each line each warehouse serves, shape (l, w)."""
    share = np.zeros(problem.line_cost.shape)
    share[model.column_line, model.column_warehouse] = values[: model.column_line.size]
    return share
