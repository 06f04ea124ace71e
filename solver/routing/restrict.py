"""A problem without some of its visits, and the way back to their numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from solver.routing.plan import Tour

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from solver.routing.problem import Problem


@dataclass(frozen=True)
class Restriction:
    """`problem` holds some of another problem's visits; `numbers` are theirs there."""

    problem: Problem
    numbers: tuple[int, ...]

    @classmethod
    def without(cls, problem: Problem, dropped: Collection[int]) -> Restriction:
        """Return `problem` without the visits in `dropped` (both ends of a shipment)."""
        first = len(problem.stops)
        kept = tuple(visit for visit in range(problem.visits.count) if visit not in dropped)
        if len(kept) == problem.visits.count:
            return cls(problem, kept)
        smaller = replace(
            problem,
            stops=[stop for visit, stop in enumerate(problem.stops) if visit not in dropped],
            shipments=[
                shipment
                for number, shipment in enumerate(problem.shipments)
                if first + 2 * number not in dropped
            ],
        )
        return cls(smaller, kept)

    def widen(self, tours: Iterable[Tour]) -> list[Tour]:
        """Return tours of the smaller problem in the larger one's numbers."""
        return [Tour(t.vehicle_type, tuple(self.numbers[v] for v in t.visits)) for t in tours]

    def narrow(self, tours: Iterable[Tour]) -> list[Tour]:
        """Return tours of the larger problem in the smaller one's numbers, without the dropped."""
        place = {number: visit for visit, number in enumerate(self.numbers)}
        kept = [
            Tour(t.vehicle_type, tuple(place[v] for v in t.visits if v in place)) for t in tours
        ]
        return [tour for tour in kept if tour.visits]
