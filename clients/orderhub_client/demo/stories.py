"""A few orders told from beginning to end: what happened, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from orderhub_client.demo.day import Planted, yuan
from orderhub_client.demo.play import story_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orderhub.common.v1 import event_pb2 as event_v1
    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
    from orderhub_client.client import OrderHub
    from orderhub_client.demo.day import PlayedDay
    from orderhub_client.demo.play import Played


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Story:
    """One order's way."""

    title: str
    events: list[Moment]


def tell(hub: OrderHub, day: PlayedDay, played: Played) -> list[Story]:
    """Return the story of an order with two warehouses to choose from, and of a held one."""
    stories = []
    if number := _first(played, day.truth[Planted.VAGUE_ADDRESS]):
        stories.append(_story(hub, number, "An order that waits for a person"))
    if number := _with_choice(hub, day, played):
        stories.append(_story(hub, number, "An order that went through, and why this warehouse"))
    return stories


def _first(played: Played, order_ids: Iterable[str]) -> str:
    return next((played.numbers[i] for i in sorted(order_ids) if i in played.numbers), "")


def _with_choice(hub: OrderHub, day: PlayedDay, played: Played) -> str:
    """Return an order of several lines that found all its stock, with a runner-up."""
    spoiled = set().union(*day.truth.values())
    several = [
        sent.payload["external_order_id"]
        for sent in day.sent
        if len(sent.payload["lines"]) > 1 and sent.payload["external_order_id"] not in spoiled
    ]
    for order_id in several[:50]:
        number = played.numbers.get(order_id, "")
        if not number:
            continue
        record, why = story_of(hub, number)
        if record.state == record_v1.ORDER_STATE_ALLOCATED and why and why.HasField("runner_up"):
            return number
    return ""


def _story(hub: OrderHub, number: str, title: str) -> Story:
    record, why = story_of(hub, number)
    moments = [_happened(event) for event in hub.events(number)]
    moments += _findings(record)
    if why is not None:
        moments += _choice(why)
    return Story(f"{title}: {number}", moments)


def _happened(event: event_v1.Event) -> Moment:
    what = event.type.removeprefix("orderhub.order.").replace("_", " ")
    moves = ", ".join(f"{t.dimension} {t.to.lower()}" for t in event.transitions)
    return Moment(f"{what.capitalize()}.", moves)


def _findings(record: record_v1.OrderRecord) -> Iterator[Moment]:
    for finding in record.decision.findings:
        verdict = decision_v1.Verdict.Name(finding.verdict).removeprefix("VERDICT_").lower()
        values = "; ".join(f"{v.name} = {v.value}" for v in finding.values)
        yield Moment(
            f"Rule {finding.rule_id} asks for {verdict}.",
            f"{finding.message.zh} {finding.message.en} ({values}) "
            f"What to do: {finding.sop.zh} {finding.sop.en}",
        )


def _choice(why: allocation_v1.ExplainAllocationResponse) -> Iterator[Moment]:
    for name, option in (("Chosen", why.chosen), ("Runner-up", why.runner_up)):
        if option.warehouse_ids:
            terms = " + ".join(f"{t.name} {yuan(t.amount_minor)}" for t in option.terms)
            yield Moment(
                f"{name}: {', '.join(option.warehouse_ids)}.",
                f"{yuan(option.cost.amount_minor)} yuan = {terms}",
            )
    if why.summary.zh:
        yield Moment("In a sentence:", f"{why.summary.zh} {why.summary.en}")
