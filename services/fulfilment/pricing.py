"""What an allocation costs, as arrays: the case that solvers get, and its price by terms.

An order is cut into lots, one per parcel class: goods that may not share a parcel (other
temperature, dangerous beside harmless) are allocated apart. Within a lot, for every warehouse
used: the tariff's base and its price per started 100 km; for every line: the price per kilogram
by the gram, rounded up to a minor unit; for every parcel after the lot's first: the split cost. A
line left out costs what it is worth and, on top, more than carrying it ever could: the buyer has
paid, so a line stays behind for want of stock or room, never because carriage is dear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from solver.allocation.problem import IntArray, Problem

TERMS = ("parcel", "distance", "weight", "split", "unfilled")
MAX_PARCELS = 3  # of one lot

# Whole batches stay below the 2^52 minor units within which solvers add exactly.
MAX_DISTANCE_MINOR = 10**11
MAX_LINE_MINOR = 10**10

METRES_PER_STEP = 100_000
GRAMS_PER_KG = 1000


@dataclass(frozen=True, eq=False)
class Case:
    """The lots of one currency, over the w warehouses whose tariffs are in it.

    Attributes
    ----------
    problem
        o lots, l lines, s SKUs.
    warehouse_ids, skus
        Names of the problem's warehouses (w) and SKUs (s).
    base_minor
        The tariff's part for every parcel, shape (w,).
    distance_minor
        The part by distance, shape (o, w).
    distance_m
        Great-circle metres, -1 where the destination is unknown, shape (o, w).
    lot_order
        Position of each lot's order in the request, shape (o,).
    line_position
        Position of each line in its order, shape (l,).
    """

    currency: str
    problem: Problem
    warehouse_ids: tuple[str, ...]
    skus: tuple[str, ...]
    base_minor: IntArray
    distance_minor: IntArray
    distance_m: IntArray
    lot_order: IntArray
    line_position: IntArray


def started(amount: IntArray, step: int) -> IntArray:
    """Return how many steps were started."""
    steps: IntArray = -(-amount // step)
    return steps


def distance_cost(distance_m: IntArray, per_step_minor: IntArray) -> IntArray:
    """Return the part of a parcel's price by distance; an unknown one (-1) counts as none."""
    steps = started(np.maximum(distance_m, 0), METRES_PER_STEP)
    cost: IntArray = np.minimum(steps * per_step_minor, MAX_DISTANCE_MINOR)
    return cost


def weight_cost(weight_g: IntArray, per_kg_minor: IntArray) -> IntArray:
    """Return the price by weight of lines from warehouses, shape (l, w)."""
    grams = weight_g[:, None]
    # Compared before it is multiplied: the product may not fit 64 bits.
    too_dear = grams > GRAMS_PER_KG * (MAX_LINE_MINOR // np.maximum(per_kg_minor, 1))
    exact = started(np.where(too_dear, 0, grams) * per_kg_minor, GRAMS_PER_KG)
    cost: IntArray = np.where(too_dear & (per_kg_minor > 0), MAX_LINE_MINOR, exact)
    return cost


def unfilled_cost(
    worth: IntArray, parcel: IntArray, line: IntArray, split: int, line_lot: IntArray
) -> IntArray:
    """Return what leaving each line out costs, shape (l,).

    Parameters
    ----------
    worth
        The dearer of what the buyer pays and the shortage, 0 where neither is known.
    parcel, line
        Prices, shapes (o, w) and (l, w).
    line_lot
        Lot of each line, shape (l,).
    """
    dearest = parcel.max(axis=1, initial=0)[line_lot] + line.max(axis=1, initial=0) + split + 1
    cost: IntArray = np.minimum(worth + dearest, MAX_LINE_MINOR)
    return cost


def terms_of(case: Case, chosen: IntArray) -> IntArray:
    """Return each lot's cost by term, shape (o, 5), columns as `TERMS`."""
    problem = case.problem
    terms = np.zeros((problem.orders, len(TERMS)), dtype=np.int64)
    line_lot = problem.line_order
    served = np.flatnonzero(chosen >= 0)
    lot, w = line_lot[served], chosen[served]
    parcel = np.unique(lot * problem.warehouses + w)
    parcel_lot, parcel_w = np.divmod(parcel, max(1, problem.warehouses))
    np.add.at(terms[:, 0], parcel_lot, case.base_minor[parcel_w])
    np.add.at(terms[:, 1], parcel_lot, case.distance_minor[parcel_lot, parcel_w])
    np.add.at(terms[:, 2], lot, problem.line_cost[served, w])
    parcels = np.bincount(parcel_lot, minlength=problem.orders)
    terms[:, 3] = problem.split_cost * np.maximum(parcels - 1, 0)
    missed = np.flatnonzero(chosen < 0)
    np.add.at(terms[:, 4], line_lot[missed], problem.unfilled_cost[missed])
    return terms


def left_over(problem: Problem, chosen: IntArray) -> tuple[IntArray, IntArray]:
    """Return the stock (w, s) and the parcels (w,) that an allocation leaves."""
    served = np.flatnonzero(chosen >= 0)
    w = chosen[served]
    stock = np.array(problem.stock)
    np.subtract.at(stock, (w, problem.line_sku[served]), problem.line_qty[served])
    parcel = np.unique(problem.line_order[served] * problem.warehouses + w)
    sent = np.bincount(parcel % max(1, problem.warehouses), minlength=problem.warehouses)
    return stock, problem.parcel_capacity - sent
