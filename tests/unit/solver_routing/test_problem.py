"""What a problem refuses, by field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solver.errors import InvalidProblemError
from solver.routing.problem import (
    NO_LIMIT,
    Depot,
    Location,
    Problem,
    Profile,
    Shipment,
    ShipmentEnd,
    Stop,
    VehicleType,
    Window,
)

LEGS = np.array([[0, 5], [5, 0]])
TYPE = VehicleType(count=1, capacity=(10,))


def problem(**changes: Any) -> Problem:
    parts: dict[str, Any] = {
        "locations": [Location(), Location()],
        "depots": [Depot(0)],
        "vehicle_types": [TYPE],
        "profiles": [Profile(LEGS, LEGS)],
        "stops": [Stop(1, (3,))],
    }
    return Problem(**{**parts, **changes})


@pytest.mark.parametrize(
    ("matrix", "field"),
    [
        (np.zeros((2, 3), dtype=int), "travel_s"),
        (np.zeros(4, dtype=int), "travel_s"),
        (np.array([[0, -1], [1, 0]]), "travel_s[0][1]"),
        (np.array([[0, 1], [1, 7]]), "travel_s[1][1]"),
        (np.array([[0.0, np.nan], [1.0, 0.0]]), "travel_s"),
        (np.array([[0, 2**53], [1, 0]]), "travel_s"),
        (np.array([["a", "b"], ["c", "d"]]), "travel_s"),
    ],
)
def test_refuses_a_matrix_that_is_none(matrix: np.ndarray, field: str) -> None:
    with pytest.raises(InvalidProblemError) as caught:
        Profile(distance=LEGS, travel_s=matrix)

    assert caught.value.field == field


BAD: list[tuple[str, dict[str, Any]]] = [
    ("profiles[0].distance", {"locations": [Location()] * 3}),
    ("locations[1].y", {"locations": [Location(), Location(0.0, float("nan"))]}),
    ("depots[0].location", {"depots": [Depot(2)]}),
    ("depots[0].window", {"depots": [Depot(0, Window(5, 4))]}),
    ("vehicle_types[0].start_depot", {"vehicle_types": [replace(TYPE, start_depot=1)]}),
    ("vehicle_types[0].profile", {"vehicle_types": [replace(TYPE, profile=1)]}),
    ("vehicle_types[0].count", {"vehicle_types": [replace(TYPE, count=-1)]}),
    ("vehicle_types[0].capacity[0]", {"vehicle_types": [replace(TYPE, capacity=(1.5,))]}),
    ("vehicle_types[1].capacity", {"vehicle_types": [TYPE, replace(TYPE, capacity=(1, 2))]}),
    ("vehicle_types[0].max_duration_s", {"vehicle_types": [replace(TYPE, max_duration_s=-1)]}),
    ("vehicle_types[0].fixed_cost", {"vehicle_types": [replace(TYPE, fixed_cost=True)]}),
    ("stops[0].location", {"stops": [Stop(9)]}),
    ("stops[0].location", {"stops": [Stop(-1)]}),
    ("stops[0].delivery", {"stops": [Stop(1, (1, 2))]}),
    ("stops[0].delivery", {"stops": [Stop(1, 3)]}),  # type: ignore[arg-type]
    ("stops[0].pickup[0]", {"stops": [Stop(1, pickup=(-1,))]}),
    ("stops[0].service_s", {"stops": [Stop(1, service_s=-1)]}),
    ("stops[0].release_s", {"stops": [Stop(1, release_s=NO_LIMIT + 1)]}),
    ("stops[0].windows", {"stops": [Stop(1, windows=())]}),
    ("stops[0].windows[0]", {"stops": [Stop(1, windows=(Window(9, 8),))]}),
    ("stops[0].windows[1]", {"stops": [Stop(1, windows=(Window(0, 9), Window(9, 12)))]}),
    ("stops[0].prize", {"stops": [Stop(1, prize=1)]}),
    ("stops[0].allowed_types", {"stops": [Stop(1, allowed_types=frozenset({1}))]}),
    ("stops.load", {"stops": [Stop(1, (2**51,))] * 3}),
    (
        "shipments[0].delivery.location",
        {"shipments": [Shipment(ShipmentEnd(0), ShipmentEnd(7), (1,))]},
    ),
    ("shipments[0].load[0]", {"shipments": [Shipment(ShipmentEnd(0), ShipmentEnd(1), (-1,))]}),
    (
        "profiles[0].travel_s",
        {"profiles": [Profile(LEGS, np.array([[0, 2**51], [0, 0]]))]},
    ),
    (
        "vehicle_types[0].cost_per_distance",
        {"vehicle_types": [replace(TYPE, cost_per_distance=2**50)]},
    ),
]


@pytest.mark.parametrize(("field", "changes"), BAD)
def test_refuses_what_is_out_of_range_and_names_it(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidProblemError) as caught:
        problem(**changes)

    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")


def test_matrices_cannot_be_changed_afterwards() -> None:
    legs = LEGS.copy()
    profile = Profile(legs, legs)

    legs[0, 1] = 99

    assert profile.distance[0, 1] == 5
    with pytest.raises(ValueError, match="read-only"):
        profile.distance[0, 1] = 1


def test_shipments_follow_the_stops_in_the_list_of_visits() -> None:
    built = problem(shipments=[Shipment(ShipmentEnd(0), ShipmentEnd(1), (2,), id="p")])

    assert built.visits.change[:, 0].tolist() == [-3, 2, -2]
    assert built.visits.partner.tolist() == [-1, 2, 1]
