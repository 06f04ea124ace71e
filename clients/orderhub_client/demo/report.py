"""The page: everything that came of the day, in one file that needs nothing from outside."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined

from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub_client.demo import drawing
from orderhub_client.demo.day import DAY, yuan
from orderhub_client.demo.judged import recall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
    from orderhub_client.demo.day import PlayedDay
    from orderhub_client.demo.judged import Line
    from orderhub_client.demo.play import Played
    from orderhub_client.demo.stories import Story

# What the stock desk says to lines without stock; holds bring their own words.
UNFILLED = {
    "OUT_OF_STOCK": "没有仓库有足够库存。 No warehouse has enough of it.",
    "TAKEN_BY_OTHERS": "已被更早的订单占用。 Earlier orders took it.",
    "PARCEL_LIMIT": "超过该订单的包裹数上限。 The order may not take so many parcels.",
    "WAREHOUSE_CAPACITY": "仓库当日出库能力已满。 The warehouse ships no more that day.",
    "NOT_ALLOWED": "有货的仓库不能发往该地址。 No warehouse that has it may ship it there.",
    "DEARER_THAN_UNFILLED": "发货成本高于缺货代价。 Shipping costs more than leaving it out.",
    "UNKNOWN_SKU": "商品未登记，报文已隔离。 The SKU is not registered; the payload is kept aside.",
}
BP = 100  # hundredths of a per cent in a per cent
KG, KM = 1_000, 1_000


def render(
    day: PlayedDay, played: Played, judged: Sequence[Line], stories: Sequence[Story], seed: int
) -> str:
    """Return the page as HTML."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(
        files("orderhub_client.demo").joinpath("report.html.j2").read_text(encoding="utf-8")
    )
    return template.render(
        day=DAY.date().isoformat(),
        seed=seed,
        cards=cards(day, played, judged),
        states=_states(played),
        intake=intake_rows(day, played),
        conservation=conservation(day, played),
        judged=judged,
        manual=manual(played),
        reasons=_reasons(played),
        allocation=_allocation(played),
        stories=stories,
        plan=_plan(played.plan),
    )


def tallies(played: Played) -> dict[str, int]:
    """Return how many deliveries had each answer."""
    every = [outcome for outcomes in played.outcomes.values() for outcome in outcomes]
    return {name: every.count(name) for name in ("ACCEPTED", "UPDATED", "DUPLICATE", "QUARANTINED")}


def cards(day: PlayedDay, played: Played, judged: Sequence[Line]) -> list[dict[str, str]]:
    """Return the figures at the top."""
    found, planted = recall(judged)
    rate = tallies(played)["ACCEPTED"] / played.seconds if played.seconds else 0
    return [
        {"value": f"{len(day.sent):,}", "label": "deliveries came in, none vanished"},
        {"value": f"{played.counts.orders:,}", "label": "orders, each with a verdict"},
        {"value": f"{rate:,.0f}/s", "label": "orders from submit to rest"},
        {"value": f"{found} / {planted}", "label": "planted cases treated as expected"},
        {"value": f"{_held(played):.1f} %", "label": "of the orders wait for a person"},
        {"value": f"{len(played.plan.routes)} vans", "label": f"for {served(played.plan)} stops"},
    ]


def intake_rows(day: PlayedDay, played: Played) -> list[dict[str, Any]]:
    """Return what became of the deliveries."""
    tally = tallies(played)
    return [
        {"name": "came in", "count": len(day.sent)},
        {"name": "accepted as new orders", "count": tally["ACCEPTED"]},
        {"name": "updated a known order", "count": tally["UPDATED"]},
        {"name": "duplicates, dropped with the order's number", "count": tally["DUPLICATE"]},
        {"name": "kept aside with a reason", "count": tally["QUARANTINED"]},
        {"name": "paid later by the buyer", "count": played.paid_late},
    ]


def conservation(day: PlayedDay, played: Played) -> str:
    """Return the sum that must come out, with its figures."""
    tally = tallies(played)
    return (
        f"{len(day.sent)} in = {tally['ACCEPTED']} accepted + {tally['UPDATED']} updated + "
        f"{tally['DUPLICATE']} duplicates + {tally['QUARANTINED']} kept aside."
    )


def manual(played: Played) -> str:
    """Return the share of orders that a person sees."""
    return f"{_held(played):.1f} % of the orders wait for a person (aim: at most 9 %)."


def served(plan: routing_v1.RoutePlan) -> int:
    """Return how many stops the plan serves."""
    return plan.stop_count - len(plan.unserved)


def _held(played: Played) -> float:
    held = sum(
        row.orders for row in played.counts.by_state if row.state == record_v1.ORDER_STATE_HELD
    )
    return 100 * held / played.counts.orders if played.counts.orders else 0.0


def _states(played: Played) -> list[dict[str, Any]]:
    most = max((row.orders for row in played.counts.by_state), default=1)
    return [
        {
            "name": record_v1.OrderState.Name(row.state)
            .removeprefix("ORDER_STATE_")
            .replace("_", " ")
            .lower(),
            "count": row.orders,
            "percent": round(100 * row.orders / most, 1),
        }
        for row in sorted(played.counts.by_state, key=lambda row: -row.orders)
        if row.orders
    ]


def _reasons(played: Played) -> list[dict[str, Any]]:
    text = UNFILLED | {h.reason: f"{h.message.zh} {h.message.en}" for h in played.holds}
    return [
        {"reason": row.reason, "text": text.get(row.reason, ""), "count": row.count}
        for row in sorted(played.counts.by_reason, key=lambda row: -row.count)
    ]


def _allocation(played: Played) -> dict[str, Any]:
    ours, nearest = played.counts.allocation_cost_minor, played.counts.nearest_cost_minor
    if nearest:
        note = (
            f"{100 * (nearest - ours) / nearest:.1f} % below nearest warehouse first. Costs hold "
            "parcels by distance and weight, further parcels of one order, and lines left "
            "without stock at their price."
        )
    else:
        note = "Nothing was allocated."
    return {
        "ours": yuan(ours),
        "nearest": yuan(nearest),
        "unfilled": played.counts.unfilled_lines,
        "note": note,
    }


def _plan(plan: routing_v1.RoutePlan) -> dict[str, Any]:
    first = f"{plan.first_feasible_ms} ms" if plan.first_feasible_ms else "–"
    return {
        "stops": plan.stop_count,
        "cost": yuan(plan.cost),
        "bound": yuan(plan.lower_bound),
        "bound_kind": plan.bound_kind,
        "gap": f"{plan.gap_bp / BP:.1f} %",
        "km": f"{plan.distance_m / KM:.0f}",
        "unserved": len(plan.unserved),
        "seconds": f"{plan.search_ms / 1000:.1f}",
        "first": first,
        "checked": plan.checked,
        "map": drawing.route_map(plan) if plan.routes else "",
        "gantt": drawing.gantt(plan) if plan.routes else "",
        "routes": [
            {
                "colour": drawing.colour(k),
                "name": drawing.name_of(route),
                "stops": len(route.stops),
                "km": f"{route.distance_m / KM:.1f}",
                "load": f"{route.weight_g / KG:.0f} kg",
                "times": f"{drawing.clock(route.start_s)} – {drawing.clock(route.end_s)}",
            }
            for k, route in enumerate(plan.routes)
        ],
        "left": [
            {"id": stop.stop_id, "why": f"{stop.text.zh} {stop.text.en}"} for stop in plan.unserved
        ],
    }
