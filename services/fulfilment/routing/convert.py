"""Route problems and plans between wire and solver. The only file here that knows both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orderhub.common.v1 import text_pb2 as text_v1
from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from services._kit.errors import Malformed
from services._kit.reasons import Reason
from services.fulfilment.geo import degrees_of
from services.fulfilment.routing.scale import CostScale
from solver.errors import InvalidProblemError
from solver.routing.matrix import Calibration
from solver.routing.plan import Tour, UnservedReason
from solver.routing.problem import (
    NO_LIMIT,
    Depot,
    Location,
    Problem,
    Profile,
    Stop,
    VehicleType,
    Window,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solver.routing.plan import Plan, Route

WEIGHT, VOLUME, PIECES = range(3)  # load dimensions
DAY_S = 86_400
NO_PROOF_BP = 10_000
E7 = 10_000_000

_REASONS = {
    UnservedReason.EXCEEDS_CAPACITY: routing_v1.UNSERVED_REASON_EXCEEDS_CAPACITY,
    UnservedReason.UNREACHABLE: routing_v1.UNSERVED_REASON_UNREACHABLE,
    UnservedReason.NO_VEHICLE_ALLOWED: routing_v1.UNSERVED_REASON_NO_VEHICLE_ALLOWED,
    UnservedReason.NOT_WORTH_ITS_PRIZE: routing_v1.UNSERVED_REASON_CHEAPER_SKIPPED,
    UnservedReason.NOT_FOUND_IN_TIME: routing_v1.UNSERVED_REASON_NOT_FOUND_IN_TIME,
}
_ZH = {
    UnservedReason.EXCEEDS_CAPACITY: "超出所有可用车辆的载重或容积。",
    UnservedReason.UNREACHABLE: "没有车辆能在其时间窗内到达并按时返回。",
    UnservedReason.NO_VEHICLE_ALLOWED: "没有允许服务该站点的车辆。",
    UnservedReason.NOT_WORTH_ITS_PRIZE: "不服务该站点的代价低于服务成本。",
    UnservedReason.NOT_FOUND_IN_TIME: "搜索结束前未找到可行的插入位置。",
}


@dataclass(frozen=True)
class SolverProblem:
    """A wire problem as the solver takes it, with what leads back."""

    problem: Problem
    scale: CostScale


def problem_from_pb(message: routing_v1.RouteProblem, path: str = "problem") -> SolverProblem:
    """Return the solver's problem for one that `validate` let pass.

    Raises
    ------
    Malformed
        When the solver finds it out of shape all the same, naming the field.
    """
    scale = CostScale.of(message.vehicles)
    try:
        problem = Problem(
            locations=[Location(id="depot"), *(Location(id=s.stop_id) for s in message.stops)],
            depots=[Depot(location=0)],
            vehicle_types=[_vehicle(vehicle, scale) for vehicle in message.vehicles],
            profiles=[_profile(message)],
            stops=[_stop(k, stop, message.vehicles, scale) for k, stop in enumerate(message.stops)],
        )
    except InvalidProblemError as error:
        # The solver knows no matrix message: its `travel_s[0][1]` is the wire's `matrix.travel_s`.
        inside = error.field.removeprefix("profiles[0].")
        if inside.startswith(("travel_s", "distance")):
            distance = "distance_m" if message.matrix.distance_m else "travel_s"
            inside = f"matrix.{inside.replace('distance', distance)}"
        raise Malformed(Reason.MALFORMED, str(error), f"{path}.{inside}") from None
    return SolverProblem(problem, scale)


def _profile(message: routing_v1.RouteProblem) -> Profile:
    """Return seconds and metres, each `(stops + 1, stops + 1)`, row 0 the depot."""
    n = len(message.stops) + 1
    if message.HasField("matrix"):
        travel_s = np.frombuffer(message.matrix.travel_s, dtype="<i4").reshape(n, n)
        given = message.matrix.distance_m or message.matrix.travel_s
        distance_m = np.frombuffer(given, dtype="<i4").reshape(n, n)
        return Profile(distance=distance_m.astype(np.int64), travel_s=travel_s.astype(np.int64))
    degrees = degrees_of([message.depot, *(stop.location for stop in message.stops)])  # (n, 2)
    places_e7 = np.rint(degrees * E7).astype(np.int64)
    return Calibration().profile(places_e7[:, 0], places_e7[:, 1])


def _vehicle(vehicle: routing_v1.RouteVehicle, scale: CostScale) -> VehicleType:
    return VehicleType(
        count=vehicle.count,
        capacity=tuple(
            limit or NO_LIMIT
            for limit in (vehicle.capacity_g, vehicle.capacity_ml, vehicle.max_stops)
        ),
        shift=_window(vehicle.shift) if vehicle.HasField("shift") else Window(0, DAY_S),
        fixed_cost=scale.inward(vehicle.fixed_cost),
        cost_per_distance=scale.per_metre(vehicle.cost_per_km),
        cost_per_time=scale.per_second(vehicle.cost_per_hour),
        id=vehicle.vehicle_id,
    )


def _stop(
    number: int,
    stop: routing_v1.RouteStop,
    vehicles: Sequence[routing_v1.RouteVehicle],
    scale: CostScale,
) -> Stop:
    allowed = set(stop.allowed_vehicle_ids)
    optional = stop.HasField("skip_cost")
    return Stop(
        location=number + 1,
        delivery=(stop.weight_g, stop.volume_ml, 1),
        service_s=stop.service_s,
        windows=tuple(_window(w) for w in stop.windows) or (Window(),),
        required=not optional,
        prize=scale.inward(stop.skip_cost) if optional else 0,
        allowed_types=(
            frozenset(k for k, v in enumerate(vehicles) if v.vehicle_id in allowed)
            if allowed
            else None
        ),
        id=stop.stop_id,
    )


def _window(window: routing_v1.RouteWindow) -> Window:
    return Window(window.start_s, window.end_s or DAY_S)


def plan_to_pb(
    plan: Plan, solved: SolverProblem, message: routing_v1.RouteProblem, *, of_shipments: bool
) -> routing_v1.RoutePlan:
    """Return what the search found; identity and state are the caller's to fill in.

    Parameters
    ----------
    of_shipments
        The stops are a warehouse's shipments and bear their ids.
    """
    scale = solved.scale
    cost, bound = scale.outward(plan.cost), scale.bound(plan.lower_bound)
    found = routing_v1.RoutePlan(
        routes=[
            _route(route, number, solved, message, of_shipments=of_shipments)
            for route, number in zip(plan.routes, _numbers(plan), strict=True)
        ],
        unserved=[
            routing_v1.UnservedStop(
                stop_id=left.id,
                shipment_id=left.id if of_shipments else "",
                reason=_REASONS[left.reason],
                text=text_v1.LocalizedText(zh=_ZH[left.reason], en=left.sentence),
            )
            for left in plan.unserved
        ],
        cost=cost,
        terms=scale.terms(plan.cost_parts),
        lower_bound=bound,
        bound_kind=plan.bound_kind,
        gap_bp=gap_bp(cost, bound) if plan.gap is not None else NO_PROOF_BP,
        checked=True,
        degraded=plan.degraded,
        search_ms=round(plan.seconds * 1000),
        engine=plan.engine,
        distance_m=sum(route.distance for route in plan.routes),
        stop_count=len(message.stops),
    )
    if plan.first_feasible_s is not None:
        found.first_feasible_ms = max(1, round(plan.first_feasible_s * 1000))
    if message.HasField("depot"):
        found.depot.CopyFrom(message.depot)
    return found


def gap_bp(cost: int, bound: int) -> int:
    """Return (cost - bound) / cost in hundredths of a per cent, rounded up."""
    return -(-10_000 * (cost - bound) // cost) if cost > 0 else 0


def _numbers(plan: Plan) -> list[int]:
    """Return for each route which of its kind's vehicles drives it, 1 the first."""
    used: Counter[int] = Counter()
    numbers = []
    for route in plan.routes:
        used[route.vehicle_type] += 1
        numbers.append(used[route.vehicle_type])
    return numbers


def _route(
    route: Route,
    number: int,
    solved: SolverProblem,
    message: routing_v1.RouteProblem,
    *,
    of_shipments: bool,
) -> routing_v1.PlannedRoute:
    distance_m = solved.problem.profiles[0].distance
    places = [0, *(visit.location for visit in route.visits)]
    stops = []
    for before, visit in zip(places, route.visits, strict=False):
        stop = routing_v1.PlannedStop(
            stop_id=visit.id,
            shipment_id=visit.id if of_shipments else "",
            arrival_s=visit.arrival_s,
            start_s=visit.start_s,
            departure_s=visit.departure_s,
            leg_m=int(distance_m[before, visit.location]),
        )
        wire = message.stops[visit.location - 1]
        if wire.HasField("location"):
            stop.location.CopyFrom(wire.location)
        stops.append(stop)
    return routing_v1.PlannedRoute(
        vehicle_id=message.vehicles[route.vehicle_type].vehicle_id,
        vehicle_no=number,
        stops=stops,
        start_s=route.start_s,
        end_s=route.end_s,
        distance_m=route.distance,
        weight_g=route.load[WEIGHT],
        volume_ml=route.load[VOLUME],
        cost=solved.scale.outward(route.cost),
    )


def tours_from_pb(plan: routing_v1.RoutePlan, message: routing_v1.RouteProblem) -> tuple[Tour, ...]:
    """Return a kept plan's bare orders, to start a search from."""
    kinds = {vehicle.vehicle_id: k for k, vehicle in enumerate(message.vehicles)}
    visits = {stop.stop_id: k for k, stop in enumerate(message.stops)}
    return tuple(
        Tour(kinds[route.vehicle_id], tuple(visits[stop.stop_id] for stop in route.stops))
        for route in plan.routes
    )
