"""Distances and travel times from coordinates, with no map at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from solver.errors import InvalidProblemError
from solver.routing.problem import Profile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.routing.problem import IntArray

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
E7 = 1e-7
MOST_BP = 10_000_000


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a leg on the road follows from the great circle between its ends.

    `distance = intercept_m + road factor * great circle` and
    `seconds = intercept_s + distance / speed`, for ends that differ; a leg from
    a place to itself is 0. The intercepts stand for what every leg has however
    short: leaving, turning, lights, parking. Without them short legs come out
    far too quick, and stops late on the road though in time on paper.

    Attributes
    ----------
    road_factor_bp
        Road length per great circle length, in ten thousandths.
    speed_m_per_h
        Metres driven per hour between the ends, without the intercept's time.
    intercept_m, intercept_s
        Per leg.

    Notes
    -----
    The defaults are those of mixed urban delivery by van; `fit` takes them
    from legs that were driven or routed.
    """

    road_factor_bp: int = 13_500
    speed_m_per_h: int = 36_000
    intercept_m: int = 200
    intercept_s: int = 60

    def __post_init__(self) -> None:
        if not 10_000 <= self.road_factor_bp <= MOST_BP:
            raise InvalidProblemError("road_factor_bp", "must be at least 10000")
        if not 1_000 <= self.speed_m_per_h <= 300_000:
            raise InvalidProblemError("speed_m_per_h", "must lie between 1000 and 300000")
        for name in ("intercept_m", "intercept_s"):
            if not 0 <= getattr(self, name) <= 100_000:
                raise InvalidProblemError(name, "must lie between 0 and 100000")

    def profile(self, lat_e7: IntArray, lng_e7: IntArray) -> Profile:
        """Return metres and seconds between n places, rounded to integers, symmetric.

        Parameters
        ----------
        lat_e7, lng_e7
            Degrees times 10**7, shape `(n,)`, all in one datum.

        Raises
        ------
        InvalidProblemError
            For coordinates off the globe or of different lengths.

        Examples
        --------
        >>> here = np.array([312_304_000, 312_304_000])
        >>> profile = Calibration().profile(here, np.array([1_214_737_000, 1_214_837_000]))
        >>> profile.distance[0].tolist(), profile.travel_s[0].tolist()
        ([0, 1484], [0, 208])
        """
        circle_m = great_circle_m(lat_e7, lng_e7)
        apart = circle_m > 0
        length_m = self.intercept_m + circle_m * (self.road_factor_bp / 10_000)
        seconds = self.intercept_s + length_m * (3_600 / self.speed_m_per_h)
        return Profile(
            distance=np.rint(np.where(apart, length_m, 0)).astype(np.int64),
            travel_s=np.rint(np.where(apart, seconds, 0)).astype(np.int64),
        )


def fit(
    circle_m: NDArray[np.float64], driven_m: NDArray[np.float64], driven_s: NDArray[np.float64]
) -> Calibration:
    """Return the calibration of least squared error for legs that were driven.

    Parameters
    ----------
    circle_m, driven_m, driven_s
        Great circle metres, road metres and seconds of m legs, shape `(m,)`, m at least 2.

    Raises
    ------
    InvalidProblemError
        When the legs do not determine a line, or determine an impossible one.
    """
    if circle_m.size < 2 or not np.ptp(circle_m) or not np.ptp(driven_m):
        raise InvalidProblemError("circle_m", "needs at least two legs of different length")
    factor, intercept_m = np.polyfit(circle_m, driven_m, 1)
    pace, intercept_s = np.polyfit(driven_m, driven_s, 1)
    if pace <= 0:
        raise InvalidProblemError("driven_s", "longer legs must take longer")
    return Calibration(
        road_factor_bp=max(10_000, round(10_000 * float(factor))),
        speed_m_per_h=round(3_600 / float(pace)),
        intercept_m=max(0, round(float(intercept_m))),
        intercept_s=max(0, round(float(intercept_s))),
    )


def great_circle_m(lat_e7: IntArray, lng_e7: IntArray) -> NDArray[np.float64]:
    """Return great circle metres between n places, shape `(n, n)`, by the haversine formula.

    Exactly symmetric, exactly 0 on the diagonal.
    """
    if lat_e7.shape != lng_e7.shape or lat_e7.ndim != 1:
        raise InvalidProblemError("lng_e7", f"has shape {lng_e7.shape}, lat_e7 {lat_e7.shape}")
    for name, values, limit in (("lat_e7", lat_e7, 90), ("lng_e7", lng_e7, 180)):
        if values.size and np.abs(values).max() > limit / E7:
            raise InvalidProblemError(name, f"must lie within {limit} degrees")
    lat, lng = np.radians(lat_e7 * E7), np.radians(lng_e7 * E7)
    south_north = np.sin((lat[:, None] - lat[None, :]) / 2) ** 2
    west_east = np.sin((lng[:, None] - lng[None, :]) / 2) ** 2
    across = np.cos(lat)[:, None] * np.cos(lat)[None, :]
    half = np.clip(south_north + across * west_east, 0.0, 1.0)
    metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(half))
    return metres
