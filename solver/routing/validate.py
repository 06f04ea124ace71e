"""Everything a routing problem must satisfy before anybody looks at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.errors import InvalidProblemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solver.routing.problem import (
        IntArray,
        Problem,
        Shipment,
        ShipmentEnd,
        Stop,
        VehicleType,
        Window,
    )

SAFE_TOTAL = 2**52  # totals stay exact in a float64 and far from an int64's end


def as_matrix(values: object, field: str) -> IntArray:
    """Return `values` as a read-only square int64 matrix.

    Raises
    ------
    InvalidProblemError
        When it is not square, not whole numbers, negative, or not zero on the diagonal.
    """
    matrix = np.asarray(values)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InvalidProblemError(field, f"must be square, has shape {matrix.shape}")
    if matrix.size and not np.issubdtype(matrix.dtype, np.integer):
        raise InvalidProblemError(field, f"must hold integers, holds {matrix.dtype}")
    if matrix.size and int(matrix.max()) > SAFE_TOTAL:
        raise InvalidProblemError(field, f"holds {matrix.max()}, more than {SAFE_TOTAL}")
    matrix = matrix.astype(np.int64)
    if matrix.size and matrix.min() < 0:
        row, column = np.unravel_index(matrix.argmin(), matrix.shape)
        raise InvalidProblemError(f"{field}[{row}][{column}]", "must not be negative")
    if matrix.diagonal().any():
        first = int(np.flatnonzero(matrix.diagonal())[0])
        raise InvalidProblemError(f"{field}[{first}][{first}]", "must be 0 on the diagonal")
    matrix.setflags(write=False)
    return matrix


def validate(problem: Problem) -> None:
    """Raise `InvalidProblemError` for the first thing wrong with `problem`."""
    _check_matrices(problem)
    for index, location in enumerate(problem.locations):
        for axis, value in (("x", location.x), ("y", location.y)):
            if value is not None and not np.isfinite(value):
                raise InvalidProblemError(f"locations[{index}].{axis}", "must be finite")
    for index, depot in enumerate(problem.depots):
        _check_location(depot.location, problem, f"depots[{index}].location")
        _check_window(depot.window, f"depots[{index}].window")
    for index, vehicle in enumerate(problem.vehicle_types):
        _check_vehicle_type(vehicle, problem, f"vehicle_types[{index}]")
    for index, stop in enumerate(problem.stops):
        _check_stop(stop, problem, f"stops[{index}]")
    for index, shipment in enumerate(problem.shipments):
        _check_shipment(shipment, problem, f"shipments[{index}]")
    _check_totals(problem)


def _check_matrices(problem: Problem) -> None:
    n = len(problem.locations)
    for index, profile in enumerate(problem.profiles):
        for name in ("distance", "travel_s"):
            shape = getattr(profile, name).shape
            if shape != (n, n):
                raise InvalidProblemError(
                    f"profiles[{index}].{name}", f"must have shape ({n}, {n}), has {shape}"
                )


def _check_vehicle_type(vehicle: VehicleType, problem: Problem, path: str) -> None:
    dims = len(problem.vehicle_types[0].capacity)
    _check_loads(vehicle.capacity, dims, f"{path}.capacity")
    if len(vehicle.capacity) != dims:
        raise InvalidProblemError(f"{path}.capacity", f"must have {dims} dimensions")
    for name in ("count", "fixed_cost", "cost_per_distance", "cost_per_time"):
        _check_whole(getattr(vehicle, name), f"{path}.{name}")
    for name in ("max_duration_s", "max_distance"):
        if getattr(vehicle, name) is not None:
            _check_whole(getattr(vehicle, name), f"{path}.{name}")
    for name in ("start_depot", "end_depot"):
        _check_position(getattr(vehicle, name), len(problem.depots), f"{path}.{name}")
    _check_position(vehicle.profile, len(problem.profiles), f"{path}.profile")
    _check_window(vehicle.shift, f"{path}.shift")


def _check_stop(stop: Stop, problem: Problem, path: str) -> None:
    _check_location(stop.location, problem, f"{path}.location")
    _check_loads(stop.delivery, problem.dimensions, f"{path}.delivery")
    _check_loads(stop.pickup, problem.dimensions, f"{path}.pickup")
    _check_whole(stop.service_s, f"{path}.service_s")
    _check_whole(stop.release_s, f"{path}.release_s")
    _check_windows(stop.windows, path)
    _check_owner(stop, problem, path)


def _check_shipment(shipment: Shipment, problem: Problem, path: str) -> None:
    for name in ("pickup", "delivery"):
        end: ShipmentEnd = getattr(shipment, name)
        _check_location(end.location, problem, f"{path}.{name}.location")
        _check_whole(end.service_s, f"{path}.{name}.service_s")
        _check_windows(end.windows, f"{path}.{name}")
    _check_loads(shipment.load, problem.dimensions, f"{path}.load")
    _check_owner(shipment, problem, path)


def _check_owner(owner: Stop | Shipment, problem: Problem, path: str) -> None:
    _check_whole(owner.prize, f"{path}.prize")
    if owner.required and owner.prize:
        raise InvalidProblemError(f"{path}.prize", "must be 0 where the visit is required")
    for index in owner.allowed_types or ():
        _check_position(index, len(problem.vehicle_types), f"{path}.allowed_types")


def _check_location(value: int, problem: Problem, field: str) -> None:
    _check_position(value, len(problem.locations), field)


def _check_position(value: int, size: int, field: str) -> None:
    _check_whole(value, field)
    if value >= size:
        raise InvalidProblemError(field, f"is {value}, but there are only {size}")


def _check_whole(value: object, field: str) -> None:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise InvalidProblemError(field, f"must be an integer, is {value!r}")
    if value < 0:
        raise InvalidProblemError(field, f"must not be negative, is {value}")
    if value > SAFE_TOTAL:
        raise InvalidProblemError(field, f"must be at most {SAFE_TOTAL}, is {value}")


def _check_loads(loads: Sequence[int], dims: int, field: str) -> None:
    if not isinstance(loads, tuple):
        raise InvalidProblemError(
            field, f"must be a tuple with one load per dimension, is {loads!r}"
        )
    for index, load in enumerate(loads):
        _check_whole(load, f"{field}[{index}]")
    if loads and len(loads) != dims:
        raise InvalidProblemError(field, f"must have {dims} dimensions, has {len(loads)}")


def _check_window(window: Window, field: str) -> None:
    _check_whole(window.opens_s, f"{field}.opens_s")
    _check_whole(window.closes_s, f"{field}.closes_s")
    if window.opens_s > window.closes_s:
        raise InvalidProblemError(field, f"opens at {window.opens_s}, after it closes")


def _check_windows(windows: Sequence[Window], path: str) -> None:
    if not windows:
        raise InvalidProblemError(f"{path}.windows", "must hold at least one window")
    for index, window in enumerate(windows):
        _check_window(window, f"{path}.windows[{index}]")
        if index and window.opens_s <= windows[index - 1].closes_s:
            raise InvalidProblemError(
                f"{path}.windows[{index}]", "must open after the window before it closes"
            )


def _check_totals(problem: Problem) -> None:
    """Refuse numbers whose sums could leave the range of exact arithmetic."""
    visits = problem.visits
    legs = 2 * visits.count
    for name in ("from_depot", "to_depot", "change"):
        sums = [sum(map(abs, column)) for column in getattr(visits, name).T.tolist()]
        if any(total > SAFE_TOTAL for total in sums):
            raise InvalidProblemError("stops.load", f"loads add up to more than {SAFE_TOTAL}")
    service_s = sum(visits.service_s.tolist())
    cost = sum(visits.prize.tolist())
    for index, vehicle in enumerate(problem.vehicle_types):
        profile = problem.profiles[vehicle.profile]
        travel_s = legs * int(profile.travel_s.max(initial=0)) + service_s
        if travel_s > SAFE_TOTAL // 2:
            raise InvalidProblemError(
                f"profiles[{vehicle.profile}].travel_s", "travel times may add up to too much"
            )
        distance = legs * int(profile.distance.max(initial=0))
        waiting_s = visits.count * max(
            visits.closes_s[visits.closes_s < SAFE_TOTAL].tolist(), default=0
        )
        cost += distance * int(vehicle.cost_per_distance)
        cost += (travel_s + waiting_s) * int(vehicle.cost_per_time)
        cost += visits.count * int(vehicle.fixed_cost)
        if cost > SAFE_TOTAL:
            raise InvalidProblemError(
                f"vehicle_types[{index}].cost_per_distance",
                f"costs may add up to more than {SAFE_TOTAL}",
            )
