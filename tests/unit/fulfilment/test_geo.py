"""Places of three datums on one, and distances between them."""

from __future__ import annotations

import numpy as np
import pytest

from orderhub.common.v1 import geo_pb2 as geo_v1
from services.fulfilment.geo import degrees_of, distances_m
from tests.unit.fulfilment.desk import point
from tests.unit.fulfilment.enumeration import kilometres

# Tian'anmen in all three, as converters published by the map services give it.
TIANANMEN = {
    geo_v1.DATUM_WGS84: (39.907333, 116.391083),
    geo_v1.DATUM_GCJ02: (39.908735, 116.397326),
    geo_v1.DATUM_BD09: (39.915077, 116.403695),
}


def place(lat: float, lng: float, datum: geo_v1.Datum.ValueType) -> geo_v1.GeoPoint:
    return geo_v1.GeoPoint(lat_e7=round(lat * 1e7), lng_e7=round(lng * 1e7), datum=datum)


def test_brings_all_datums_to_one_place_within_ten_metres() -> None:
    places = degrees_of([place(*where, datum) for datum, where in TIANANMEN.items()])

    assert distances_m(places, places).max() < 10


def test_leaves_places_outside_china_where_they_are() -> None:
    shifted = degrees_of([place(48.8566, 2.3522, geo_v1.DATUM_GCJ02)])

    assert shifted[0] == pytest.approx([48.8566, 2.3522])


def test_measures_great_circles_to_the_metre() -> None:
    rng = np.random.default_rng(1)
    a = [point(*rng.uniform([-80, -180], [80, 180])) for _ in range(20)]
    b = [point(*rng.uniform([-80, -180], [80, 180])) for _ in range(20)]

    found = distances_m(degrees_of(a), degrees_of(b))

    expected = [[kilometres(p, q) * 1000 for q in b] for p in a]
    assert np.abs(found - np.array(expected)).max() <= 1
