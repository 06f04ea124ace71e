"""A route plan for people: as it gets better, and at its end."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Self

from rich.live import Live as RichLive

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub_client.cli import output
from orderhub_client.cli.language import said
from orderhub_client.cli.values import clock, kilometres, money, named, per_cent

STOPS_SHOWN = 12


class Live:
    """One line on stderr that changes with the plan; nothing where nobody looks."""

    def __init__(self) -> None:
        self._live = (
            RichLive(console=output.error_console(), refresh_per_second=8)
            if sys.stderr.isatty()
            else None
        )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, plan: routing_v1.RoutePlan) -> None:
        """Show the plan as it is now."""
        if self._live is not None:
            self._live.update(standing(plan))


def standing(plan: routing_v1.RoutePlan) -> str:
    """Return state, cost, bound and gap in a line."""
    state = named(routing_v1.PlanState, plan.state)
    if not plan.routes and not plan.unserved:
        return f"{state}, {plan.stop_count} stops, no routes yet"
    bound = (
        f"bound {amount(plan.lower_bound, plan)} ({plan.bound_kind}), gap {per_cent(plan.gap_bp)}"
        if plan.bound_kind
        else "no bound yet"
    )
    return (
        f"{state}, {len(plan.routes)} routes, {len(plan.unserved)} unserved of {plan.stop_count} "
        f"stops, cost {amount(plan.cost, plan)}, {bound}, {plan.search_ms / 1000:.1f} s"
    )


def amount(cost: int, plan: routing_v1.RoutePlan) -> str:
    """Return a cost in the plan's currency, or as metres where it has none."""
    return money(cost, plan.currency) if plan.currency else f"{cost:,} m"


def print_plan(plan: routing_v1.RoutePlan) -> None:
    """Print a plan: its figures, its routes, and what is in none of them and why."""
    output.print_facts(
        [
            ("Plan", plan.plan_id),
            ("For", f"{plan.warehouse_id} on {plan.date}" if plan.warehouse_id else ""),
            ("State", standing(plan)),
            ("Cost", " + ".join(f"{t.name} {amount(t.amount_minor, plan)}" for t in plan.terms)),
            ("Driven", kilometres(plan.distance_m) if plan.routes else ""),
            ("Checked", "yes, by the independent checker" if plan.checked else "not yet"),
            ("Engine", plan.engine),
            ("Note", _note(plan)),
        ]
    )
    if plan.routes:
        output.print_line("")
        output.print_table(
            ["vehicle", ">stops", "out", "back", ">driven", ">load", ">cost", "stops in order"],
            [_route_row(route, plan) for route in plan.routes],
            "",
        )
    if plan.unserved:
        output.print_line("")
        output.print_table(
            ["in no route", "reason", "why"],
            [
                (
                    stop.shipment_id or stop.stop_id,
                    named(routing_v1.UnservedReason, stop.reason),
                    said(stop.text),
                )
                for stop in plan.unserved
            ],
            "",
        )


def _note(plan: routing_v1.RoutePlan) -> str:
    degraded = "a worker was lost; this is the best that was saved" if plan.degraded else ""
    return "; ".join(filter(None, (plan.note, degraded)))


def _route_row(route: routing_v1.PlannedRoute, plan: routing_v1.RoutePlan) -> tuple[object, ...]:
    names = [stop.shipment_id or stop.stop_id for stop in route.stops]
    more = f" … {len(names) - STOPS_SHOWN} more" if len(names) > STOPS_SHOWN else ""
    return (
        f"{route.vehicle_id} {route.vehicle_no}",
        len(route.stops),
        _time(route.start_s, plan),
        _time(route.end_s, plan),
        kilometres(route.distance_m),
        f"{route.weight_g / 1000:.1f} kg",
        amount(route.cost, plan),
        " → ".join(names[:STOPS_SHOWN]) + more,
    )


def _time(seconds: int, plan: routing_v1.RoutePlan) -> str:
    """Return a time of the plan in UTC where its start is known, else since its start."""
    if not plan.HasField("plan_start_at"):
        return clock(seconds)
    at = plan.plan_start_at.ToDatetime() + timedelta(seconds=seconds)
    return at.strftime("%H:%MZ")
