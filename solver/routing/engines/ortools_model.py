"""The problem in the terms of OR-Tools' routing library, and its solutions in ours."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.constraint_solver import pywrapcp

from solver.routing.engines.limits import latest_s, unserved_prize
from solver.routing.fleet import least_vehicles
from solver.routing.plan import Tour
from solver.routing.problem import NO_LIMIT
from solver.routing.visits import windows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from solver.routing.engines.base import Tours
    from solver.routing.problem import IntArray, Problem

SPARE_VEHICLES = 10  # offered beyond twice those needed; idle vehicles slow the search


class OrtoolsModel:
    """A problem as `pywrapcp.RoutingModel`.

    Nodes are our visits, then one node per depot in use. Every visit may be left out,
    required ones at a prize above any detour, so that a first solution always
    exists. All transits are registered matrices and vectors: a Python callback
    costs a factor of ten.
    """

    def __init__(self, problem: Problem, initial: Tours) -> None:
        visits = problem.visits
        self._problem = problem
        self.vehicles = _vehicles(problem, initial)
        types = [problem.vehicle_types[number] for number in self.vehicles]
        used = {depot for kind in types for depot in (kind.start_depot, kind.end_depot)}
        depots = sorted(used)  # any other would be a node to visit
        depot_node = {number: visits.count + at for at, number in enumerate(depots)}
        self._locations = np.array(
            [*visits.location.tolist(), *(problem.depots[number].location for number in depots)]
        )
        self._spread = len(depots)
        self.manager = pywrapcp.RoutingIndexManager(
            len(self._locations),
            len(types),
            [depot_node[vehicle.start_depot] for vehicle in types],
            [depot_node[vehicle.end_depot] for vehicle in types],
        )
        self.routing = pywrapcp.RoutingModel(self.manager)
        self._types = types
        self._registered: dict[tuple[int, str, int], int] = {}
        self._costs()
        self._loads()
        self._distances()
        self._times()
        self._pairs()
        self._presence()

    def tours(self, next_of: Callable[[int], int]) -> list[Tour]:
        """Return the tours of a solution given each index's successor."""
        tours = []
        for vehicle, number in enumerate(self.vehicles):
            index, sequence = next_of(self.routing.Start(vehicle)), []
            while not self.routing.IsEnd(index):
                sequence.append(self.manager.IndexToNode(index))
                index = next_of(index)
            if sequence:
                tours.append(Tour(number, tuple(sequence)))
        return tours

    def sequences(self, tours: Tours) -> list[list[int]]:
        """Return `tours` as one list of nodes per vehicle."""
        waiting: dict[int, list[Tour]] = {}
        for tour in tours:
            waiting.setdefault(tour.vehicle_type, []).append(tour)
        return [
            list(waiting[number].pop().visits) if waiting.get(number) else []
            for number in self.vehicles
        ]

    def _index(self, visit: int) -> int:
        index: int = self.manager.NodeToIndex(visit)
        return index

    def _transit(self, profile: int, name: str, factor: int = 1) -> int:
        """Return the registered matrix of a profile times `factor`, service added to times."""
        key = (profile, name, factor)
        if key not in self._registered:
            matrix: IntArray = getattr(self._problem.profiles[profile], name)
            legs = matrix[np.ix_(self._locations, self._locations)]
            if name == "travel_s":
                service_s = np.r_[self._problem.visits.service_s, [0] * self._spread]
                legs = legs + service_s[:, None]
            rows = (factor * legs).tolist()
            self._registered[key] = self.routing.RegisterTransitMatrix(rows)
        return self._registered[key]

    def _costs(self) -> None:
        for vehicle, kind in enumerate(self._types):
            transit = self._transit(kind.profile, "distance", kind.cost_per_distance)
            self.routing.SetArcCostEvaluatorOfVehicle(transit, vehicle)
            self.routing.SetFixedCostOfVehicle(kind.fixed_cost, vehicle)

    def _loads(self) -> None:
        """Add one dimension per load; two where goods go both ways.

        With both, the load on leaving the depot is free in the first dimension
        and must equal what the second says is delivered on the route.
        """
        visits = self._problem.visits
        for dim in range(self._problem.dimensions):
            capacity = [kind.capacity[dim] for kind in self._types]
            delivered, change = visits.from_depot[:, dim], visits.change[:, dim]
            mixed = delivered.any() and (change != -delivered).any()
            if not mixed:
                along = delivered if delivered.any() else change
                self._add_load(along, capacity, f"load{dim}", from_zero=True)
                continue
            self._add_load(change, capacity, f"load{dim}", from_zero=False)
            self._add_load(delivered, capacity, f"delivered{dim}", from_zero=True)
            load = self.routing.GetDimensionOrDie(f"load{dim}")
            total = self.routing.GetDimensionOrDie(f"delivered{dim}")
            for vehicle in range(len(self._types)):
                begin, end = self.routing.Start(vehicle), self.routing.End(vehicle)
                self.routing.solver().Add(load.CumulVar(begin) == total.CumulVar(end))

    def _add_load(
        self, along: IntArray, capacity: Sequence[int], name: str, *, from_zero: bool
    ) -> None:
        vector = [*along.tolist(), *([0] * self._spread)]
        transit = self.routing.RegisterUnaryTransitVector(vector)
        self.routing.AddDimensionWithVehicleCapacity(transit, 0, list(capacity), from_zero, name)

    def _distances(self) -> None:
        limits = [kind.max_distance for kind in self._types]
        if all(limit is None for limit in limits):
            return
        transits = [self._transit(kind.profile, "distance") for kind in self._types]
        self.routing.AddDimensionWithVehicleTransits(transits, 0, NO_LIMIT, True, "distance")
        dimension = self.routing.GetDimensionOrDie("distance")
        for vehicle, limit in enumerate(limits):
            if limit is not None:
                dimension.CumulVar(self.routing.End(vehicle)).SetMax(limit)

    def _times(self) -> None:
        if not self._is_timed():
            return
        horizon_s = latest_s(self._problem)
        transits = [self._transit(kind.profile, "travel_s") for kind in self._types]
        self.routing.AddDimensionWithVehicleTransits(transits, horizon_s, horizon_s, False, "time")
        clock = self.routing.GetDimensionOrDie("time")
        for visit, windows in enumerate(windows_of(self._problem)):
            begin = clock.CumulVar(self._index(visit))
            begin.SetRange(windows[0][0], min(windows[-1][1], horizon_s))
            for (_, closes_s), (opens_s, _) in pairwise(windows):
                begin.RemoveInterval(closes_s + 1, opens_s - 1)
        for vehicle, kind in enumerate(self._types):
            for index, number in (
                (self.routing.Start(vehicle), kind.start_depot),
                (self.routing.End(vehicle), kind.end_depot),
            ):
                depot = self._problem.depots[number].window
                opens_s = max(kind.shift.opens_s, depot.opens_s)
                closes_s = min(kind.shift.closes_s, depot.closes_s, horizon_s)
                clock.CumulVar(index).SetRange(opens_s, max(opens_s, closes_s))
            if kind.max_duration_s is not None:
                clock.SetSpanUpperBoundForVehicle(kind.max_duration_s, vehicle)
            if kind.cost_per_time:
                clock.SetSpanCostCoefficientForVehicle(kind.cost_per_time, vehicle)
        self._releases(clock)

    def _is_timed(self) -> bool:
        problem, visits = self._problem, self._problem.visits
        windows = (visits.closes_s < NO_LIMIT).any() or visits.opens_s.any()
        depots = any(d.window.closes_s < NO_LIMIT or d.window.opens_s for d in problem.depots)
        vehicles = any(
            kind.shift.closes_s < NO_LIMIT
            or kind.shift.opens_s
            or kind.max_duration_s is not None
            or kind.cost_per_time
            for kind in self._types
        )
        return bool(windows or visits.release_s.any() or depots or vehicles)

    def _releases(self, clock: Any) -> None:
        """Hold each vehicle until the goods of all its stops are there."""
        solver = self.routing.solver()
        release_s = self._problem.visits.release_s
        for visit in np.flatnonzero(release_s).tolist():
            which = self.routing.VehicleVar(self._index(visit))
            for vehicle in range(len(self._types)):
                leaves = clock.CumulVar(self.routing.Start(vehicle))
                here = solver.IsEqualCstVar(which, vehicle)
                solver.Add(leaves >= here * int(release_s[visit]))

    def _pairs(self) -> None:
        solver = self.routing.solver()
        clock = self.routing.GetDimensionOrDie("time") if self._is_timed() else None
        first = len(self._problem.stops)
        for number in range(len(self._problem.shipments)):
            pickup, delivery = self._index(first + 2 * number), self._index(first + 2 * number + 1)
            self.routing.AddPickupAndDelivery(pickup, delivery)
            solver.Add(self.routing.VehicleVar(pickup) == self.routing.VehicleVar(delivery))
            if clock is not None:
                solver.Add(clock.CumulVar(pickup) <= clock.CumulVar(delivery))
        if clock is None and self._problem.shipments:
            self._order()

    def _order(self) -> None:
        """Put pickups first by position along the route, where no clock does it."""
        self.routing.AddConstantDimension(1, len(self._locations) + 2, True, "order")
        order = self.routing.GetDimensionOrDie("order")
        first = len(self._problem.stops)
        for number in range(len(self._problem.shipments)):
            pickup, delivery = self._index(first + 2 * number), self._index(first + 2 * number + 1)
            self.routing.solver().Add(order.CumulVar(pickup) <= order.CumulVar(delivery))

    def _presence(self) -> None:
        visits = self._problem.visits
        must = unserved_prize(self._problem)
        first = len(self._problem.stops)
        for visit in range(visits.count):
            prize = must if visits.required[visit] else int(visits.prize[visit])
            if visit >= first and (visit - first) % 2:
                prize = 0  # a shipment's prize stands at its pickup
            self.routing.AddDisjunction([self._index(visit)], prize)
            if not visits.allowed[visit].all():
                able = [
                    v for v, number in enumerate(self.vehicles) if visits.allowed[visit, number]
                ]
                # `SetAllowedVehiclesForIndex` accepts no Python sequence in this version.
                self.routing.VehicleVar(self._index(visit)).SetValues([-1, *able])


def _vehicles(problem: Problem, initial: Tours) -> list[int]:
    """Return the type of each vehicle on offer."""
    used = Counter(tour.vehicle_type for tour in initial)
    needed = max(least_vehicles(problem) or 0, len(initial))
    offered = 2 * needed + SPARE_VEHICLES
    return [
        number
        for number, kind in enumerate(problem.vehicle_types)
        for _ in range(min(kind.count, max(used[number], min(offered, problem.visits.count))))
    ]
