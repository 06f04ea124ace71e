"""What an order could have had: kept small at the decision, searched only when asked.

At the decision, each lot keeps the prices of the warehouses that could serve it, and how much
of each SKU it could have had there: what was left plus what it took itself. The runner-up is the
cheapest assignment on that stock whose set of warehouses differs from the chosen one. It either
avoids a warehouse of the chosen set or gives some line to a warehouse outside it; each of these
cases is a variant of the lot with fewer choices, and all variants are solved exactly together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from services.fulfilment.pricing import MAX_PARCELS, TERMS, Case, terms_of
from solver.allocation.problem import LARGEST_TOTAL_MINOR, Problem
from solver.allocation.solve import allocate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
    from services.fulfilment.deciding import Decided
    from solver.allocation.problem import BoolArray, IntArray

MAX_CELLS = 200_000  # lines times warehouses solved together


@dataclass(frozen=True)
class Option:
    """One way of serving an order.

    Attributes
    ----------
    warehouse_ids
        In id order.
    terms
        Minor units by term.
    unfilled_lines
        Line numbers, ascending.
    """

    warehouse_ids: tuple[str, ...]
    terms: dict[str, int]
    unfilled_lines: tuple[int, ...]

    @property
    def cost_minor(self) -> int:
        """Sum of the terms."""
        return sum(self.terms.values())


@dataclass(frozen=True, eq=False)
class Lot:
    """A lot as it stood when it was decided; the case holds nothing else."""

    case: Case
    chosen: IntArray
    line_nos: tuple[int, ...]

    def option(self, chosen: IntArray) -> Option:
        """Return what `chosen`, a warehouse or -1 for each line, amounts to."""
        terms = terms_of(self.case, chosen)[0]
        return Option(
            tuple(sorted(self.case.warehouse_ids[w] for w in set(chosen.tolist()) - {-1})),
            {name: int(value) for name, value in zip(TERMS, terms, strict=True)},
            tuple(sorted(n for n, w in zip(self.line_nos, chosen, strict=True) if w < 0)),
        )


def kept(decided: Decided, lot: int, line_nos: Sequence[int]) -> dict[str, Any]:
    """Return what `lot_from` needs of a lot, ready for JSON; `line_nos` of its lines."""
    case, problem = decided.case, decided.case.problem
    lines = problem.lines_of(lot)
    quantity = problem.line_qty[lines]
    chosen = decided.chosen[lines].tolist()
    index_of: dict[int, int] = {}  # its SKUs, numbered; np.unique is slow on so few
    index = [index_of.setdefault(sku, len(index_of)) for sku in problem.line_sku[lines].tolist()]
    have = decided.left[:, list(index_of)]  # (w, its SKUs)
    room = decided.room.copy()
    pieces = quantity.tolist()
    for j, w in enumerate(chosen):
        if w >= 0:
            have[w, index[j]] += pieces[j]
            room[w] = True
    can = problem.allowed[lines] & (quantity[:, None] <= have[:, index].T) & room  # (m, w)
    near = np.flatnonzero(can.any(axis=0))
    at = {w: i for i, w in enumerate(near.tolist())}
    have = np.minimum(have[near], sum(pieces))
    return {
        "w": [case.warehouse_ids[w] for w in at],
        "base": case.base_minor[near].tolist(),
        "distance": case.distance_minor[lot, near].tolist(),
        "weight": problem.line_cost[lines][:, near].tolist(),
        "have": have.tolist(),
        "can": np.packbits(can[:, near]).tolist(),
        "sku": index,
        "qty": pieces,
        "unfilled": problem.unfilled_cost[lines].tolist(),
        "chosen": [at.get(w, -1) for w in chosen],
        "line": list(line_nos),
        "split": problem.split_cost,
        "limit": int(decided.limit[lot]),
    }


def pack(lots: Sequence[dict[str, Any]], order: allocation_v1.OrderToAllocate) -> bytes:
    """Return the lots of an order as they are stored, each with what it was decided for."""
    return orjson.dumps([{**lot, "for": _asked(order)} for lot in lots])


def is_decided_for(stored: bytes, order: allocation_v1.OrderToAllocate) -> bool:
    """Return whether the lots were decided for the place, currency and splitting of `order`."""
    lots = orjson.loads(stored or b"[]")
    return bool(lots) and all(lot.get("for") == _asked(order) for lot in lots)


def _asked(order: allocation_v1.OrderToAllocate) -> list[Any]:
    here = order.destination
    place = [here.location.lat_e7, here.location.lng_e7, here.location.datum]
    return [place if here.HasField("location") else None, order.currency, order.split_allowed]


def unpack(stored: bytes) -> list[Lot]:
    """Return the lots of an order as they were stored."""
    return [_lot_from(kept) for kept in orjson.loads(stored or b"[]")]


def chosen_option(lots: Sequence[Lot]) -> Option:
    """Return what was chosen for an order."""
    return _together([lot.option(lot.chosen) for lot in lots])


def runner_up(lots: Sequence[Lot]) -> Option | None:
    """Return the best other way for an order, `None` where there is none.

    Lots do not compete for stock, so the best other way changes one of them only.
    """
    chosen = [lot.option(lot.chosen) for lot in lots]
    best: Option | None = None
    for i, lot in enumerate(lots):
        other = _best_other(lot)
        if other is None:
            continue
        option = _together([*chosen[:i], lot.option(other), *chosen[i + 1 :]])
        if best is None or option.cost_minor < best.cost_minor:
            best = option
    return best


def _best_other(lot: Lot) -> IntArray | None:
    """Return the cheapest assignment with another set of warehouses than the chosen one."""
    problem = lot.case.problem
    used = set(lot.chosen.tolist()) - {-1}
    variants: list[tuple[int, int]] = [(-1, w) for w in sorted(used)]
    others = [w for w in range(problem.warehouses) if w not in used]
    variants += [
        (line, w) for line in range(problem.lines) for w in others if problem.allowed[line, w]
    ]
    best, least = None, None
    step = max(1, MAX_CELLS // max(1, problem.lines * problem.warehouses))
    for begin in range(0, len(variants), step):
        for chosen, cost in _solve(problem, variants[begin : begin + step]):
            if least is None or cost < least:
                best, least = chosen, cost
    return best


def _solve(problem: Problem, variants: Sequence[tuple[int, int]]) -> list[tuple[IntArray, int]]:
    """Return assignment and cost of each variant that can be had.

    A variant (-1, w) does without warehouse w, (line, w) gives `line` to w. Each variant is an
    order of its own with its own SKUs, so that one call solves them all without competition.
    """
    n, m, w, s = len(variants), problem.lines, problem.warehouses, problem.skus
    must = int(problem.unfilled_cost.sum() + problem.line_cost.sum() + problem.parcel_cost.sum())
    must += MAX_PARCELS * problem.split_cost + 1
    if n > 1 and n * m * must * 2 >= LARGEST_TOTAL_MINOR:
        half = n // 2
        return _solve(problem, variants[:half]) + _solve(problem, variants[half:])
    allowed: BoolArray = np.repeat(problem.allowed[None], n, axis=0)  # (n, m, w)
    unfilled = np.repeat(problem.unfilled_cost[None], n, axis=0)  # (n, m)
    for i, (line, warehouse) in enumerate(variants):
        if line < 0:
            allowed[i, :, warehouse] = False
        else:
            allowed[i, line] = False
            allowed[i, line, warehouse] = True
            unfilled[i, line] = must
    wide = Problem(
        stock=np.tile(problem.stock, (1, n)),
        parcel_capacity=np.full(w, n),
        order_ptr=np.arange(n + 1) * m,
        parcel_cost=np.tile(problem.parcel_cost, (n, 1)),
        line_sku=(np.arange(n)[:, None] * s + problem.line_sku).ravel(),
        line_qty=np.tile(problem.line_qty, n),
        unfilled_cost=unfilled.ravel(),
        line_cost=np.tile(problem.line_cost, (n, 1)),
        split_cost=problem.split_cost,
        max_parcels=problem.max_parcels,
        allowed=allowed.reshape(n * m, w),
        may_split=np.repeat(problem.may_split, n),
    )
    found = allocate(wide, budget_s=0, method="myopic").chosen.reshape(n, m)
    return [
        (chosen, _cost(problem, chosen))
        for (line, _), chosen in zip(variants, found, strict=True)
        if line < 0 or chosen[line] >= 0
    ]


def _cost(problem: Problem, chosen: IntArray) -> int:
    served = np.flatnonzero(chosen >= 0)
    sent = np.unique(chosen[served])
    return int(
        problem.parcel_cost[0, sent].sum()
        + problem.split_cost * max(0, sent.size - 1)
        + problem.line_cost[served, chosen[served]].sum()
        + problem.unfilled_cost[chosen < 0].sum()
    )


def _lot_from(kept: dict[str, Any]) -> Lot:
    w, m = len(kept["w"]), len(kept["line"])
    index = np.array(kept["sku"], dtype=np.int64)
    base = np.array(kept["base"], dtype=np.int64)
    distance = np.array(kept["distance"], dtype=np.int64).reshape(1, w)
    bits = np.unpackbits(np.array(kept["can"], dtype=np.uint8), count=m * w)
    problem = Problem(
        stock=np.array(kept["have"], dtype=np.int64).reshape(w, int(index.max(initial=-1)) + 1),
        parcel_capacity=np.ones(w, dtype=np.int64),
        order_ptr=np.array([0, m]),
        parcel_cost=base[None] + distance,
        line_sku=index,
        line_qty=np.array(kept["qty"], dtype=np.int64),
        unfilled_cost=np.array(kept["unfilled"], dtype=np.int64),
        line_cost=np.array(kept["weight"], dtype=np.int64).reshape(m, w),
        split_cost=kept["split"],
        max_parcels=kept["limit"],
        allowed=bits.astype(np.bool_).reshape(m, w),
    )
    case = Case(
        currency="",
        problem=problem,
        warehouse_ids=tuple(kept["w"]),
        skus=(),
        base_minor=base,
        distance_minor=distance,
        distance_m=np.full((1, w), -1, dtype=np.int64),
        lot_order=np.zeros(1, dtype=np.int64),
        line_position=np.arange(m),
    )
    return Lot(case, np.array(kept["chosen"], dtype=np.int64), tuple(kept["line"]))


def _together(options: Sequence[Option]) -> Option:
    return Option(
        tuple(sorted({w for option in options for w in option.warehouse_ids})),
        {name: sum(option.terms.get(name, 0) for option in options) for name in TERMS},
        tuple(sorted(n for option in options for n in option.unfilled_lines)),
    )
