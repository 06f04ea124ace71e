"""A warehouse's day, as people there live it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from services.fulfilment.routing.day import NO_VEHICLE, Day, problem_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = Day.of(date(2026, 11, 22), SHANGHAI)
DEPOT = geo_v1.GeoPoint(lat_e7=312_000_000, lng_e7=1_214_000_000, datum=geo_v1.DATUM_WGS84)


def shipment(number: str, sku: str = "S1", **window: datetime) -> allocation_v1.Shipment:
    made = allocation_v1.Shipment(
        shipment_id=f"{number}-1",
        lines=[allocation_v1.ShipmentLine(line_no=1, sku=sku, quantity=1)],
        weight_g=500,
    )
    made.destination.location.CopyFrom(DEPOT)
    for name, instant in window.items():
        getattr(made.delivery_window, name).FromDatetime(instant)
    return made


def problem(
    shipments: list[allocation_v1.Shipment],
    vehicles: list[inventory_v1.Vehicle] | None = None,
    zones: dict[str, int] | None = None,
    max_stops: int = 200,
) -> routing_v1.RouteProblem:
    fleet = vehicles or [inventory_v1.Vehicle(vehicle_id="VAN", count=2, capacity_g=10_000)]
    return problem_of(
        inventory_v1.Warehouse(warehouse_id="W1", location=DEPOT),
        fleet,
        shipments,
        zones or {},
        DAY,
        service_s=240,
        max_stops=max_stops,
    )


def at(hour: int, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=SHANGHAI).astimezone(UTC)


def test_times_count_from_midnight_in_the_warehouses_zone() -> None:
    assert DAY.start == datetime(2026, 11, 21, 16, tzinfo=UTC)
    (stop,) = problem([shipment("O1", start=at(9), end=at(11))]).stops

    assert [(w.start_s, w.end_s) for w in stop.windows] == [(9 * 3600, 11 * 3600)]


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)]
)
def test_a_day_at_a_clock_change_is_shorter_or_longer(day: date, hours: int) -> None:
    assert Day.of(day, ZoneInfo("Europe/London")).length_s == hours * 3600


def test_shipments_wanted_on_other_days_are_left_out() -> None:
    shipments = [
        shipment("O1", start=at(9, 23), end=at(11, 23)),
        shipment("O2", start=at(9, 21), end=at(11, 21)),
        shipment("O3", start=at(22, 21), end=at(2)),
        shipment("O4"),
    ]

    stops = problem(shipments).stops

    assert [stop.stop_id for stop in stops] == ["O3-1", "O4-1"]
    assert (stops[0].windows[0].start_s, stops[0].windows[0].end_s) == (0, 2 * 3600)
    assert not stops[1].windows


def test_the_oldest_shipments_come_first_when_there_are_too_many() -> None:
    stops = problem([shipment(f"O{k}") for k in range(9)], max_stops=4).stops

    assert [stop.stop_id for stop in stops] == ["O0-1", "O1-1", "O2-1", "O3-1"]


def test_cold_goods_go_on_vehicles_that_keep_them_cold_only() -> None:
    cold = inventory_v1.TEMPERATURE_ZONE_CHILLED
    vehicles = [
        inventory_v1.Vehicle(vehicle_id="VAN", count=1),
        inventory_v1.Vehicle(vehicle_id="FRIDGE", count=1, temperatures=[cold]),
    ]

    stops = problem([shipment("O1", "ICE"), shipment("O2")], vehicles, {"ICE": cold}).stops

    assert list(stops[0].allowed_vehicle_ids) == ["FRIDGE"]
    assert list(stops[1].allowed_vehicle_ids) == ["VAN"]


def test_cold_goods_without_any_cold_vehicle_may_ride_on_none() -> None:
    cold = inventory_v1.TEMPERATURE_ZONE_FROZEN

    (stop,) = problem([shipment("O1", "ICE")], zones={"ICE": cold}).stops

    assert list(stop.allowed_vehicle_ids) == [NO_VEHICLE]
