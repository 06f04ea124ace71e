"""Master data: all or none, etags, and every fault by its field."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services._kit.errors import Conflict, Malformed, NotFound
from services.fulfilment import master_checks, master_store
from tests.unit.fulfilment.desk import order, receipt, sku, warehouse

if TYPE_CHECKING:
    from tests.unit.fulfilment.desk import Desk


def vehicle(**given: Any) -> inventory_v1.Vehicle:
    return inventory_v1.Vehicle(
        **{"vehicle_id": "V1", "warehouse_id": "W1", "count": 1, "capacity_g": 1000, **given}
    )


def stored_skus(desk: Desk) -> list[inventory_v1.Sku]:
    return desk.run(partial(master_store.page_of, kind=master_store.SKUS, after=None, limit=100))


def test_gives_a_new_etag_with_every_change(desk: Desk) -> None:
    (first,) = desk.put_skus(sku(name="a"))

    (second,) = desk.put_skus(sku(name="b", etag=first.etag))

    assert first.etag != second.etag
    assert stored_skus(desk) == [second]


def test_keeps_the_etag_where_nothing_changes_so_that_a_call_may_be_repeated(desk: Desk) -> None:
    (first,) = desk.put_skus(sku(name="a"))
    (second,) = desk.put_skus(sku(name="b", etag=first.etag))

    (again,) = desk.put_skus(sku(name="b", etag=first.etag))

    assert again == second


def test_refuses_a_stale_etag_and_stores_none_of_the_others(desk: Desk) -> None:
    (first,) = desk.put_skus(sku("S1", name="a"))
    desk.put_skus(sku("S1", name="b"))

    with pytest.raises(Conflict) as caught:
        desk.put_skus(sku("S2"), sku("S1", name="c", etag=first.etag))

    assert [violation.field for violation in caught.value.violations] == ["skus[1].etag"]
    assert [(s.sku, s.name) for s in stored_skus(desk)] == [("S1", "b")]


def test_refuses_an_etag_for_what_does_not_exist(desk: Desk) -> None:
    with pytest.raises(Conflict):
        desk.put_skus(sku("S1", etag="v1"))


def test_replaces_a_thing_whole(desk: Desk) -> None:
    desk.put_skus(sku("S1", name="a", volume_ml=5))

    desk.put_skus(sku("S1", name="b"))

    (stored,) = stored_skus(desk)
    assert (stored.name, stored.volume_ml) == ("b", 0)


def test_refuses_a_vehicle_of_a_warehouse_that_does_not_exist(desk: Desk) -> None:
    with pytest.raises(NotFound) as caught:
        desk.run(partial(master_store.put_vehicles, vehicles=[vehicle()]))

    assert caught.value.field == "vehicles[0].warehouse_id"


def test_a_change_counts_from_the_next_decision_on(desk: Desk) -> None:
    desk.put_skus(sku("S1", weight_g=1000), sku("S2", weight_g=1000))
    desk.put_warehouses(warehouse())
    desk.receive("r1", receipt(quantity=9))
    before = desk.allocate(order("o1", ("S1", 1))).allocations[0]

    desk.put_skus(sku("S1", weight_g=2000))
    after = desk.allocate(order("o2", ("S1", 1))).allocations[0]

    assert after.cost.amount_minor - before.cost.amount_minor == 100


NOWHERE = geo_v1.GeoPoint(lat_e7=1, lng_e7=1)
TOO_FAR = geo_v1.GeoPoint(lat_e7=900_000_001, lng_e7=1, datum=geo_v1.DATUM_WGS84)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"warehouse_id": ""}, "warehouse_id"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"parcels_per_day": -1}, "parcels_per_day"),
        ({"own_fleet_radius_m": -1}, "own_fleet_radius_m"),
        ({"split_cost_minor": -1}, "split_cost_minor"),
        ({"temperatures": [99]}, "temperatures[0]"),
        ({"location": NOWHERE}, "location.datum"),
        ({"location": TOO_FAR}, "location.lat_e7"),
        ({"tariff": inventory_v1.ParcelTariff(currency="yuan")}, "tariff.currency"),
        ({"tariff": inventory_v1.ParcelTariff()}, "tariff.currency"),
        ({"tariff": inventory_v1.ParcelTariff(currency="CNY", base_minor=-1)}, "tariff.base_minor"),
    ],
)
def test_names_the_field_of_a_bad_warehouse(given: dict[str, Any], field: str) -> None:
    house = warehouse()
    for name, value in given.items():
        house.ClearField(name)
        house.MergeFrom(inventory_v1.Warehouse(**{name: value}))

    with pytest.raises(Malformed) as caught:
        master_checks.check_warehouses([house])

    assert [violation.field for violation in caught.value.violations] == [f"warehouses[0].{field}"]


@pytest.mark.parametrize("field", ["location", "tariff"])
def test_names_the_field_a_warehouse_lacks(field: str) -> None:
    house = warehouse()
    house.ClearField(field)

    with pytest.raises(Malformed) as caught:
        master_checks.check_warehouses([house])

    assert caught.value.field == f"warehouses[0].{field}"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 1001}, "count"),
        ({"capacity_g": 0}, "capacity_g"),
        ({"shift_start_s": 86_400}, "shift_end_s"),
        ({"shift_start_s": 100, "shift_end_s": 100}, "shift_end_s"),
        ({"shift_end_s": 172_801}, "shift_end_s"),
        ({"cost_per_km_minor": -1}, "cost_per_km_minor"),
    ],
)
def test_names_the_field_of_a_bad_vehicle(given: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as caught:
        master_checks.check_vehicles([vehicle(**given)])

    assert [violation.field for violation in caught.value.violations] == [f"vehicles[0].{field}"]


def test_names_every_fault_at_once() -> None:
    bad = [sku("S1", weight_g=0), sku("S1", volume_ml=-1), sku("", temperature=9)]

    with pytest.raises(Malformed) as caught:
        master_checks.check_skus(bad)

    assert sorted(violation.field for violation in caught.value.violations) == [
        "skus[0].weight_g",
        "skus[1].sku",
        "skus[1].volume_ml",
        "skus[2].sku",
        "skus[2].temperature",
    ]


def test_refuses_an_empty_and_an_overlong_request() -> None:
    for skus in ([], [sku(f"S{i}") for i in range(1001)]):
        with pytest.raises(Malformed) as caught:
            master_checks.check_skus(skus)
        assert caught.value.field == "skus"
