"""Places on one datum, and how far they are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orderhub.common.v1 import geo_pb2 as geo_v1

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
_KRASOVSKY_M = 6_378_245.0
_ECCENTRICITY_2 = 0.00669342162296594323
_BAIDU = np.pi * 3000.0 / 180.0


def degrees_of(points: Sequence[geo_v1.GeoPoint]) -> NDArray[np.float64]:
    """Return WGS84 latitudes and longitudes in degrees, shape (n, 2).

    GCJ-02 and BD-09 are undone by one step of the published offset, which leaves a few metres.
    """
    places = np.array([(p.lat_e7, p.lng_e7) for p in points], dtype=np.float64).reshape(-1, 2) / 1e7
    datum = np.array([p.datum for p in points], dtype=np.int64)
    baidu = datum == geo_v1.DATUM_BD09
    places[baidu] = _gcj02_from_bd09(places[baidu])
    shifted = (datum == geo_v1.DATUM_GCJ02) | baidu
    places[shifted] -= _gcj02_offset(places[shifted])
    return places


def distances_m(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return great-circle metres from each of n places to each of m, shape (n, m)."""
    a, b = np.radians(here)[:, None, :], np.radians(there)[None, :, :]
    half = np.sin((b - a) / 2) ** 2
    chord = half[..., 0] + np.cos(a[..., 0]) * np.cos(b[..., 0]) * half[..., 1]
    metres = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0)))
    whole: NDArray[np.int64] = np.rint(metres).astype(np.int64)
    return whole


def _gcj02_from_bd09(places: NDArray[np.float64]) -> NDArray[np.float64]:
    y, x = places[:, 0] - 0.006, places[:, 1] - 0.0065
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * _BAIDU)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * _BAIDU)
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)


def _gcj02_offset(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what GCJ-02 adds to a WGS84 place, in degrees, shape (n, 2)."""
    lat, lng = places[:, 0], places[:, 1]
    x, y = lng - 105.0, lat - 35.0
    wave = (20 * np.sin(6 * x * np.pi) + 20 * np.sin(2 * x * np.pi)) * 2 / 3
    root = np.sqrt(np.abs(x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20 * np.sin(y * np.pi) + 40 * np.sin(y * np.pi / 3)) * 2 / 3
    north += (160 * np.sin(y * np.pi / 12) + 320 * np.sin(y * np.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20 * np.sin(x * np.pi) + 40 * np.sin(x * np.pi / 3)) * 2 / 3
    east += (150 * np.sin(x * np.pi / 12) + 300 * np.sin(x * np.pi / 30)) * 2 / 3
    sine = np.sin(np.radians(lat))
    magic = 1 - _ECCENTRICITY_2 * sine * sine
    meridian = _KRASOVSKY_M * (1 - _ECCENTRICITY_2) / magic**1.5
    parallel = _KRASOVSKY_M / np.sqrt(magic) * np.cos(np.radians(lat))
    shift = np.stack([np.degrees(north / meridian), np.degrees(east / parallel)], axis=1)
    inside = (lng > 72.004) & (lng < 137.8347) & (lat > 0.8293) & (lat < 55.8271)
    return np.where(inside[:, None], shift, 0.0)
