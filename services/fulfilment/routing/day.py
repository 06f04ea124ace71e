"""A warehouse's day as a route problem: its own-fleet shipments and its vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.fulfilment.v1 import routing_pb2 as routing_v1

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1

DAY_S = 86_400
DEFAULT_SERVICE_S = 240
DEFAULT_MAX_STOPS = 200
AMBIENT = int(inventory_v1.TEMPERATURE_ZONE_AMBIENT)
NO_VEHICLE = "-"


@dataclass(frozen=True, slots=True)
class Day:
    """Second 0 of a plan and its length: a day at a clock change has no 86,400 seconds.

    Attributes
    ----------
    start
        Midnight in the warehouse's zone, UTC.
    length_s
        Seconds to the next midnight there.
    """

    start: datetime
    length_s: int

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> Day:
        """Return `day` as people in `zone` live it."""
        start = datetime.combine(day, time(), zone).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        return cls(start, round((end - start).total_seconds()))

    def seconds(self, instant: datetime) -> int:
        """Return `instant` as seconds of this day, not clipped to it."""
        return round((instant - self.start).total_seconds())


def problem_of(
    warehouse: inventory_v1.Warehouse,
    vehicles: Iterable[inventory_v1.Vehicle],
    shipments: Iterable[allocation_v1.Shipment],
    zones: Mapping[str, int],
    day: Day,
    *,
    service_s: int,
    max_stops: int,
) -> routing_v1.RouteProblem:
    """Return the problem of one warehouse and day; without stops where nothing is due.

    Parameters
    ----------
    shipments
        The warehouse's own-fleet shipments that have not left, oldest first.
    zones
        Temperature zone of each SKU; one that is not in it travels ambient.
    """
    fleet, stops = list(vehicles), []
    for shipment in shipments:
        stop = _stop(shipment, day, service_s)
        if stop is not None:
            needed = {zones.get(line.sku, AMBIENT) for line in shipment.lines}
            able = [v.vehicle_id for v in fleet if needed <= _carried(v)]
            # None of them able: naming none would mean all, so the cold stop names one that
            # cannot exist, and is reported as allowed to no vehicle.
            if len(able) < len(fleet):
                stop.allowed_vehicle_ids.extend(able or [NO_VEHICLE])
            stops.append(stop)
        if len(stops) == max_stops:
            break
    return routing_v1.RouteProblem(
        depot=warehouse.location, stops=stops, vehicles=[_vehicle(v) for v in fleet]
    )


def _stop(
    shipment: allocation_v1.Shipment, day: Day, service_s: int
) -> routing_v1.RouteStop | None:
    """Return the stop; `None` where it is not wanted on this day."""
    window = shipment.delivery_window
    start_s = day.seconds(window.start.ToDatetime(UTC)) if window.HasField("start") else 0
    end_s = day.seconds(window.end.ToDatetime(UTC)) if window.HasField("end") else day.length_s
    if start_s >= day.length_s or end_s < 0:
        return None
    stop = routing_v1.RouteStop(
        stop_id=shipment.shipment_id,
        location=shipment.destination.location,
        weight_g=shipment.weight_g,
        volume_ml=shipment.volume_ml,
        service_s=service_s,
    )
    if start_s > 0 or end_s < day.length_s:
        stop.windows.add(start_s=max(0, start_s), end_s=min(end_s, day.length_s))
    return stop


def _carried(vehicle: inventory_v1.Vehicle) -> set[int]:
    return set(vehicle.temperatures) or {AMBIENT}


def _vehicle(vehicle: inventory_v1.Vehicle) -> routing_v1.RouteVehicle:
    return routing_v1.RouteVehicle(
        vehicle_id=vehicle.vehicle_id,
        count=vehicle.count,
        capacity_g=vehicle.capacity_g,
        capacity_ml=vehicle.capacity_ml,
        shift=routing_v1.RouteWindow(
            start_s=vehicle.shift_start_s, end_s=vehicle.shift_end_s or DAY_S
        ),
        fixed_cost=vehicle.fixed_cost_minor,
        cost_per_km=vehicle.cost_per_km_minor,
        cost_per_hour=vehicle.cost_per_hour_minor,
        max_stops=vehicle.max_stops,
    )
