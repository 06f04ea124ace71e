"""Stops and shipment ends seen as one numbered list of visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solver.routing.problem import IntArray, Problem, Shipment, ShipmentEnd, Stop


@dataclass(frozen=True, eq=False)
class Visits:
    """The v visits of a problem: its s stops, then pickup and delivery of each shipment.

    Visit `i < s` is stop `i`; shipment `k` is picked up at `s + 2k` and
    delivered at `s + 2k + 1`.

    Attributes
    ----------
    location, service_s, release_s
        Shape `(v,)`.
    opens_s, closes_s
        First opening and last closing over a visit's windows, shape `(v,)`.
    from_depot, to_depot
        Load on board since the start depot and until the end depot, shape
        `(v, dimensions)`; zero for shipment ends.
    change
        What the visit adds to the load on board, shape `(v, dimensions)`.
    partner
        The other end of a visit's shipment, -1 for a stop, shape `(v,)`.
    required, prize
        Shape `(v,)`; a shipment's prize stands at its pickup.
    allowed
        Whether a vehicle type may serve the visit, shape `(v, vehicle types)`.
    """

    location: IntArray
    service_s: IntArray
    release_s: IntArray
    opens_s: IntArray
    closes_s: IntArray
    from_depot: IntArray
    to_depot: IntArray
    change: IntArray
    partner: IntArray
    required: np.ndarray[tuple[int], np.dtype[np.bool_]]
    prize: IntArray
    allowed: np.ndarray[tuple[int, int], np.dtype[np.bool_]]

    @property
    def count(self) -> int:
        """Return the number of visits."""
        return len(self.location)

    @classmethod
    def of(cls, problem: Problem) -> Visits:
        """Return the visits of `problem`."""
        stops, shipments, dims = problem.stops, problem.shipments, problem.dimensions
        ends = [end for shipment in shipments for end in (shipment.pickup, shipment.delivery)]
        places: list[Stop | ShipmentEnd] = [*stops, *ends]
        from_depot = _loads([s.delivery for s in stops] + [()] * len(ends), dims)
        to_depot = _loads([s.pickup for s in stops] + [()] * len(ends), dims)
        change = to_depot - from_depot
        first = len(stops)
        loads = _loads([shipment.load for shipment in shipments], dims)
        change[first::2] = loads
        change[first + 1 :: 2] = -loads
        partner = np.full(len(places), -1, dtype=np.int64)
        partner[first::2] = np.arange(first + 1, len(places), 2)
        partner[first + 1 :: 2] = np.arange(first, len(places), 2)
        owners: list[Stop | Shipment] = [*stops]
        for shipment in shipments:
            owners += [shipment, shipment]
        prize = np.array([owner.prize for owner in owners], dtype=np.int64)
        prize[first + 1 :: 2] = 0
        return cls(
            location=_ints([p.location for p in places]),
            service_s=_ints([p.service_s for p in places]),
            release_s=_ints([s.release_s for s in stops] + [0] * len(ends)),
            opens_s=_ints([p.windows[0].opens_s for p in places]),
            closes_s=_ints([p.windows[-1].closes_s for p in places]),
            from_depot=from_depot,
            to_depot=to_depot,
            change=change,
            partner=partner,
            required=np.array([owner.required for owner in owners], dtype=np.bool_),
            prize=prize,
            allowed=_allowed(owners, problem),
        )


def windows_of(problem: Problem) -> list[tuple[tuple[int, int], ...]]:
    """Return each visit's windows as `(opens_s, closes_s)` pairs."""
    windows = [stop.windows for stop in problem.stops]
    for shipment in problem.shipments:
        windows += [shipment.pickup.windows, shipment.delivery.windows]
    return [tuple((w.opens_s, w.closes_s) for w in each) for each in windows]


def _ints(values: Sequence[int]) -> IntArray:
    return np.array(values, dtype=np.int64)


def _loads(rows: Sequence[tuple[int, ...]], dims: int) -> IntArray:
    loads = np.zeros((len(rows), dims), dtype=np.int64)
    for row, values in enumerate(rows):
        if values:
            loads[row] = values
    return loads


def _allowed(
    owners: Sequence[Stop | Shipment], problem: Problem
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    allowed = np.ones((len(owners), len(problem.vehicle_types)), dtype=np.bool_)
    for row, owner in enumerate(owners):
        if owner.allowed_types is None and not owner.skills:
            continue
        for column, vehicle in enumerate(problem.vehicle_types):
            named = owner.allowed_types is None or column in owner.allowed_types
            allowed[row, column] = named and owner.skills <= vehicle.skills
    return allowed


def ids_of(problem: Problem) -> list[str]:
    """Return each visit's name, made from its shipment's where it has none of its own."""
    ids = [stop.id for stop in problem.stops]
    for shipment in problem.shipments:
        ids.append(shipment.pickup.id or f"{shipment.id}:pickup")
        ids.append(shipment.delivery.id or f"{shipment.id}:delivery")
    return ids
