"""Scenarios are the same every time, and their stock adds up."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhub_client.scenario import scenario_for
from orderhub_client.scenario.geo import WeightedPlace, cluster, distance_m
from orderhub_client.scenario.model import Scenario, day_after_the_last
from orderhub_client.scenario.online_retail import locator
from orderhub_client.scenario.stock import COVER, SHARES, pieces, spread
from orderhub_client.sources import SourceError

if TYPE_CHECKING:
    from pathlib import Path

PLACES = st.lists(
    st.builds(
        WeightedPlace,
        st.floats(-60, 60),
        st.floats(-170, 170),
        st.integers(1, 50).map(float),
    ),
    min_size=1,
    max_size=25,
)
RETAIL = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "1,84029g,x,20,2011-11-01 08:00:00,1.10,7,United Kingdom\n"
    "2,84029G,x,10,2011-11-02 08:00:00,1.10,8,France\n"
    "C3,84029G,x,-10,2011-11-03 08:00:00,1.10,8,France\n"
    "4,POST,x,1,2011-11-03 08:00:00,9.00,8,France\n"
    "5,B,bad,1,9999-01-01 00:00:00,word,8,France\n"
)


def olist_folder(folder: Path) -> Path:
    items = "".join(f"o{i},p{i % 7},s{i % 15},9.9\n" for i in range(60))
    sellers = "".join(f"s{i},{-23 - i / 2},{-46 - i / 3},town {i},SP\n" for i in range(15))
    orders = "".join(f"o{i},c{i},2017-05-{1 + i % 28:02d} 10:00:00\n" for i in range(60))
    files = {
        "orders.csv": f"order_id,customer_id,order_purchase_timestamp\n{orders}",
        "order_items.csv": f"order_id,product_id,seller_id,price\n{items}",
        "payments.csv": "order_id,payment_value\n",
        "customers_geo.csv": "customer_id,lat,lng\n",
        "products.csv": (
            "product_id,product_weight_g,product_length_cm,product_height_cm,product_width_cm\n"
            "p1,600.0,10.0,5.0,4.0\np2,,,,\n"
        ),
        "sellers_geo.csv": f"seller_id,lat,lng,seller_city,seller_state\n{sellers}",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def built(source: str, path: Path, seed: int = 1) -> Scenario:
    scenario = scenario_for(source, path, seed)
    assert scenario is not None
    return scenario


def retail_file(folder: Path) -> Path:
    path = folder / "retail.csv"
    path.write_text(RETAIL, encoding="utf-8")
    return path


def test_the_same_data_and_seed_give_the_same_scenario(tmp_path: Path) -> None:
    folder = olist_folder(tmp_path)

    once, again, other = built("olist", folder), built("olist", folder), built("olist", folder, 2)

    assert once == again
    assert once.digest() == again.digest() != other.digest()


def test_every_reference_in_a_scenario_is_met(tmp_path: Path) -> None:
    for scenario in (
        built("olist", olist_folder(tmp_path)),
        retail := built("online_retail", retail_file(tmp_path)),
    ):
        warehouses = {w.warehouse_id for w in scenario.warehouses}
        skus = {s.sku for s in scenario.skus}

        assert {v.warehouse_id for v in scenario.vehicles} == warehouses
        assert {r.warehouse_id for r in scenario.receipts} <= warehouses
        assert {r.sku for r in scenario.receipts} <= skus
        assert all(sku.weight_g >= 1 for sku in scenario.skus)
    assert retail.planning_day == "2011-11-04"


def test_warehouses_stand_where_sellers_are(tmp_path: Path) -> None:
    scenario = built("olist", olist_folder(tmp_path))

    sellers = {(round((-23 - i / 2) * 1e7), round((-46 - i / 3) * 1e7)) for i in range(15)}

    assert len(scenario.warehouses) == 10
    assert {(w.location.lat_e7, w.location.lng_e7) for w in scenario.warehouses} <= sellers


def test_a_product_without_measures_gets_the_stated_ones(tmp_path: Path) -> None:
    skus = {s.sku: s for s in built("olist", olist_folder(tmp_path)).skus}

    assert (skus["p1"].weight_g, skus["p1"].volume_ml) == (600, 200)
    assert (skus["p2"].weight_g, skus["p2"].volume_ml) == (500, 3_000)
    assert (skus["p3"].weight_g, skus["p3"].volume_ml) == (500, 3_000)


def test_letters_case_and_non_goods_make_no_sku_of_their_own(tmp_path: Path) -> None:
    scenario = built("online_retail", retail_file(tmp_path))

    assert [s.sku for s in scenario.skus] == ["84029G"]
    assert sum(r.quantity for r in scenario.receipts) > 0


def test_a_seller_without_coordinates_is_named(tmp_path: Path) -> None:
    folder = olist_folder(tmp_path)
    path = folder / "sellers_geo.csv"
    path.write_text("seller_id,lat,lng\ns1,,-46\n", encoding="utf-8")

    with pytest.raises(SourceError, match="seller s1: lat '' is no coordinate"):
        scenario_for("olist", folder)


def test_generic_sources_have_no_scenario(tmp_path: Path) -> None:
    assert scenario_for("generic_json", tmp_path / "any.json") is None


@given(st.integers(0, 5_000), st.integers(1, 6), st.integers(0, 1_000))
def test_spreading_neither_makes_nor_loses_pieces(total: int, warehouses: int, seed: int) -> None:
    ranked = [f"W{i}" for i in range(warehouses)]

    found = spread(total, ranked, random.Random(seed))

    assert sum(found.values()) == total
    assert min(found.values()) >= 0
    assert list(found) == ranked[: len(SHARES)]


@pytest.mark.parametrize("demand", [1, 3, 40, 5_000])
def test_stock_covers_the_demand_on_average_and_falls_short_now_and_then(demand: int) -> None:
    rng = random.Random(5)

    drawn = [pieces(demand, rng) for _ in range(4_000)]

    assert sum(drawn) / len(drawn) / demand == pytest.approx(COVER, rel=0.03)
    assert 0 < sum(p < demand for p in drawn) < len(drawn) / 3


def test_most_pieces_lie_at_the_first_warehouse() -> None:
    rng = random.Random(3)
    found: Counter[str] = Counter()
    for _ in range(500):
        found.update(spread(10, ["near", "next", "far", "never"], rng))

    assert found["near"] > found["next"] > found["far"] > found["never"] == 0


@given(PLACES, st.integers(1, 6), st.integers(0, 100))
def test_clusters_are_numbered_by_falling_weight(
    places: list[WeightedPlace], k: int, seed: int
) -> None:
    member = cluster(places, k, random.Random(seed))

    weight: Counter[int] = Counter()
    for number, place in zip(member, places, strict=True):
        weight[number] += place.weight
    assert sorted(weight) == list(range(len(weight)))
    assert len(weight) <= k
    assert [weight[i] for i in range(len(weight))] == sorted(weight.values(), reverse=True)


def test_far_apart_towns_are_told_apart() -> None:
    places = [WeightedPlace(lat, 0.0, 1.0) for lat in (10.0, 10.1, 50.0, 50.1, -30.0)]

    a, b, c, d, e = cluster(places, 3, random.Random(0))

    assert a == b
    assert c == d
    assert len({a, c, e}) == 3


def test_a_degree_on_the_equator_is_a_hundred_and_eleven_kilometres() -> None:
    assert distance_m((0, 0), (0, 1)) == pytest.approx(111_195, abs=1)
    assert distance_m((51.5, -0.1), (51.5, -0.1)) == 0


def test_a_customer_always_lives_at_the_same_place() -> None:
    row = {"Country": "United Kingdom", "CustomerID": "17389.0", "InvoiceNo": "5"}
    other_invoice = row | {"InvoiceNo": "6"}

    first, second = locator(1)(row), locator(1)(other_invoice)

    assert first == second != locator(2)(row)
    assert first is not None
    assert 49 < first.lat < 59


def test_abroad_is_the_middle_of_the_country_and_nowhere_is_nowhere() -> None:
    row = {"CustomerID": "1", "InvoiceNo": "5"}

    france, unknown = (locator(1)(row | {"Country": c}) for c in ("France", "Unspecified"))

    assert france is not None
    assert france.precision == "district"
    assert unknown is None


def test_the_planning_day_follows_the_last_order_that_can_be() -> None:
    days = ["2017-03-01 10:00:00", "2017-10-31", "9999-12-31", "", "yesterday"]

    assert day_after_the_last(days, date(2020, 1, 1)) == "2017-11-01"
    assert day_after_the_last([], date(2020, 1, 1)) == "2020-01-02"
