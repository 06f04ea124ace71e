"""Great-circle matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.errors import InvalidProblemError
from solver.routing.matrix import Calibration, fit, great_circle_m

places = st.lists(
    st.tuples(st.integers(-900_000_000, 900_000_000), st.integers(-1_800_000_000, 1_800_000_000)),
    min_size=1,
    max_size=8,
)


@given(places)
def test_is_symmetric_and_zero_only_from_a_place_to_itself(points: list[tuple[int, int]]) -> None:
    lat_e7, lng_e7 = np.array(points, dtype=np.int64).T

    profile = Calibration().profile(lat_e7, lng_e7)

    for matrix in (profile.distance, profile.travel_s):
        assert matrix.dtype == np.int64
        assert (matrix == matrix.T).all()
        assert not matrix.diagonal().any()
    apart = great_circle_m(lat_e7, lng_e7) > 0
    assert (profile.travel_s[apart] >= Calibration().intercept_s).all()


def test_knows_the_way_from_pole_to_equator() -> None:
    metres = great_circle_m(np.array([0, 900_000_000]), np.array([0, 0]))

    assert metres[0, 1] == pytest.approx(10_007_557, abs=1)


def test_recovers_the_calibration_behind_driven_legs() -> None:
    rng = np.random.default_rng(1)
    circle_m = rng.uniform(200, 9_000, 200)
    driven_m = 150 + 1.4 * circle_m
    driven_s = 90 + driven_m / 10

    calibration = fit(circle_m, driven_m, driven_s)

    assert calibration == Calibration(14_000, 36_000, 150, 90)


@pytest.mark.parametrize(
    ("lat_e7", "lng_e7", "field"),
    [([900_000_001], [0], "lat_e7"), ([0], [1_800_000_001], "lng_e7"), ([0, 1], [0], "lng_e7")],
)
def test_refuses_places_off_the_globe(lat_e7: list[int], lng_e7: list[int], field: str) -> None:
    with pytest.raises(InvalidProblemError) as caught:
        Calibration().profile(np.array(lat_e7), np.array(lng_e7))

    assert caught.value.field == field


@pytest.mark.parametrize("field", ["road_factor_bp", "speed_m_per_h", "intercept_m", "intercept_s"])
def test_refuses_a_calibration_out_of_range(field: str) -> None:
    with pytest.raises(InvalidProblemError) as caught:
        Calibration(**{field: -1})

    assert caught.value.field == field


def test_refuses_legs_that_determine_no_line() -> None:
    same = np.array([5.0, 5.0])

    with pytest.raises(InvalidProblemError):
        fit(same, same, same)
