"""What SKUs, warehouses and vehicle types may look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services._kit.reasons import Reason as Kit
from services.fulfilment.checks import MAX_AMOUNT_MINOR, MAX_ID, Checks
from services.fulfilment.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_SKUS, MAX_WAREHOUSES, MAX_VEHICLES = 1000, 200, 500
MAX_WEIGHT_G, MAX_VOLUME_ML = 10**8, 10**9
MAX_SHIFT_END_S = 172_800
DEFAULT_SHIFT_END_S = 86_400
MAX_RADIUS_M = 20_100_000  # half the way round the earth
_ZONES = frozenset(inventory_v1.TemperatureZone.values())
_STORABLE = _ZONES - {inventory_v1.TEMPERATURE_ZONE_UNSPECIFIED}


def check_skus(skus: Sequence[inventory_v1.Sku]) -> None:
    """Raise `Malformed` naming every fault of a request's SKUs."""
    checks = Checks()
    if checks.many("skus", skus, MAX_SKUS):
        checks.unique("skus[{}]", ".sku", [sku.sku for sku in skus])
        for i, sku in enumerate(skus):
            path = f"skus[{i}]"
            checks.code(f"{path}.sku", sku.sku)
            checks.text(f"{path}.name", sku.name)
            checks.between(f"{path}.weight_g", sku.weight_g, 1, MAX_WEIGHT_G)
            checks.between(f"{path}.volume_ml", sku.volume_ml, 0, MAX_VOLUME_ML)
            checks.member(f"{path}.temperature", sku.temperature, _ZONES)
            _amount(checks, f"{path}.shortage_cost_minor", sku.shortage_cost_minor)
            checks.code(f"{path}.etag", sku.etag, required=False)
    checks.raise_if_any()


def check_warehouses(warehouses: Sequence[inventory_v1.Warehouse]) -> None:
    """Raise `Malformed` naming every fault of a request's warehouses."""
    checks = Checks()
    if checks.many("warehouses", warehouses, MAX_WAREHOUSES):
        checks.unique("warehouses[{}]", ".warehouse_id", [w.warehouse_id for w in warehouses])
        for i, warehouse in enumerate(warehouses):
            _check_warehouse(checks, f"warehouses[{i}]", warehouse)
    checks.raise_if_any()


def check_vehicles(vehicles: Sequence[inventory_v1.Vehicle]) -> None:
    """Raise `Malformed` naming every fault of a request's vehicle types."""
    checks = Checks()
    if checks.many("vehicles", vehicles, MAX_VEHICLES):
        checks.unique("vehicles[{}]", ".vehicle_id", [v.vehicle_id for v in vehicles])
        for i, vehicle in enumerate(vehicles):
            _check_vehicle(checks, f"vehicles[{i}]", vehicle)
    checks.raise_if_any()


def _check_warehouse(checks: Checks, path: str, warehouse: inventory_v1.Warehouse) -> None:
    checks.code(f"{path}.warehouse_id", warehouse.warehouse_id)
    checks.text(f"{path}.name", warehouse.name)
    if warehouse.HasField("location"):
        checks.point(f"{path}.location", warehouse.location)
    else:
        checks.add(f"{path}.location", Kit.REQUIRED)
    checks.zone(f"{path}.time_zone", warehouse.time_zone)
    checks.between(f"{path}.parcels_per_day", warehouse.parcels_per_day, 0, 10**9)
    if warehouse.HasField("tariff"):
        tariff = warehouse.tariff
        checks.currency(f"{path}.tariff.currency", tariff.currency)
        for name in ("base_minor", "per_100_km_minor", "per_kg_minor"):
            _amount(checks, f"{path}.tariff.{name}", getattr(tariff, name))
    else:
        checks.add(f"{path}.tariff", Kit.REQUIRED)
    checks.between(f"{path}.own_fleet_radius_m", warehouse.own_fleet_radius_m, 0, MAX_RADIUS_M)
    _amount(checks, f"{path}.split_cost_minor", warehouse.split_cost_minor)
    _temperatures(checks, path, warehouse.temperatures)
    checks.code(f"{path}.etag", warehouse.etag, required=False)


def _check_vehicle(checks: Checks, path: str, vehicle: inventory_v1.Vehicle) -> None:
    checks.code(f"{path}.vehicle_id", vehicle.vehicle_id)
    checks.code(f"{path}.warehouse_id", vehicle.warehouse_id, MAX_ID)
    checks.between(f"{path}.count", vehicle.count, 1, 1000)
    checks.between(f"{path}.capacity_g", vehicle.capacity_g, 1, 10**12)
    checks.between(f"{path}.capacity_ml", vehicle.capacity_ml, 0, 10**12)
    sound = checks.between(f"{path}.shift_start_s", vehicle.shift_start_s, 0, MAX_SHIFT_END_S)
    sound &= checks.between(f"{path}.shift_end_s", vehicle.shift_end_s, 0, MAX_SHIFT_END_S)
    if sound and vehicle.shift_start_s >= (vehicle.shift_end_s or DEFAULT_SHIFT_END_S):
        checks.add(f"{path}.shift_end_s", Reason.SHIFT_ENDS_BEFORE_START)
    for name in ("fixed_cost_minor", "cost_per_km_minor", "cost_per_hour_minor"):
        _amount(checks, f"{path}.{name}", getattr(vehicle, name))
    checks.between(f"{path}.max_stops", vehicle.max_stops, 0, 10_000)
    _temperatures(checks, path, vehicle.temperatures)
    checks.code(f"{path}.etag", vehicle.etag, required=False)


def _amount(checks: Checks, field: str, given: int) -> None:
    checks.between(field, given, 0, MAX_AMOUNT_MINOR)


def _temperatures(checks: Checks, path: str, given: Sequence[int]) -> None:
    checks.many(f"{path}.temperatures", given, len(_STORABLE), least=0)
    for i, zone in enumerate(given):
        checks.member(f"{path}.temperatures[{i}]", zone, _STORABLE)
