"""A benchmark file as a problem, with the way back to its own numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solver.routing.plan import Plan
    from solver.routing.problem import Problem
    from solver.routing.readers.conventions import Distance


@dataclass(frozen=True, eq=False)
class Instance:
    """A file that has been read.

    Attributes
    ----------
    format
        `solomon`, `vrplib` or `li-lim`.
    distance
        The convention behind every integer of `problem`.
    visit_numbers, depot_numbers
        The file's own node number of each visit and each depot.
    """

    name: str
    format: str
    problem: Problem
    distance: Distance
    visit_numbers: tuple[int, ...]
    depot_numbers: tuple[int, ...]

    def answer(self, plan: Plan) -> dict[str, list[dict[str, object]]]:
        """Return `plan` in the file's node numbers, as `--out` writes it."""
        routes: list[dict[str, object]] = [
            {
                "depot": self.depot_numbers[
                    self.problem.vehicle_types[route.vehicle_type].start_depot
                ],
                "stops": [self.visit_numbers[visit.visit] for visit in route.visits],
            }
            for route in plan.routes
        ]
        return {"routes": routes}
