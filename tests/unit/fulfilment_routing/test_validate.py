"""Every way a caller's problem can be wrong is refused, naming the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from services._kit.config import Config
from services._kit.errors import Malformed
from services.fulfilment.routing import convert
from services.fulfilment.routing.validate import validate, validate_search

if TYPE_CHECKING:
    from collections.abc import Callable


def sound(stops: int = 3) -> routing_v1.RouteProblem:
    def point(k: int) -> geo_v1.GeoPoint:
        return geo_v1.GeoPoint(
            lat_e7=312_000_000 + 10_000 * k, lng_e7=1_214_000_000, datum=geo_v1.DATUM_WGS84
        )

    return routing_v1.RouteProblem(
        depot=point(0),
        stops=[
            routing_v1.RouteStop(stop_id=f"S{k}", location=point(k), weight_g=100, service_s=60)
            for k in range(1, stops + 1)
        ],
        vehicles=[routing_v1.RouteVehicle(vehicle_id="V", count=2, capacity_g=1_000)],
    )


def with_matrix(n: int) -> routing_v1.RouteProblem:
    problem = sound()
    problem.matrix.travel_s = np.ones((n, n), dtype="<i4").tobytes()
    return problem


def change(edit: Callable[[routing_v1.RouteProblem], object]) -> routing_v1.RouteProblem:
    problem = sound()
    edit(problem)
    return problem


@pytest.mark.parametrize(
    ("problem", "field"),
    [
        (routing_v1.RouteProblem(), "problem.stops"),
        (change(lambda p: p.ClearField("depot")), "problem.depot"),
        (change(lambda p: p.stops[1].ClearField("location")), "problem.stops[1].location"),
        (
            change(lambda p: p.stops[2].location.ClearField("datum")),
            "problem.stops[2].location.datum",
        ),
        (
            change(lambda p: setattr(p.depot, "lat_e7", 900_000_001)),
            "problem.depot.lat_e7",
        ),
        (change(lambda p: setattr(p.stops[1], "stop_id", "S1")), "problem.stops[1].stop_id"),
        (change(lambda p: setattr(p.stops[0], "stop_id", "")), "problem.stops[0].stop_id"),
        (change(lambda p: setattr(p.stops[0], "weight_g", -1)), "problem.stops[0].weight_g"),
        (change(lambda p: setattr(p.vehicles[0], "count", 0)), "problem.vehicles[0].count"),
        (
            change(lambda p: p.stops[0].windows.add(start_s=10, end_s=5)),
            "problem.stops[0].windows[0].end_s",
        ),
        (
            change(lambda p: p.stops[0].allowed_vehicle_ids.append("X")),
            "problem.stops[0].allowed_vehicle_ids[0]",
        ),
        (with_matrix(3), "problem.matrix.travel_s"),
        (
            change(lambda p: setattr(p.vehicles[0].shift, "start_s", 10**9)),
            "problem.vehicles[0].shift.start_s",
        ),
    ],
)
def test_names_the_field(problem: routing_v1.RouteProblem, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        validate(problem, Config())

    assert field in [violation.field for violation in caught.value.violations]


def test_says_everything_at_once() -> None:
    problem = sound()
    problem.stops[0].weight_g = -1
    problem.vehicles[0].count = 0

    with pytest.raises(Malformed) as caught:
        validate(problem, Config())

    assert len(caught.value.violations) == 2


def test_a_sound_problem_passes_and_converts() -> None:
    problem = sound()
    validate(problem, Config())

    solved = convert.problem_from_pb(problem).problem

    assert solved.visits.count == 3
    assert solved.profiles[0].travel_s.shape == (4, 4)


def test_a_negative_leg_is_refused_by_its_field() -> None:
    problem = with_matrix(4)
    legs = np.ones((4, 4), dtype="<i4")
    legs[1, 2] = -5
    np.fill_diagonal(legs, 0)
    problem.matrix.travel_s = legs.tobytes()
    validate(problem, Config())

    with pytest.raises(Malformed) as caught:
        convert.problem_from_pb(problem)

    assert caught.value.field.startswith("problem.")


@pytest.mark.parametrize(
    ("search", "field"),
    [
        (routing_v1.SearchOptions(budget_s=100_000), "search.budget_s"),
        (routing_v1.SearchOptions(seed=-1), "search.seed"),
        (routing_v1.SearchOptions(engine="magic"), "search.engine"),
    ],
)
def test_refuses_a_search_out_of_range(search: routing_v1.SearchOptions, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        validate_search(search, Config())

    assert caught.value.field == field
