"""The day, played on a real hub: submitted in the order of arrival, paid late, planned."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orderhub.common.v1 import money_pb2 as money_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub_client.demo import fresh, home
from orderhub_client.demo.judged import Seen
from orderhub_client.run.plans import wait_for_plan
from orderhub_client.run.settle import wait_until_at_rest
from orderhub_client.scenario.put import put_scenario

if TYPE_CHECKING:
    from orderhub_client.client import OrderHub
    from orderhub_client.demo.day import PlayedDay
    from orderhub_client.run.progress import Progress

BATCH = 100
PATIENCE_S = 60.0
PLAN_SECONDS = 10


@dataclass
class Played:
    """What came of the day.

    Attributes
    ----------
    outcomes
        Answers to an order's deliveries, by the channel's order id.
    numbers
        The hub's order number, by the channel's order id.
    seconds
        From the first submit until every order rested, late payments apart.
    """

    outcomes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reasons: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    numbers: dict[str, str] = field(default_factory=dict)
    holds: list[record_v1.Hold] = field(default_factory=list)
    backordered: list[record_v1.OrderRecord] = field(default_factory=list)
    counts: intake_v1.CountOrdersResponse = field(default_factory=intake_v1.CountOrdersResponse)
    plan: routing_v1.RoutePlan = field(default_factory=routing_v1.RoutePlan)
    seconds: float = 0.0
    paid_late: int = 0

    def seen(self) -> dict[str, Seen]:
        """Return what the hub did with each order of the channel."""
        return {
            order_id: Seen(tuple(outcomes), frozenset(self.reasons[order_id]))
            for order_id, outcomes in self.outcomes.items()
        }


def play(hub: OrderHub, day: PlayedDay, seed: int, progress: Progress) -> Played:
    """Play `day` on an empty hub and return what came of it."""
    played = Played()
    progress.stage("scenario")
    put_scenario(hub, home.scenario(day, seed), patience_s=PATIENCE_S)
    progress.stage("orders")
    begun = time.monotonic()
    _submit(hub, day, played, progress)
    wait_until_at_rest(hub, home.CHANNEL, patience_s=PATIENCE_S, progress=progress)
    played.seconds = time.monotonic() - begun
    _pay_late(hub, day, played)
    progress.stage("routes")
    played.plan = _plan(hub, seed, progress)
    played.counts = wait_until_at_rest(hub, home.CHANNEL, patience_s=PATIENCE_S, progress=progress)
    _look(hub, played)
    return played


def _submit(hub: OrderHub, day: PlayedDay, played: Played, progress: Progress) -> None:
    for begin in range(0, len(day.sent), BATCH):
        part = day.sent[begin : begin + BATCH]
        payloads = [
            (sent.delivery_id, json.dumps(sent.payload, ensure_ascii=False).encode())
            for sent in part
        ]
        results = hub.submit_payloads(home.CHANNEL, payloads)
        for sent, result in zip(part, results, strict=True):
            order_id = sent.payload["external_order_id"]
            outcome = intake_v1.SubmitOutcome.Name(result.outcome)
            played.outcomes[order_id].append(outcome.removeprefix("SUBMIT_OUTCOME_"))
            if result.order_number:
                played.numbers[order_id] = result.order_number
            if result.reason and result.outcome == intake_v1.SUBMIT_OUTCOME_QUARANTINED:
                played.reasons[order_id].add(result.reason)
        progress.submitted(begin + len(part), len(day.sent))


def _pay_late(hub: OrderHub, day: PlayedDay, played: Played) -> None:
    """Pay what buyers pay late; an order that was held or rejected meanwhile is paid as well."""
    for order_id in day.late_payments:
        number = played.numbers.get(order_id)
        if number is None:
            continue
        record = hub.get_order(number)
        if record.lifecycle != record_v1.LIFECYCLE_OPEN:
            continue
        due = record.order.total_minor - record.order.payment.paid_minor
        if due <= 0:
            continue
        hub.call(
            hub.intake.RecordPayment,
            intake_v1.RecordPaymentRequest(
                request_id=f"late:{order_id}",
                order_number=number,
                amount=money_v1.Money(currency="CNY", amount_minor=due),
            ),
        )
        played.paid_late += 1


def _plan(hub: OrderHub, seed: int, progress: Progress) -> routing_v1.RoutePlan:
    progress.planned(0, 1)
    request = routing_v1.CreatePlanRequest(
        request_id=f"fresh:{seed}",
        problem=fresh.problem(seed),
        search=routing_v1.SearchOptions(budget_s=PLAN_SECONDS, seed=seed),
    )
    plan = hub.call(hub.routing.CreatePlan, request).plan
    plan = wait_for_plan(hub, plan, patience_s=PATIENCE_S)
    progress.planned(1, 1)
    return plan


def _look(hub: OrderHub, played: Played) -> None:
    """Read why orders stopped."""
    of_number = {number: order_id for order_id, number in played.numbers.items()}
    for state in (
        record_v1.HOLD_STATE_OPEN,
        record_v1.HOLD_STATE_OBSOLETE,
        record_v1.HOLD_STATE_REJECTED,
    ):
        request = intake_v1.ListHoldsRequest(state=state)
        for hold in hub.pages(hub.intake.ListHolds, request, "holds"):
            played.holds.append(hold)
            if hold.order_number in of_number:
                played.reasons[of_number[hold.order_number]].add(hold.reason)
    wanted = intake_v1.ListOrdersRequest(
        channel=home.CHANNEL, states=[record_v1.ORDER_STATE_BACKORDERED]
    )
    played.backordered += hub.pages(hub.intake.ListOrders, wanted, "records")


def story_of(
    hub: OrderHub, order_number: str
) -> tuple[record_v1.OrderRecord, allocation_v1.ExplainAllocationResponse | None]:
    """Return an order and why its warehouse was chosen."""
    record = hub.get_order(order_number)
    if not record.HasField("allocation"):
        return record, None
    request = allocation_v1.ExplainAllocationRequest(order_number=order_number)
    return record, hub.call(hub.allocation.ExplainAllocation, request)
