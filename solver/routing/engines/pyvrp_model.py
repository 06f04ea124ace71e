"""The problem in PyVRP's terms, and its solutions in ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyvrp

from solver.routing.engines.limits import latest_s
from solver.routing.plan import Tour
from solver.routing.problem import NO_LIMIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from solver.routing.engines.base import Tours
    from solver.routing.problem import IntArray, Problem, VehicleType, Window

UNBOUNDED = int(np.iinfo(np.int64).max)


class PyvrpModel:
    """A problem as `pyvrp.ProblemData`.

    Each of our visits gets a location of its own where several share one and
    some vehicles may not serve all of them: PyVRP forbids by profile, that is,
    by location. A stop with several windows becomes a group of mutually
    exclusive clients, one per window.

    Parameters
    ----------
    problem
        The problem.
    optional_prize
        Makes every required visit optional at this prize; None keeps them required.

    Attributes
    ----------
    data
        What PyVRP solves.
    client_visit
        Our visit of each client.
    """

    def __init__(self, problem: Problem, optional_prize: int | None = None) -> None:
        visits = problem.visits
        self._problem = problem
        self._optional_prize = optional_prize
        self._first = len(problem.stops)
        places = visits.location.tolist() + [depot.location for depot in problem.depots]
        if not visits.allowed.all():
            self._rows = np.array(places, dtype=np.int64)
            self._at = list(range(len(places)))
        else:
            self._rows = np.arange(len(problem.locations), dtype=np.int64)
            self._at = places
        self._type_of = [n for n, t in enumerate(problem.vehicle_types) if t.count]
        self._position = {number: at for at, number in enumerate(self._type_of)}
        types, distances, durations = self._vehicle_types()
        clients, groups = self._clients()
        self.client_visit = [visit for visit, _ in clients]
        self._client_of = {visit: number for number, (visit, _) in enumerate(clients)}
        self.data = pyvrp.ProblemData(
            [self._location(int(row)) for row in self._rows],
            [client for _, client in clients],
            [
                pyvrp.Depot(
                    location=self._at[visits.count + number],
                    tw_early=depot.window.opens_s,
                    tw_late=_end(depot.window),
                )
                for number, depot in enumerate(problem.depots)
            ],
            types,
            distances,
            durations,
            groups,
            self._shipments(),
        )

    @property
    def has_groups(self) -> bool:
        """Return whether some stop has several windows."""
        return bool(self.data.num_groups)

    def solution(self, tours: Tours) -> pyvrp.Solution:
        """Return `tours` as a solution; stops with several windows use their first."""
        return pyvrp.Solution(self.data, [self.route(tour) for tour in tours])

    def route(self, tour: Tour) -> pyvrp.Route:
        """Return one tour as a route."""
        return pyvrp.Route(
            self.data,
            [self._activity(visit) for visit in tour.visits],
            self._position[tour.vehicle_type],
        )

    def tours(self, solution: pyvrp.Solution) -> list[Tour]:
        """Return the tours of a solution, empty ones left out."""
        tours = []
        for route in solution.routes():
            visits = tuple(self._visit(word) for word in str(route).split())
            if visits:
                tours.append(Tour(self._type_of[route.vehicle_type()], visits))
        return tours

    def _visit(self, word: str) -> int:
        """Return our visit of `C3` (client), `L3` (load of a shipment) or `U3` (unload)."""
        number = int(word[1:])
        if word[0] == "C":
            return self.client_visit[number]
        return self._first + 2 * number + (word[0] == "U")

    def _activity(self, visit: int) -> pyvrp.Activity:
        if visit < self._first:
            return pyvrp.Activity(pyvrp.ActivityType.CLIENT, self._client_of[visit])
        number, delivery = divmod(visit - self._first, 2)
        kind = pyvrp.ActivityType.DELIVERY if delivery else pyvrp.ActivityType.PICKUP
        return pyvrp.Activity(kind, number)

    def _location(self, row: int) -> pyvrp.Location:
        place = self._problem.locations[row]
        return pyvrp.Location(x=place.x or 0.0, y=place.y or 0.0)

    def _presence(self, *, required: bool, prize: int) -> tuple[bool, int]:
        """Return whether PyVRP must serve a visit, and the prize if it need not."""
        if required and self._optional_prize is not None:
            return False, self._optional_prize
        return required, prize

    def _clients(self) -> tuple[list[tuple[int, pyvrp.Client]], list[pyvrp.ClientGroup]]:
        clients: list[tuple[int, pyvrp.Client]] = []
        groups: list[pyvrp.ClientGroup] = []
        for visit, stop in enumerate(self._problem.stops):
            required, prize = self._presence(required=stop.required, prize=stop.prize)
            group = None
            if len(stop.windows) > 1:
                group = len(groups)
                members = range(len(clients), len(clients) + len(stop.windows))
                groups.append(pyvrp.ClientGroup(list(members), required=required))
            for window in stop.windows:
                client = pyvrp.Client(
                    location=self._at[visit],
                    delivery=list(stop.delivery) or [0] * self._problem.dimensions,
                    pickup=list(stop.pickup) or [0] * self._problem.dimensions,
                    service_duration=stop.service_s,
                    tw_early=window.opens_s,
                    tw_late=_end(window),
                    release_time=min(stop.release_s, _end(window)),
                    prize=prize,
                    required=required and group is None,
                    group=group,
                )
                clients.append((visit, client))
        return clients, groups

    def _shipments(self) -> list[pyvrp.Shipment]:
        shipments = []
        for number, shipment in enumerate(self._problem.shipments):
            pickup, delivery = shipment.pickup, shipment.delivery
            required, prize = self._presence(required=shipment.required, prize=shipment.prize)
            shipments.append(
                pyvrp.Shipment(
                    pickup_location=self._at[self._first + 2 * number],
                    delivery_location=self._at[self._first + 2 * number + 1],
                    pickup_tw_early=pickup.windows[0].opens_s,
                    pickup_tw_late=_end(pickup.windows[-1]),
                    pickup_service_duration=pickup.service_s,
                    delivery_tw_early=delivery.windows[0].opens_s,
                    delivery_tw_late=_end(delivery.windows[-1]),
                    delivery_service_duration=delivery.service_s,
                    amount=list(shipment.load) or [0] * self._problem.dimensions,
                    prize=prize,
                    required=required,
                )
            )
        return shipments

    def _vehicle_types(
        self,
    ) -> tuple[list[pyvrp.VehicleType], list[Any], list[Any]]:
        allowed = self._problem.visits.allowed
        matrices: dict[tuple[int, bytes], int] = {}
        distances: list[Any] = []  # PyVRP's stub gives its arrays an old kind of shape
        durations: list[Any] = []
        types = []
        for number in self._type_of:
            vehicle, may = self._problem.vehicle_types[number], allowed[:, number]
            key = (vehicle.profile, may.tobytes())
            if key not in matrices:
                matrices[key] = len(distances)
                distance, travel_s = self._matrices(vehicle, may)
                distances.append(distance)
                durations.append(travel_s)
            end_s = UNBOUNDED if may.all() else latest_s(self._problem)
            types.append(_vehicle_type(vehicle, matrices[key], end_s))
        return types, distances, durations

    def _matrices(self, vehicle: VehicleType, may: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
        profile = self._problem.profiles[vehicle.profile]
        grid = np.ix_(self._rows, self._rows)
        distance, travel_s = profile.distance[grid], profile.travel_s[grid]
        barred = np.flatnonzero(~may)
        if barred.size:
            # Longer than a shift that ends at the latest, so never feasible.
            far_s = 2 * latest_s(self._problem) + 1
            for matrix, far in ((distance, 2 * int(distance.max()) + 1), (travel_s, far_s)):
                matrix[barred, :] = far
                matrix[:, barred] = far
                np.fill_diagonal(matrix, 0)
        return distance, travel_s


def _vehicle_type(vehicle: VehicleType, profile: int, end_s: int) -> pyvrp.VehicleType:
    return pyvrp.VehicleType(
        num_available=vehicle.count,
        capacity=list(vehicle.capacity),
        start_depot=vehicle.start_depot,
        end_depot=vehicle.end_depot,
        fixed_cost=vehicle.fixed_cost,
        tw_early=vehicle.shift.opens_s,
        tw_late=min(_end(vehicle.shift), end_s),
        shift_duration=UNBOUNDED if vehicle.max_duration_s is None else vehicle.max_duration_s,
        max_distance=UNBOUNDED if vehicle.max_distance is None else vehicle.max_distance,
        unit_distance_cost=vehicle.cost_per_distance,
        unit_duration_cost=vehicle.cost_per_time,
        profile=profile,
    )


def _end(window: Window) -> int:
    return UNBOUNDED if window.closes_s >= NO_LIMIT else window.closes_s
