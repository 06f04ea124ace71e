"""What a run came to, in figures that add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub_client.plain import enum_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderhub_client.run.submit import Submitted


@dataclass(frozen=True, slots=True)
class Allocation:
    """Costs of all allocations of the channel, in minor units of its tariffs' currency."""

    cost_minor: int = 0
    nearest_cost_minor: int = 0
    unfilled_lines: int = 0


@dataclass(frozen=True, slots=True)
class Routes:
    """The route plans together; `seconds` from the first asked for to the last at rest."""

    plans: int = 0
    stops_planned: int = 0
    stops_unserved: int = 0
    distance_m: int = 0
    seconds: float = 0.0
    by_warehouse: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in figures.

    `orders_in = accepted + updated + duplicates + quarantined`: payloads the hub took in. Those it
    would not take at all are in `refused` and not in `orders_in`.

    Attributes
    ----------
    by_state, by_reason, events, allocation
        Of all orders of the channel in the hub, earlier runs' included.
    seconds
        From the first submit to the last order at rest.
    orders_per_s
        `accepted / seconds`; `None` where nothing was accepted.
    """

    source: str
    orders_in: int
    accepted: int
    updated: int
    duplicates: int
    quarantined: int
    refused: int
    by_state: dict[str, int]
    by_reason: dict[str, int]
    events: int
    seconds: float
    orders_per_s: float | None
    allocation: Allocation
    routes: Routes
    scenario: dict[str, object] | None = None
    quarantined_by_reason: dict[str, int] = field(default_factory=dict)


def summarise(
    source: str,
    submitted: Submitted,
    *,
    counts: intake_v1.CountOrdersResponse,
    seconds: float,
    routes: Routes,
    scenario: dict[str, object] | None,
) -> Summary:
    """Return the figures of a run."""
    outcomes = submitted.outcomes
    accepted = outcomes[intake_v1.SUBMIT_OUTCOME_ACCEPTED]
    refused = outcomes[intake_v1.SUBMIT_OUTCOME_REFUSED]
    return Summary(
        source=source,
        orders_in=submitted.answered - refused,
        accepted=accepted,
        updated=outcomes[intake_v1.SUBMIT_OUTCOME_UPDATED],
        duplicates=outcomes[intake_v1.SUBMIT_OUTCOME_DUPLICATE],
        quarantined=outcomes[intake_v1.SUBMIT_OUTCOME_QUARANTINED],
        refused=refused,
        by_state={
            enum_name(record_v1.OrderState.DESCRIPTOR, entry.state): entry.orders
            for entry in counts.by_state
        },
        by_reason={entry.reason: entry.count for entry in counts.by_reason},
        events=counts.events,
        seconds=round(seconds, 3),
        orders_per_s=round(accepted / seconds, 1) if accepted and seconds > 0 else None,
        allocation=Allocation(
            counts.allocation_cost_minor, counts.nearest_cost_minor, counts.unfilled_lines
        ),
        routes=routes,
        scenario=scenario,
        quarantined_by_reason=dict(sorted(submitted.reasons.items())),
    )


def routes_of(plans: Sequence[routing_v1.RoutePlan], seconds: float) -> Routes:
    """Return the plans' figures together."""
    return Routes(
        plans=len(plans),
        stops_planned=sum(_planned_stops(plan) for plan in plans),
        stops_unserved=sum(len(plan.unserved) for plan in plans),
        distance_m=sum(plan.distance_m for plan in plans),
        seconds=round(seconds, 3),
        by_warehouse=tuple(_of_plan(plan) for plan in plans),
    )


def _planned_stops(plan: routing_v1.RoutePlan) -> int:
    return sum(len(route.stops) for route in plan.routes)


def _of_plan(plan: routing_v1.RoutePlan) -> dict[str, Any]:
    return {
        "plan_id": plan.plan_id,
        "warehouse_id": plan.warehouse_id,
        "date": plan.date,
        "state": enum_name(routing_v1.PlanState.DESCRIPTOR, plan.state),
        "routes": len(plan.routes),
        "stops_planned": _planned_stops(plan),
        "stops_unserved": len(plan.unserved),
        "distance_m": plan.distance_m,
        "cost": plan.cost,
        "lower_bound": plan.lower_bound,
        "bound_kind": plan.bound_kind,
        "gap_bp": plan.gap_bp,
        "checked": plan.checked,
    }
