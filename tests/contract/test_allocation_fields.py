"""No field of the wire is dropped on its way to the solver without our saying so."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services.fulfilment.catalogue import WarehouseFacts, sku_facts
from services.fulfilment.convert import decisions_from_pb
from services.fulfilment.shapes import Supply
from solver.allocation.problem import Problem
from solver.allocation.solve import allocate

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from solver.allocation.answer import Allocation

# Every wire field that reaches the solver, and the fields of its problem that it decides.
REACHES: dict[str, tuple[str, ...]] = {
    "LineToAllocate.sku": ("stock",),
    "LineToAllocate.quantity": ("line_qty",),
    "LineToAllocate.value_minor": ("unfilled_cost",),
    "OrderToAllocate.currency": ("unfilled_cost",),
    "OrderToAllocate.lines": ("order_ptr", "line_sku"),
    "OrderToAllocate.destination": ("parcel_cost",),
    "OrderToAllocate.split_allowed": ("may_split",),
    "Sku.weight_g": ("line_cost",),
    "Sku.temperature": ("allowed",),
    "Sku.hazardous": ("order_ptr",),
    "Sku.shortage_cost_minor": ("unfilled_cost",),
    "Warehouse.location": ("parcel_cost",),
    "Warehouse.parcels_per_day": ("parcel_capacity",),
    "Warehouse.tariff": ("parcel_cost",),
    "Warehouse.split_cost_minor": ("split_cost",),
    "Warehouse.temperatures": ("allowed",),
    "Warehouse.closed": ("stock",),
    "ParcelTariff.currency": ("stock",),
    "ParcelTariff.base_minor": ("parcel_cost",),
    "ParcelTariff.per_100_km_minor": ("parcel_cost",),
    "ParcelTariff.per_kg_minor": ("line_cost",),
}
# Wire fields that the solver does not see, and why.
ELSEWHERE = {
    "LineToAllocate.line_no": "names the line in reservations, shipments and answers",
    "OrderToAllocate.order_number": "names the order",
    "OrderToAllocate.revision": "decides what the stored answer is good for",
    "OrderToAllocate.delivery_window": "kept on the shipment for routing",
    "OrderToAllocate.lease": "kept on the reservation",
    "OrderToAllocate.reserve_only": "decides whether shipments are made",
    "Sku.sku": "names the SKU",
    "Sku.name": "for people",
    "Sku.volume_ml": "summed on the shipment for routing",
    "Sku.etag": "guards changes",
    "Warehouse.warehouse_id": "names the warehouse",
    "Warehouse.name": "for people",
    "Warehouse.time_zone": "decides on which day parcels count",
    "Warehouse.own_fleet_radius_m": "decides who carries a shipment",
    "Warehouse.etag": "guards changes",
}
# Fields of the problem that no wire field decides.
FIXED = {"max_parcels": "three parcels for a lot, the same for everybody"}

MESSAGES = (
    allocation_v1.OrderToAllocate,
    allocation_v1.LineToAllocate,
    inventory_v1.Sku,
    inventory_v1.Warehouse,
    inventory_v1.ParcelTariff,
)


def test_every_wire_field_is_accounted_for() -> None:
    wire = {f"{m.DESCRIPTOR.name}.{f.name}" for m in MESSAGES for f in m.DESCRIPTOR.fields}

    assert wire == set(REACHES) | set(ELSEWHERE)
    assert not set(REACHES) & set(ELSEWHERE)


def test_every_field_of_the_problem_comes_from_somewhere() -> None:
    reached = {name for names in REACHES.values() for name in names}

    assert reached | set(FIXED) == {field.name for field in dataclasses.fields(Problem)}


class Scene:
    """One order over two warehouses, to be changed field by field."""

    def __init__(self) -> None:
        self.OrderToAllocate = allocation_v1.OrderToAllocate(
            order_number="o", revision=1, currency="CNY"
        )
        self.OrderToAllocate.destination.location.CopyFrom(place(30, 114))
        self.LineToAllocate = self.OrderToAllocate.lines.add(
            line_no=1, sku="S1", quantity=2, value_minor=5000
        )
        self.OrderToAllocate.lines.add(line_no=2, sku="S2", quantity=1, value_minor=5000)
        self.Sku = inventory_v1.Sku(sku="S1", weight_g=400)
        self.Warehouse = house("W1", 31)
        self.ParcelTariff = self.Warehouse.tariff

    def problem(self) -> dict[str, Any]:
        """The first problem the solver is given, its arrays as lists."""
        seen: list[Problem] = []

        def spy(problem: Problem, *, budget_s: float, method: str = "auto") -> Allocation:
            seen.append(problem)
            return allocate(problem, budget_s=budget_s, method=method)

        other = sku_facts(inventory_v1.Sku(sku="S2", weight_g=400))
        facts = {"S1": sku_facts(self.Sku), "S2": other, "S3": other}
        houses = [WarehouseFacts(self.Warehouse), WarehouseFacts(house("W2", 32))]
        stock = {"S1": {"W1": 3, "W2": 4}, "S2": {"W1": 5}, "S3": {"W2": 9}}
        limit = self.Warehouse.parcels_per_day
        supply = Supply(facts, houses, stock, {"W1": limit} if limit else {})
        decisions_from_pb([self.OrderToAllocate], supply, spy)
        return {
            field.name: np.asarray(getattr(seen[0], field.name)).tolist()
            for field in dataclasses.fields(Problem)
        }


def place(lat: float, lng: float) -> geo_v1.GeoPoint:
    return geo_v1.GeoPoint(
        lat_e7=round(lat * 1e7), lng_e7=round(lng * 1e7), datum=geo_v1.DATUM_WGS84
    )


def house(name: str, lat: float) -> inventory_v1.Warehouse:
    return inventory_v1.Warehouse(
        warehouse_id=name,
        location=place(lat, 114),
        tariff=inventory_v1.ParcelTariff(
            currency="CNY", base_minor=500, per_100_km_minor=50, per_kg_minor=100
        ),
    )


CHANGED: dict[str, Any] = {
    "LineToAllocate.sku": "S3",
    "LineToAllocate.quantity": 3,
    "LineToAllocate.value_minor": 6000,
    "OrderToAllocate.currency": "EUR",
    "OrderToAllocate.lines": [allocation_v1.LineToAllocate(line_no=3, sku="S3", quantity=1)],
    "OrderToAllocate.destination": {"location": place(40, 114)},
    "OrderToAllocate.split_allowed": True,
    "Sku.weight_g": 9000,
    "Sku.temperature": inventory_v1.TEMPERATURE_ZONE_FROZEN,
    "Sku.hazardous": True,
    "Sku.shortage_cost_minor": 7000,
    "Warehouse.location": place(45, 114),
    "Warehouse.parcels_per_day": 77,
    "Warehouse.tariff": inventory_v1.ParcelTariff(base_minor=900),
    "Warehouse.split_cost_minor": 60,
    "Warehouse.temperatures": [inventory_v1.TEMPERATURE_ZONE_FROZEN],
    "Warehouse.closed": True,
    "ParcelTariff.currency": "EUR",
    "ParcelTariff.base_minor": 600,
    "ParcelTariff.per_100_km_minor": 60,
    "ParcelTariff.per_kg_minor": 110,
}


@pytest.mark.parametrize("path", sorted(REACHES))
def test_a_wire_field_reaches_the_problem(path: str) -> None:
    message_name, field = path.split(".")
    scene = Scene()
    before = scene.problem()

    target: Message = getattr(scene, message_name)
    target.MergeFrom(type(target)(**{field: CHANGED[path]}))
    after = scene.problem()

    changed = {name for name in before if before[name] != after[name]}
    assert set(REACHES[path]) <= changed
