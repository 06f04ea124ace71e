"""The vehicles that every warehouse of a scenario has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Van:
    """A kind of van; costs in minor units of the scenario's currency."""

    count: int
    fixed_cost_minor: int
    cost_per_km_minor: int
    cost_per_hour_minor: int
    capacity_g: int = 800_000
    capacity_ml: int = 6_000_000
    shift_start_s: int = 8 * HOUR_S
    shift_end_s: int = 18 * HOUR_S


def vans(
    warehouses: Iterable[inventory_v1.Warehouse], van: Van
) -> tuple[inventory_v1.Vehicle, ...]:
    """Return `van` at each warehouse."""
    return tuple(
        inventory_v1.Vehicle(
            vehicle_id=f"{warehouse.warehouse_id}-van",
            warehouse_id=warehouse.warehouse_id,
            count=van.count,
            capacity_g=van.capacity_g,
            capacity_ml=van.capacity_ml,
            shift_start_s=van.shift_start_s,
            shift_end_s=van.shift_end_s,
            fixed_cost_minor=van.fixed_cost_minor,
            cost_per_km_minor=van.cost_per_km_minor,
            cost_per_hour_minor=van.cost_per_hour_minor,
        )
        for warehouse in warehouses
    )
