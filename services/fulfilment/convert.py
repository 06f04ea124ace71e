"""Wire messages to solver arrays and back. The only file that knows both."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services.fulfilment.catalogue import AMBIENT, SkuFacts
from services.fulfilment.deciding import decide
from services.fulfilment.geo import degrees_of, distances_m
from services.fulfilment.options import kept, pack
from services.fulfilment.pricing import (
    MAX_DISTANCE_MINOR,
    MAX_LINE_MINOR,
    MAX_PARCELS,
    TERMS,
    Case,
    distance_cost,
    unfilled_cost,
    weight_cost,
)
from services.fulfilment.shapes import Decision, Decisions, Pick
from solver.allocation.problem import LARGEST_QUANTITY, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.fulfilment.catalogue import WarehouseFacts
    from services.fulfilment.deciding import Decided, Solver
    from services.fulfilment.shapes import Supply
    from solver.allocation.problem import BoolArray, IntArray

UNKNOWN = SkuFacts(
    weight_g=0, volume_ml=0, temperature=AMBIENT, hazardous=False, shortage_cost_minor=0
)
UNKNOWN_SKU = allocation_v1.UNFILLED_REASON_UNKNOWN_SKU


def decisions_from_pb(
    orders: Sequence[allocation_v1.OrderToAllocate], supply: Supply, solve: Solver
) -> Decisions:
    """Decide about `orders` together.

    Amounts of different currencies are never compared. An order competes among the open
    warehouses whose tariffs are in its own currency. Where there is none, it takes the currency
    of most open warehouses (of several, the first by code), and as its lines' values are in
    another, an unfilled line weighs what its SKU's shortage costs only. Warehouses have one
    tariff each, so orders of different currencies never compete for stock.
    """
    counted = Counter(house.currency for house in supply.warehouses if not house.message.closed)
    common = min(counted, key=lambda code: (-counted[code], code), default="")
    by_currency: dict[str, list[int]] = {}
    for i, order in enumerate(orders):
        currency = order.currency if order.currency in counted or not common else common
        by_currency.setdefault(currency, []).append(i)

    found = [Decision("") for _ in orders]
    bound, kinds = 0, set()
    for currency, members in sorted(by_currency.items()):
        case = _case(currency, [(i, orders[i]) for i in members], supply)
        decided = decide(case, solve)
        bound += decided.bound_minor
        kinds.add(decided.bound_kind)
        for i in members:
            found[i] = Decision(currency)
        _read(decided, orders, found, supply)
    kinds = kinds if len(kinds) <= 1 else kinds - {"optimal"}  # the weakest names the sum
    return Decisions(found, bound, min(kinds, default="optimal"))


def _case(
    currency: str, orders: Sequence[tuple[int, allocation_v1.OrderToAllocate]], supply: Supply
) -> Case:
    houses = [h for h in supply.warehouses if h.currency == currency and not h.message.closed]
    lot_order: list[int] = []
    lot_lines: list[int] = []
    position: list[int] = []
    facts: list[SkuFacts] = []
    quantity: list[int] = []
    value: list[int] = []
    sku_index: dict[str, int] = {}
    line_sku: list[int] = []
    for i, order in orders:
        same_currency = order.currency == currency
        classes: dict[tuple[int, bool], list[int]] = {}
        known = [supply.skus.get(line.sku, UNKNOWN) for line in order.lines]
        for j, sku in enumerate(known):
            classes.setdefault(sku.parcel_class, []).append(j)
        for members in classes.values():
            lot_order.append(i)
            lot_lines.append(len(members))
            for j in members:
                line = order.lines[j]
                position.append(j)
                facts.append(known[j])
                quantity.append(line.quantity)
                value.append(line.value_minor if same_currency else 0)
                line_sku.append(sku_index.setdefault(line.sku, len(sku_index)))

    order_of = dict(orders)
    counts = np.array(lot_lines, dtype=np.int64)
    line_lot = np.repeat(np.arange(counts.size), counts)
    pieces = np.array(quantity, dtype=np.int64)
    distance_m = _distances([order_of[i] for i in lot_order], houses)
    base = np.array([h.message.tariff.base_minor for h in houses], dtype=np.int64)
    distance = distance_cost(distance_m, _tariff(houses, "per_100_km_minor"))
    weight = np.array([sku.weight_g for sku in facts], dtype=np.int64) * pieces
    by_weight = weight_cost(weight, _tariff(houses, "per_kg_minor"))
    shortage = np.array([sku.shortage_cost_minor for sku in facts], dtype=np.int64) * pieces
    worth = np.minimum(np.maximum(value, shortage), MAX_LINE_MINOR)
    split = max((h.message.split_cost_minor for h in houses), default=0)
    parcel = np.minimum(base + distance, MAX_DISTANCE_MINOR)
    return Case(
        currency=currency,
        problem=Problem(
            stock=_stock(sku_index, houses, supply.stock),
            parcel_capacity=np.array(
                [supply.parcels.get(h.id, counts.size) for h in houses], dtype=np.int64
            ),
            order_ptr=np.concatenate(([0], np.cumsum(counts))),
            parcel_cost=parcel,
            line_sku=np.array(line_sku, dtype=np.int64),
            line_qty=pieces,
            unfilled_cost=unfilled_cost(worth, parcel, by_weight, split, line_lot),
            line_cost=by_weight,
            split_cost=split,
            max_parcels=MAX_PARCELS,
            allowed=_allowed(facts, houses),
            may_split=np.array([order_of[i].split_allowed for i in lot_order], dtype=np.bool_),
        ),
        warehouse_ids=tuple(h.id for h in houses),
        skus=tuple(sku_index),
        base_minor=base,
        distance_minor=parcel - base,
        distance_m=distance_m,
        lot_order=np.array(lot_order, dtype=np.int64),
        line_position=np.array(position, dtype=np.int64),
    )


def _distances(
    orders: Sequence[allocation_v1.OrderToAllocate], houses: Sequence[WarehouseFacts]
) -> IntArray:
    """Return metres from each order's destination to each warehouse, -1 where it is unknown."""
    found = np.full((len(orders), len(houses)), -1, dtype=np.int64)
    known = [i for i, order in enumerate(orders) if order.destination.HasField("location")]
    if known and houses:
        there = degrees_of([orders[i].destination.location for i in known])
        found[known] = distances_m(there, degrees_of([h.message.location for h in houses]))
    return found


def _tariff(houses: Sequence[WarehouseFacts], name: str) -> IntArray:
    return np.array([getattr(h.message.tariff, name) for h in houses], dtype=np.int64)


def _stock(
    skus: Mapping[str, int],
    houses: Sequence[WarehouseFacts],
    stock: Mapping[str, Mapping[str, int]],
) -> IntArray:
    matrix = np.zeros((len(houses), len(skus)), dtype=np.int64)
    at = {house.id: w for w, house in enumerate(houses)}
    for sku, s in skus.items():
        for warehouse_id, pieces in stock.get(sku, {}).items():
            w = at.get(warehouse_id)
            if w is not None:
                matrix[w, s] = min(pieces, LARGEST_QUANTITY)
    return matrix


def _allowed(facts: Sequence[SkuFacts], houses: Sequence[WarehouseFacts]) -> BoolArray:
    """Return whether each warehouse can store what each line is, shape (l, w)."""
    zones = {sku.temperature for sku in facts}
    by_zone = {
        zone: np.array([zone in house.temperatures for house in houses], dtype=np.bool_)
        for zone in zones
    }
    return np.array([by_zone[sku.temperature] for sku in facts], dtype=np.bool_).reshape(
        len(facts), len(houses)
    )


def _read(
    decided: Decided,
    orders: Sequence[allocation_v1.OrderToAllocate],
    found: list[Decision],
    supply: Supply,
) -> None:
    """Write what was decided into `found`, by order."""
    case, problem = decided.case, decided.case.problem
    lots: dict[int, list[dict[str, object]]] = {}
    chosen, position = decided.chosen.tolist(), case.line_position.tolist()
    terms, nearest = decided.terms.tolist(), decided.nearest_minor.tolist()
    pointer = problem.order_ptr.tolist()
    for lot, i in enumerate(case.lot_order.tolist()):
        order, decision = orders[i], found[i]
        lines = range(pointer[lot], pointer[lot + 1])
        for line in lines:
            j, w = position[line], chosen[line]
            sku = order.lines[j].sku
            facts = supply.skus.get(sku)
            if w >= 0 and facts is not None:
                metres = int(case.distance_m[lot, w])
                pick = Pick(j, case.warehouse_ids[w], facts.parcel_class, metres)
                decision.picks.append(pick)
            elif facts is None:
                decision.unfilled.append((j, UNKNOWN_SKU))
            else:
                pieces = supply.stock.get(sku, {}).values()
                exists = any(have >= order.lines[j].quantity for have in pieces)
                decision.unfilled.append((j, decided.reason(line, exists=exists)))
        for name, amount in zip(TERMS, terms[lot], strict=True):
            if amount:
                decision.terms[name] = decision.terms.get(name, 0) + amount
        decision.nearest_minor += nearest[lot]
        line_nos = [order.lines[position[line]].line_no for line in lines]
        lots.setdefault(i, []).append(kept(decided, lot, line_nos))
    for i, of_order in lots.items():
        found[i].options = pack(of_order, orders[i])
        found[i].picks.sort(key=lambda pick: pick.position)
        found[i].unfilled.sort()
