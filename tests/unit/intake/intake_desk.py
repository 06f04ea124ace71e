"""Intake as its callers see it, without a wire between; and orders to send it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services.intake.intake import Intake, open_intake
from services.intake.mapped import (
    CancelledLine,
    LocalizedText,
    MappedCancellation,
    MappedOrder,
    Unmappable,
)
from services.intake.servicer import IntakeServicer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services._kit.clock import ManualClock
    from services._kit.config import Config

PLACED = datetime.fromisoformat("2026-03-01T03:00:00+00:00")


def an_order(external_id: str = "A1", /, **given: Any) -> order_v1.Order:
    """Return a decent paid order of two lines; `given` sets fields, `skus` its lines."""
    skus = given.pop("skus", {"SKU-1": 2, "SKU-2": 1})
    modified_s = given.pop("modified_s", None)
    paid = given.pop("paid", True)
    price = given.pop("price", 500)
    order = order_v1.Order(
        channel="shop", external_order_id=external_id, currency="CNY", customer_id="buyer-7"
    )
    order.placed_at.FromDatetime(PLACED)
    for sku, quantity in skus.items():
        order.lines.add(sku=sku, quantity=quantity, unit_price_minor=price)
        order.total_minor += quantity * price
    order.payment.mode = order_v1.PAYMENT_MODE_PREPAID
    order.payment.paid_minor = order.total_minor if paid else 0
    order.recipient.name, order.recipient.phone = "王小明", "13800138000"
    order.recipient.street = "南京西路 1 号"
    order.destination.province = "上海市"
    for name, value in given.items():
        setattr(order, name, value)
    if modified_s is not None:
        order.modified_at.FromDatetime(PLACED + timedelta(seconds=modified_s))
    return order


def verdict(
    kind: int = decision_v1.VERDICT_PASS, *rules: str, waived: Sequence[str] = ()
) -> decision_v1.Decision:
    """Return a decision, with a finding for each of `rules`."""
    decision = decision_v1.Decision(decision_id="D", verdict=kind, rulebook_hash="book")
    for rule in rules:
        finding = decision.findings.add(
            rule_id=rule,
            reason=f"WHY_{rule}",
            verdict=kind if rule not in waived else decision_v1.VERDICT_REVIEW,
            severity=decision_v1.SEVERITY_HIGH,
            queue="risk-review",
            owner="risk-cn",
            waived=rule in waived,
        )
        finding.message.zh, finding.message.en = "原因", "because"
    return decision


def allocated(
    claimed: intake_v1.ClaimedOrder,
    *,
    shipped: bool = True,
    leased_until: datetime | None = None,
    unfilled: Sequence[int] = (),
) -> allocation_v1.OrderAllocation:
    """Return stock for every line but `unfilled`; parcels unless it is only kept."""
    order = claimed.order
    filled = [line for line in order.lines if line.line_no not in unfilled]
    status = allocation_v1.ALLOCATION_STATUS_FULL
    if unfilled:
        status = allocation_v1.ALLOCATION_STATUS_PARTIAL
    if not filled:
        status = allocation_v1.ALLOCATION_STATUS_NONE
    answer = allocation_v1.OrderAllocation(
        order_number=order.order_number,
        revision=order.revision,
        status=status,
        warehouse_ids=["W1"] if filled else [],
        nearest_cost_minor=120,
    )
    answer.cost.currency, answer.cost.amount_minor = "CNY", 100
    answer.terms.add(name="parcel", amount_minor=100)
    for line in order.lines:
        if line.line_no in unfilled:
            answer.unfilled.add(
                line_no=line.line_no,
                sku=line.sku,
                quantity=line.quantity,
                reason=allocation_v1.UNFILLED_REASON_OUT_OF_STOCK,
            )
    if leased_until is not None:
        answer.leased = True
        answer.lease_ends_at.FromDatetime(leased_until)
    if shipped and filled:
        answer.shipments.add(
            shipment_id=f"{order.order_number}-{order.revision}",
            warehouse_id="W1",
            state=allocation_v1.SHIPMENT_STATE_ALLOCATED,
        )
    return answer


def outcome(
    claimed: intake_v1.ClaimedOrder,
    decision: decision_v1.Decision | None = None,
    allocation: allocation_v1.OrderAllocation | None = None,
    **given: Any,
) -> intake_v1.OrderOutcome:
    """Return what became of a claimed order: passed and allocated, unless something is given."""
    if decision is None and allocation is None and not given:
        decision, allocation = verdict(), allocated(claimed)
    return intake_v1.OrderOutcome(
        order_number=claimed.order.order_number,
        revision=claimed.order.revision,
        decision=decision,
        allocation=allocation,
        **given,
    )


@dataclasses.dataclass(frozen=True)
class JsonMapping:
    """A channel whose payloads say in plain words what they are to be taken for."""

    name: str = "plain"
    facts: tuple[str, ...] = ()

    def map(
        self, body: bytes, shop: str, sku_of: Callable[[str], str | None]
    ) -> MappedOrder | MappedCancellation | Unmappable:
        said = json.loads(body)
        if said["kind"] == "bad":
            return Unmappable(
                "UNKNOWN_SKU",
                "sku",
                LocalizedText(f"未知 {said.get('sku', '')}", f"unknown {said.get('sku', '')}"),
                shop,
                said["id"],
            )
        if said["kind"] == "cancel":
            return MappedCancellation(
                shop=shop or "default",
                external_id=said["id"],
                customer_id=said.get("customer", "buyer-7"),
                occurred_at=PLACED + timedelta(days=1),
                currency="CNY",
                lines=tuple(CancelledLine(*line) for line in said["lines"]),
            )
        skus = {sku_of(sku) or sku: quantity for sku, quantity in said["skus"].items()}
        order = an_order(said["id"], skus=skus, shop=shop)
        order.placed_at.FromDatetime(PLACED + timedelta(minutes=said.get("minute", 0)))
        return MappedOrder(order)


class Desk:
    """A running intake and the calls tests make of it."""

    def __init__(self, intake: Intake, clock: ManualClock) -> None:
        self.intake = intake
        self.clock = clock
        self.call = IntakeServicer(intake)
        self._requests = 0

    @classmethod
    async def open(cls, config: Config, clock: ManualClock) -> Self:
        """Start intake with one plain channel; its timers are stopped."""
        mapping = JsonMapping()
        intake = await open_intake(config, {mapping.name: mapping}, clock)
        await asyncio.gather(*(timer.close() for timer in intake.timers))
        return cls(intake, clock)

    async def close(self) -> None:
        """Stop as a server would."""
        await self.intake.drain()
        await self.intake.close()

    def request_id(self) -> str:
        """Return an id never used before."""
        self._requests += 1
        return f"request-{self._requests}"

    async def submit(self, order: order_v1.Order, request_id: str = "") -> intake_v1.SubmitResult:
        """Submit one order."""
        copy = order_v1.Order.FromString(order.SerializeToString())  # intake uses it up
        request = intake_v1.SubmitOrderRequest(
            request_id=request_id or self.request_id(), order=copy
        )
        return (await self.call.SubmitOrder(request, None)).result

    async def submit_all(self, *orders: order_v1.Order) -> list[intake_v1.SubmitResult]:
        """Submit orders in one call."""
        request = intake_v1.SubmitOrdersRequest(
            orders=[
                intake_v1.OrderToSubmit(request_id=self.request_id(), order=order)
                for order in orders
            ]
        )
        return list((await self.call.SubmitOrders(request, None)).results)

    async def accepted(self, order: order_v1.Order | None = None) -> str:
        """Submit an order that must be taken in; return its number."""
        result = await self.submit(order or an_order())
        assert result.outcome == intake_v1.SUBMIT_OUTCOME_ACCEPTED
        return result.order_number

    async def send(self, *payloads: dict[str, Any], request_ids: Sequence[str] = ()) -> Any:
        """Submit payloads of the plain channel; return the results."""
        ids = list(request_ids) or [""] * len(payloads)
        request = intake_v1.SubmitPayloadsRequest(
            channel="plain",
            payloads=[
                intake_v1.ChannelPayload(request_id=request_id, body=json.dumps(p).encode())
                for request_id, p in zip(ids, payloads, strict=True)
            ],
        )
        return (await self.call.SubmitPayloads(request, None)).results

    async def record(self, number: str) -> record_v1.OrderRecord:
        """Return an order as it stands."""
        return (
            await self.call.GetOrder(intake_v1.GetOrderRequest(order_number=number), None)
        ).record

    async def claim(self, batch_id: str = "B1", **limits: Any) -> intake_v1.ClaimOrdersResponse:
        """Ask for work, without waiting."""
        request = intake_v1.ClaimOrdersRequest(batch_id=batch_id, **limits)
        return await self.call.ClaimOrders(request, None)

    async def finish(self, batch_id: str, *outcomes: intake_v1.OrderOutcome) -> list[int]:
        """Write outcomes down; return how each was taken."""
        request = intake_v1.FinishBatchRequest(batch_id=batch_id, outcomes=outcomes)
        return list((await self.call.FinishBatch(request, None)).results)

    async def work(
        self, make: Callable[[intake_v1.ClaimedOrder], intake_v1.OrderOutcome] = outcome
    ) -> list[intake_v1.ClaimedOrder]:
        """Claim once, and finish with what `make` says of each."""
        batch_id = self.request_id()
        claimed = await self.claim(batch_id)
        if claimed.orders:
            results = await self.finish(claimed.batch_id, *(make(c) for c in claimed.orders))
            assert set(results) <= {intake_v1.FINISH_RESULT_APPLIED}
        return list(claimed.orders)

    async def events(self, number: str) -> list[Any]:
        """Return every event of an order."""
        request = intake_v1.ListOrderEventsRequest(order_number=number, page_size=500)
        return list((await self.call.ListOrderEvents(request, None)).events)

    async def count(self) -> intake_v1.CountOrdersResponse:
        """Return the counts."""
        return await self.call.CountOrders(intake_v1.CountOrdersRequest(), None)


def folded(events: Sequence[Any]) -> dict[str, str]:
    """Return the last value of each dimension; each step must begin where the last ended."""
    values: dict[str, str] = {}
    for position, event in enumerate(events, 1):
        assert event.sequence == position
        for step in event.transitions:
            unset = "NONE" if step.dimension == "work" else ""
            assert getattr(step, "from") == values.get(step.dimension, unset), step
            values[step.dimension] = step.to
    return values


def shown(record: record_v1.OrderRecord, told: dict[str, str]) -> dict[str, str]:
    """Return a record's dimensions in the words of its events; a count told may be 0 again."""
    counted = {int(name.split("/")[1]) for name in told if name.startswith("line/")}

    def word(kind: Any, value: int, prefix: str) -> str:
        return kind.Name(value).removeprefix(prefix)

    work = word(record_v1.Work, record.work, "WORK_")
    values = {
        "lifecycle": word(record_v1.Lifecycle, record.lifecycle, "LIFECYCLE_"),
        "payment": word(record_v1.PaymentState, record.payment_state, "PAYMENT_STATE_"),
        "stock": word(record_v1.StockState, record.stock_state, "STOCK_STATE_"),
        "work": "NONE" if work == "UNSPECIFIED" else work,
        "revision": str(record.order.revision),
        "content_revision": str(record.order.content_revision),
    }
    for hold in record.holds:
        values[f"hold/{hold.hold_id}"] = word(record_v1.HoldState, hold.state, "HOLD_STATE_")
    for line in record.progress:
        if line.cancelled or line.line_no in counted:
            values[f"line/{line.line_no}/cancelled"] = str(line.cancelled)
    for parcel in record.allocation.shipments:
        values[f"shipment/{parcel.shipment_id}"] = word(
            allocation_v1.ShipmentState, parcel.state, "SHIPMENT_STATE_"
        )
    return values


def agrees(record: record_v1.OrderRecord, events: Sequence[Any]) -> None:
    """Check that the events, folded, give the row; parcels of earlier allocations are cancelled."""
    told = folded(events)
    now = shown(record, told)
    earlier = {name for name in told if name.startswith("shipment/")} - now.keys()
    assert {told.pop(name) for name in earlier} <= {"CANCELLED"}
    assert told == now
    assert record.event_count == len(events)
