"""One plan's search, as a job of the worker pool. Imported by the worker process only to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from services.fulfilment.routing import convert
from solver.routing.solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from solver.routing.plan import Plan

DEFAULT_BUDGET_S = 10


def warm() -> None:
    """Load what every search needs; importing the solver takes a second."""
    import solver.routing.engines.registry  # noqa: F401, PLC0415 - for its effect, in the worker


@dataclass(frozen=True, slots=True)
class SearchJob:
    """What the worker is told.

    Attributes
    ----------
    problem, options
        Serialised `RouteProblem`, already validated, and `SearchOptions`.
    budget_s
        Seconds to search, at most.
    so_far
        Serialised `RoutePlan` to go on from; one without routes: from nothing.
    of_shipments
        The stops are a warehouse's shipments and bear their ids.
    """

    problem: bytes
    options: bytes
    budget_s: float
    so_far: bytes
    of_shipments: bool


def search(report: Callable[[bytes], None], job: SearchJob) -> bytes:
    """Report each better plan and return the best, as a serialised `RoutePlan`."""
    message = routing_v1.RouteProblem.FromString(job.problem)
    wanted = routing_v1.SearchOptions.FromString(job.options)
    solved = convert.problem_from_pb(message)
    kept = routing_v1.RoutePlan.FromString(job.so_far)

    def to_bytes(plan: Plan) -> bytes:
        found = convert.plan_to_pb(plan, solved, message, of_shipments=job.of_shipments)
        return found.SerializeToString()

    plan = solve(
        solved.problem,
        budget_s=job.budget_s,
        seed=wanted.seed,
        engine=wanted.engine or "auto",
        on_improvement=lambda _, better: report(to_bytes(better)),
        initial=convert.tours_from_pb(kept, message),
    )
    return to_bytes(plan)
