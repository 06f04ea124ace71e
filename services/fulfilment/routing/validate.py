"""Whether a caller's route problem is one; everything wrong with it is said at once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from orderhub.common.v1 import geo_pb2 as geo_v1
from services._kit.errors import Violations
from services._kit.reasons import Reason

if TYPE_CHECKING:
    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
    from services._kit.config import Config

MAX_COUNT = 1_000
MAX_QUANTITY = 1_000_000_000_000
MAX_SECONDS = 172_800  # a plan spans two days at most: the day, and a night shift into the next
MAX_RATE = 100_000_000
MAX_ID_BYTES = 128
INT32_BYTES = 4
LAT_E7, LNG_E7 = 900_000_000, 1_800_000_000
ENGINES = ("", "auto", "pyvrp", "ortools")


def validate(problem: routing_v1.RouteProblem, config: Config, path: str = "problem") -> None:
    """Raise `Malformed` naming every field of `problem` that breaks the contract."""
    found = Violations()
    _sizes(problem, config, path, found)
    _unique([stop.stop_id for stop in problem.stops], f"{path}.stops", "stop_id", found)
    _unique([v.vehicle_id for v in problem.vehicles], f"{path}.vehicles", "vehicle_id", found)
    known = {vehicle.vehicle_id for vehicle in problem.vehicles}
    for k, stop in enumerate(problem.stops):
        _stop(stop, f"{path}.stops[{k}]", known, found)
    for k, vehicle in enumerate(problem.vehicles):
        _vehicle(vehicle, f"{path}.vehicles[{k}]", found)
    if problem.HasField("matrix"):
        _matrix(problem, f"{path}.matrix", found)
    else:
        _places(problem, path, found)
    found.raise_if_any()


def validate_search(search: routing_v1.SearchOptions, config: Config) -> None:
    """Raise `Malformed` naming what of `search` is out of range."""
    found = Violations()
    longest = config.solver_time_limit_s
    if not 0 <= search.budget_s <= longest:
        found.add("search.budget_s", Reason.OUT_OF_RANGE, f"budget_s is 1 to {longest}")
    if search.seed < 0:
        found.add("search.seed", Reason.OUT_OF_RANGE, "seed is 0 or more")
    if search.engine not in ENGINES:
        found.add("search.engine", Reason.UNKNOWN_VALUE, "engine is auto, pyvrp or ortools")
    found.raise_if_any()


def _sizes(problem: routing_v1.RouteProblem, config: Config, path: str, found: Violations) -> None:
    for name, given, most in (
        ("stops", len(problem.stops), config.solver_max_stops),
        ("vehicles", len(problem.vehicles), config.solver_max_vehicles),
    ):
        if not given:
            found.add(f"{path}.{name}", Reason.REQUIRED, f"at least one of {name} is needed")
        elif given > most:
            found.add(f"{path}.{name}", Reason.TOO_MANY, f"at most {most} {name}, {given} given")


def _unique(ids: list[str], path: str, name: str, found: Violations) -> None:
    twice = {one for one, times in Counter(ids).items() if times > 1}
    seen: set[str] = set()
    for k, one in enumerate(ids):
        if not one:
            found.add(f"{path}[{k}].{name}", Reason.REQUIRED)
        elif len(one.encode()) > MAX_ID_BYTES:
            found.add(f"{path}[{k}].{name}", Reason.TOO_LONG)
        elif one in twice and one in seen:
            found.add(f"{path}[{k}].{name}", Reason.ALREADY_EXISTS, f"{name} is given twice")
        seen.add(one)


def _within(value: int, low: int, high: int, path: str, found: Violations) -> None:
    if not low <= value <= high:
        found.add(path, Reason.OUT_OF_RANGE, f"{low} to {high}, {value} given")


def _stop(stop: routing_v1.RouteStop, path: str, known: set[str], found: Violations) -> None:
    _within(stop.weight_g, 0, MAX_QUANTITY, f"{path}.weight_g", found)
    _within(stop.volume_ml, 0, MAX_QUANTITY, f"{path}.volume_ml", found)
    _within(stop.service_s, 0, MAX_SECONDS, f"{path}.service_s", found)
    _within(stop.skip_cost, 0, MAX_QUANTITY, f"{path}.skip_cost", found)
    latest = -1
    for k, window in enumerate(stop.windows):
        _window(window, f"{path}.windows[{k}]", found)
        if window.start_s <= latest:
            found.add(
                f"{path}.windows[{k}].start_s",
                Reason.OUT_OF_RANGE,
                "windows rise and do not overlap",
            )
        latest = max(latest, window.end_s)
    for k, vehicle_id in enumerate(stop.allowed_vehicle_ids):
        if vehicle_id not in known:
            found.add(f"{path}.allowed_vehicle_ids[{k}]", Reason.UNKNOWN_VALUE, "no such vehicle")


def _vehicle(vehicle: routing_v1.RouteVehicle, path: str, found: Violations) -> None:
    _within(vehicle.count, 1, MAX_COUNT, f"{path}.count", found)
    for name in ("capacity_g", "capacity_ml"):
        _within(getattr(vehicle, name), 0, MAX_QUANTITY, f"{path}.{name}", found)
    for name in ("fixed_cost", "cost_per_km", "cost_per_hour"):
        _within(getattr(vehicle, name), 0, MAX_RATE, f"{path}.{name}", found)
    _within(vehicle.max_stops, 0, MAX_COUNT, f"{path}.max_stops", found)
    if vehicle.HasField("shift"):
        _window(vehicle.shift, f"{path}.shift", found)


def _window(window: routing_v1.RouteWindow, path: str, found: Violations) -> None:
    _within(window.start_s, 0, MAX_SECONDS, f"{path}.start_s", found)
    _within(window.end_s, 0, MAX_SECONDS, f"{path}.end_s", found)
    if window.end_s and window.end_s < window.start_s:
        found.add(f"{path}.end_s", Reason.OUT_OF_RANGE, "it ends before it starts")


def _matrix(problem: routing_v1.RouteProblem, path: str, found: Violations) -> None:
    n = len(problem.stops) + 1
    wanted = INT32_BYTES * n * n
    for name in ("travel_s", "distance_m"):
        given = len(getattr(problem.matrix, name))
        if given != wanted and (given or name == "travel_s"):
            found.add(
                f"{path}.{name}",
                Reason.MATRIX_SHAPE,
                f"{n} places need {wanted} bytes ({n} x {n} int32), {given} given",
            )


def _places(problem: routing_v1.RouteProblem, path: str, found: Violations) -> None:
    """Without a matrix, the depot and every stop have a place."""
    _place(problem.depot if problem.HasField("depot") else None, f"{path}.depot", found)
    for k, stop in enumerate(problem.stops):
        point = stop.location if stop.HasField("location") else None
        _place(point, f"{path}.stops[{k}].location", found)


def _place(point: geo_v1.GeoPoint | None, where: str, found: Violations) -> None:
    if point is None:
        found.add(where, Reason.REQUIRED, "a place is needed where no matrix is given")
        return
    _within(point.lat_e7, -LAT_E7, LAT_E7, f"{where}.lat_e7", found)
    _within(point.lng_e7, -LNG_E7, LNG_E7, f"{where}.lng_e7", found)
    if point.datum == geo_v1.DATUM_UNSPECIFIED:
        found.add(f"{where}.datum", Reason.REQUIRED)
