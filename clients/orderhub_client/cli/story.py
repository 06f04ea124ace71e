"""An order's whole story: what it is, what was decided and why, and everything that happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from orderhub_client.cli import output
from orderhub_client.cli.events import changed
from orderhub_client.cli.language import said
from orderhub_client.cli.values import kilometres, moment, money, named
from orderhub_client.errors import NotFoundError
from orderhub_client.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orderhub.common.v1 import event_pb2 as event_v1
    from orderhub.common.v1 import money_pb2 as money_v1
    from orderhub_client.client import OrderHub


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the hub knows of an order; `explanation` is `None` before an allocation."""

    record: record_v1.OrderRecord
    events: list[event_v1.Event]
    explanation: allocation_v1.ExplainAllocationResponse | None
    shipments: list[allocation_v1.Shipment]


def read_story(hub: OrderHub, record: record_v1.OrderRecord) -> Story:
    """Ask intake for the events and fulfilment for the reasons and the shipments."""
    number = record.order.order_number
    shipments = allocation_v1.ListShipmentsRequest(order_number=number)
    return Story(
        record,
        list(hub.events(number)),
        _explanation(hub, number),
        list(hub.pages(hub.allocation.ListShipments, shipments, "shipments")),
    )


def story_as_json(story: Story) -> dict[str, Any]:
    """Return the story as plain values."""
    return {
        "record": plain(story.record),
        "events": [plain(event) for event in story.events],
        "allocation": plain(story.explanation) if story.explanation else None,
        "shipments": [plain(shipment) for shipment in story.shipments],
    }


def print_story(story: Story) -> None:
    """Print the story for people."""
    record = story.record
    _print_head(record)
    _section("Lines")
    _print_lines(record)
    if record.HasField("decision"):
        _section("Decision")
        _print_decision(record.decision)
    if record.holds:
        _section("Holds")
        _print_holds(record)
    if story.explanation is not None:
        _section("Allocation")
        _print_allocation(story.explanation)
    if story.shipments:
        _section("Shipments")
        _print_shipments(story.shipments)
    _section("Timeline (UTC)")
    _print_timeline(story.events)


def _explanation(hub: OrderHub, number: str) -> allocation_v1.ExplainAllocationResponse | None:
    request = allocation_v1.ExplainAllocationRequest(order_number=number)
    try:
        return hub.call(hub.allocation.ExplainAllocation, request)
    except NotFoundError:
        return None


def _section(title: str) -> None:
    output.print_line("")
    output.print_line(title, "bold underline")


def _print_head(record: record_v1.OrderRecord) -> None:
    order = record.order
    area = order.destination
    output.print_facts(
        [
            ("Order", f"{order.order_number}  (revision {order.revision})"),
            ("From", f"{order.channel} / {order.shop} / {order.external_order_id}"),
            ("State", named(record_v1.OrderState, record.state)),
            ("Payment", _payment(record)),
            ("Stock", named(record_v1.StockState, record.stock_state)),
            ("Next", _next(record)),
            ("Total", money(order.total_minor, order.currency)),
            (
                "Goes to",
                ", ".join(
                    filter(
                        None,
                        (area.district, area.city, area.province, area.postal_code, area.country),
                    )
                ),
            ),
            ("Placed", moment(order.placed_at)),
            ("Accepted", moment(order.accepted_at)),
            ("Closed for", record.closing_reason),
        ]
    )


def _payment(record: record_v1.OrderRecord) -> str:
    paid = money(record.order.payment.paid_minor, record.order.currency)
    text = f"{named(record_v1.PaymentState, record.payment_state)}, {paid}"
    return f"{text}, due {moment(record.pay_by)}" if record.HasField("pay_by") else text


def _next(record: record_v1.OrderRecord) -> str:
    return "" if not record.work else f"the hub will {named(record_v1.Work, record.work)} it"


def _print_lines(record: record_v1.OrderRecord) -> None:
    progress = {p.line_no: p for p in record.progress}

    def row(line: Any) -> tuple[object, ...]:
        p = progress.get(line.line_no, record_v1.LineProgress(ordered=line.quantity))
        return (
            line.line_no,
            line.sku,
            line.title,
            p.ordered,
            p.cancelled,
            p.allocated,
            p.shipped,
            money(line.unit_price_minor, record.order.currency),
        )

    output.print_table(
        [">no", "sku", "title", ">ordered", ">cancelled", ">allocated", ">shipped", ">price"],
        map(row, record.order.lines),
        "none",
    )


def _print_decision(decision: decision_v1.Decision) -> None:
    verdict = named(decision_v1.Verdict, decision.verdict)
    output.print_line(
        f"{verdict}, score {decision.score}, by rulebook {decision.rulebook_hash[:12]} at "
        f"{moment(decision.decided_at)}"
    )
    for finding in decision.findings:
        waived = " (waived)" if finding.waived else ""
        output.print_line(
            f"  {finding.rule_id} {named(decision_v1.RuleOutcome, finding.outcome)}: "
            f"{named(decision_v1.Verdict, finding.verdict)}{waived} - {said(finding.message)} "
            f"({finding.reason})"
        )
        if finding.values:
            values = ", ".join(f"{v.name} = {v.value or 'absent'}" for v in finding.values)
            output.print_line(f"    because {values}")
        if suggestion := said(finding.suggestion):
            output.print_line(f"    suggested: {suggestion}")
    for effect in decision.effects:
        output.print_line(f"  effect: {effect.name} {effect.value}".rstrip())
    if decision.not_applicable:
        output.print_line(f"  not applicable here: {', '.join(decision.not_applicable)}")


def _print_holds(record: record_v1.OrderRecord) -> None:
    for hold in record.holds:
        line = f"{hold.hold_id}  {named(record_v1.HoldState, hold.state)}  {hold.reason}"
        if hold.HasField("closed_at"):
            by = f" by {hold.closed_by}" if hold.closed_by else ""
            line += f"  {moment(hold.closed_at)}{by} {hold.comment}".rstrip()
        else:
            line += f"  {hold.queue}, due {moment(hold.due_at, hold, 'due_at')}"
        output.print_line(line)
        if hold.state == record_v1.HOLD_STATE_OPEN and said(hold.sop):
            output.print_line(f"    {said(hold.sop)}")


def _print_allocation(explanation: allocation_v1.ExplainAllocationResponse) -> None:
    allocation = explanation.allocation
    if summary := said(explanation.summary):
        output.print_line(summary)
    options = [("chosen", explanation.chosen)]
    if explanation.HasField("runner_up"):
        options.append(("runner-up", explanation.runner_up))
    output.print_table(
        ["", "warehouses", ">cost", "made of", "unfilled lines"],
        [
            (
                name,
                ", ".join(option.warehouse_ids) or "none",
                money(option.cost.amount_minor, option.cost.currency),
                _terms(option.terms, option.cost.currency),
                ", ".join(map(str, option.unfilled_lines)),
            )
            for name, option in options
        ],
        "none",
    )
    nearest = money(allocation.nearest_cost_minor, allocation.cost.currency)
    output.print_line(f"Nearest warehouse first would have cost {nearest}.")
    for line in allocation.unfilled:
        why = named(allocation_v1.UnfilledReason, line.reason)
        output.print_line(f"  line {line.line_no}, {line.quantity} × {line.sku}: {why}")


def _terms(terms: Any, currency: str) -> str:
    parts: Iterator[money_v1.CostTerm] = iter(terms)
    return " + ".join(f"{t.name} {money(t.amount_minor, '')}" for t in parts) or currency


def _print_shipments(shipments: list[allocation_v1.Shipment]) -> None:
    output.print_table(
        ["shipment", "state", "from", "by", ">distance", ">weight", "lines"],
        [
            (
                s.shipment_id,
                named(allocation_v1.ShipmentState, s.state),
                s.warehouse_id,
                named(allocation_v1.ShipmentMode, s.mode),
                kilometres(s.distance_m),
                f"{s.weight_g / 1000:.2f} kg",
                ", ".join(f"{line.quantity} × {line.line_no}" for line in s.lines),
            )
            for s in shipments
        ],
        "none",
    )


def _print_timeline(events: list[event_v1.Event]) -> None:
    output.print_table(
        [">", "when", "who", "what", "changed", "why"],
        [
            (
                event.sequence,
                moment(event.time),
                event.actor or "hub",
                event.type.removeprefix("orderhub."),
                "\n".join(map(changed, event.transitions)),
                _why(event),
            )
            for event in events
        ],
        "none",
    )


def _why(event: event_v1.Event) -> str:
    details = ", ".join(f"{d.name} {d.value}" for d in event.details)
    return "\n".join(filter(None, (said(event.reason), details)))
