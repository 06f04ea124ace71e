"""Tiny orders allocated by trying everything; shares no code with the service or the solver."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orderhub.common.v1 import geo_pb2 as geo_v1
    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

MAX_PARCELS = 3
Assignment = tuple[str | None, ...]  # a warehouse or none for each line
Stock = dict[tuple[str, str], int]  # pieces by warehouse and SKU


class World:
    """SKUs, warehouses and stock of one test."""

    def __init__(
        self,
        skus: Sequence[inventory_v1.Sku],
        houses: Sequence[inventory_v1.Warehouse],
        stock: Stock,
    ) -> None:
        self.skus = {sku.sku: sku for sku in skus}
        self.houses = {house.warehouse_id: house for house in houses}
        self.stock = stock

    def cost(self, order: allocation_v1.OrderToAllocate, chosen: Assignment) -> int:
        """Minor units of one order."""
        total = 0
        for line, name in zip(order.lines, chosen, strict=True):
            if name is None:
                shortage = self.skus[line.sku].shortage_cost_minor * line.quantity
                total += max(line.value_minor, shortage) + self.dearest(order, line)
            else:
                total += self.by_weight(line, name)
        used = sorted({name for name in chosen if name})
        total += sum(self.parcel(order, name) for name in used)
        return total + self.split() * max(0, len(used) - 1)

    def parcel(self, order: allocation_v1.OrderToAllocate, name: str) -> int:
        house = self.houses[name]
        steps = math.ceil(kilometres(house.location, order.destination.location) / 100)
        return house.tariff.base_minor + steps * house.tariff.per_100_km_minor

    def by_weight(self, line: allocation_v1.LineToAllocate, name: str) -> int:
        grams = self.skus[line.sku].weight_g * line.quantity
        return math.ceil(grams * self.houses[name].tariff.per_kg_minor / 1000)

    def split(self) -> int:
        return max(house.split_cost_minor for house in self.houses.values())

    def dearest(
        self, order: allocation_v1.OrderToAllocate, line: allocation_v1.LineToAllocate
    ) -> int:
        """More than carrying the line ever costs."""
        parcel = max(self.parcel(order, name) for name in self.houses)
        return parcel + max(self.by_weight(line, name) for name in self.houses) + self.split() + 1

    def fits(
        self, orders: Sequence[allocation_v1.OrderToAllocate], chosen: Sequence[Assignment]
    ) -> bool:
        """Whether the stock and every order's limits allow it."""
        taken: Counter[tuple[str, str]] = Counter()
        for order, names in zip(orders, chosen, strict=True):
            if len({n for n in names if n}) > (MAX_PARCELS if order.split_allowed else 1):
                return False
            for line, name in zip(order.lines, names, strict=True):
                if name:
                    taken[name, line.sku] += line.quantity
        return all(self.stock.get(key, 0) >= pieces for key, pieces in taken.items())

    def assignments(self, order: allocation_v1.OrderToAllocate) -> Iterator[Assignment]:
        """Every way to serve the lines of `order`, stock or not."""
        return itertools.product([None, *self.houses], repeat=len(order.lines))

    def optimum(self, orders: Sequence[allocation_v1.OrderToAllocate]) -> int:
        """Least cost of all orders together."""
        ways = itertools.product(*(list(self.assignments(order)) for order in orders))
        return min(
            sum(self.cost(o, c) for o, c in zip(orders, chosen, strict=True))
            for chosen in ways
            if self.fits(orders, chosen)
        )

    def second(self, order: allocation_v1.OrderToAllocate, not_from: Sequence[str]) -> int | None:
        """Least cost of `order` over every other set of warehouses than `not_from`."""
        costs = [
            self.cost(order, chosen)
            for chosen in self.assignments(order)
            if {n for n in chosen if n} != set(not_from) and self.fits([order], [chosen])
        ]
        return min(costs, default=None)


def kilometres(a: geo_v1.GeoPoint, b: geo_v1.GeoPoint) -> float:
    """Great-circle distance by the law of cosines."""
    lat_a, lat_b = (math.radians(p.lat_e7 / 1e7) for p in (a, b))
    turn = math.radians((a.lng_e7 - b.lng_e7) / 1e7)
    cosine = math.sin(lat_a) * math.sin(lat_b) + math.cos(lat_a) * math.cos(lat_b) * math.cos(turn)
    return 6371.0088 * math.acos(max(-1.0, min(1.0, cosine)))
