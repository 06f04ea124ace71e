"""A route plan for each warehouse that has parcels for its own vehicles."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub_client.errors import FailedPreconditionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderhub_client.client import OrderHub
    from orderhub_client.run.progress import Progress

MAX_STOPS = 200
SERVICE_S = 240
AT_ONCE = 4
POLL_S = 0.25
SEED = 0
WAITING = frozenset({routing_v1.PLAN_STATE_QUEUED, routing_v1.PLAN_STATE_RUNNING})
TO_PLAN = frozenset({allocation_v1.SHIPMENT_STATE_ALLOCATED, allocation_v1.SHIPMENT_STATE_RELEASED})


@dataclass(frozen=True, slots=True)
class Day:
    """What one plan is made for.

    Attributes
    ----------
    context
        What else the plan depends on: the scenario's digest.
    """

    warehouse_id: str
    date: str
    shipment_ids: tuple[str, ...]
    context: str = ""

    def request_id(self, budget_s: int) -> str:
        """Return the same id for the same shipments: the hub then gives the same plan."""
        asked = (self.context, self.warehouse_id, self.date, str(budget_s))
        said = "\n".join((*asked, *sorted(self.shipment_ids)))
        return f"plan:{hashlib.sha256(said.encode()).hexdigest()[:40]}"


def own_fleet_days(
    hub: OrderHub, warehouse_ids: Sequence[str], date: str, context: str = ""
) -> list[Day]:
    """Return a day for each warehouse that has own-fleet shipments still to leave."""
    days = []
    for warehouse_id in warehouse_ids:
        request = allocation_v1.ListShipmentsRequest(
            warehouse_id=warehouse_id, mode=allocation_v1.SHIPMENT_MODE_OWN_FLEET
        )
        shipments = hub.pages(hub.allocation.ListShipments, request, "shipments")
        ids = tuple(s.shipment_id for s in shipments if s.state in TO_PLAN)
        if ids:
            days.append(Day(warehouse_id, date, ids, context))
    return days


def plan_days(
    hub: OrderHub, days: Sequence[Day], *, budget_s: int, patience_s: float, progress: Progress
) -> list[routing_v1.RoutePlan]:
    """Return a plan at rest for each day; a day the hub finds nothing to plan in has none.

    Plans are created a few at a time; the hub works on as many together as it has workers.
    """
    progress.planned(0, len(days))
    plans: list[routing_v1.RoutePlan] = []
    queue_s = budget_s * len(days)  # with one worker, the last one waits for all others

    def made(day: Day) -> routing_v1.RoutePlan | None:
        return _planned(hub, day, budget_s=budget_s, patience_s=patience_s + queue_s)

    with ThreadPoolExecutor(AT_ONCE, "plan") as pool, hub.closed_on_interrupt():
        for done, plan in enumerate(pool.map(made, days), start=1):
            if plan is not None:
                plans.append(plan)
            progress.planned(done, len(days))
    return plans


def _planned(
    hub: OrderHub, day: Day, *, budget_s: int, patience_s: float
) -> routing_v1.RoutePlan | None:
    request = routing_v1.CreatePlanRequest(
        request_id=day.request_id(budget_s),
        warehouse_day=routing_v1.WarehouseDay(
            warehouse_id=day.warehouse_id,
            date=day.date,
            max_stops=MAX_STOPS,
            service_s=SERVICE_S,
        ),
        search=routing_v1.SearchOptions(budget_s=budget_s, seed=SEED),
    )
    try:
        plan = hub.call(hub.routing.CreatePlan, request, patience_s=patience_s).plan
    except FailedPreconditionError:
        return None
    return wait_for_plan(hub, plan, patience_s=patience_s)


def wait_for_plan(
    hub: OrderHub, plan: routing_v1.RoutePlan, *, patience_s: float
) -> routing_v1.RoutePlan:
    """Return the plan once it is at rest, or as it stands after `patience_s`."""
    end = time.monotonic() + patience_s
    while plan.state in WAITING and time.monotonic() < end:
        time.sleep(POLL_S)
        request = routing_v1.GetPlanRequest(plan_id=plan.plan_id)
        plan = hub.call(hub.routing.GetPlan, request, patience_s=patience_s).plan
    return plan
