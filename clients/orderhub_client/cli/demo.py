"""`orderhub demo`: one generated day on a hub of its own, and the report."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderhub_client.cli import output
from orderhub_client.cli.desk import epilog
from orderhub_client.cli.failures import AnswerIsNo, UsageFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderhub_client.demo.judged import Line
    from orderhub_client.demo.play import Played

REPORT = "report.html"
DATA = "data"
MADE_BY_A_HUB = frozenset({"hub.log", "hub.json", "intake.db", "secret"})


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("demo", epilog=epilog(["demo", "demo --seed 7 --orders 500", "demo --json"]))(demo)


def demo(
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the day.")] = 1,
    orders: Annotated[
        int, typer.Option("--orders", min=20, max=20_000, help="Orders of the day.")
    ] = 2_000,
    out: Annotated[
        Path, typer.Option("--out", help="Folder of the report; its data folder is made anew.")
    ] = Path("out/demo"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Play one generated day on a fresh hub of its own; write the report.

    A home furnishing merchant's day with planted redeliveries, updates, vague addresses, large
    amounts and shortages; then one route plan of a fresh-food seller. The hub is started for the
    demo and stopped after it. Exit code 1 where a delivery vanished or the plan was not checked.
    """
    from orderhub_client.cli.bars import Bars
    from orderhub_client.client import OrderHub
    from orderhub_client.demo import judged, play, report, stories
    from orderhub_client.demo.day import generate
    from orderhub_client.hub import opened_hub

    folder = _fresh(out / DATA)
    day = generate(seed, orders)
    begun = time.monotonic()
    with Bars() as bars:
        bars.stage("hub")
        with opened_hub(str(folder)) as addresses, OrderHub(addresses, actor="demo") as hub:
            played = play.play(hub, day, seed, bars)
            told = stories.tell(hub, day, played)
    lines = judged.table(day, played.seen())
    page = out / REPORT
    page.write_text(report.render(day, played, lines, told, seed), encoding="utf-8")
    figures = {
        "seconds": round(time.monotonic() - begun, 1),
        "report": str(page),
        **_figures(len(day.sent), played),
        "planted": [
            {"name": x.name, "planted": x.planted, "as_expected": x.found, "beside": x.beside}
            for x in lines
        ],
    }
    if as_json:
        output.print_json(figures)
    else:
        _print(figures, lines, report.conservation(day, played), report.manual(played))
    _judge(len(day.sent), played)


def _fresh(folder: Path) -> Path:
    """Return an empty folder; only one that a demo made before is emptied."""
    if folder.exists():
        inside = {entry.name for entry in folder.iterdir()}
        if inside and not inside & MADE_BY_A_HUB:
            raise UsageFault(f"{folder} holds no demo's data, so it is left alone; give --out.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def _figures(deliveries: int, played: Played) -> dict[str, Any]:
    from orderhub.intake.v1 import record_pb2 as record_v1
    from orderhub_client.demo.report import served, tallies

    plan = played.plan
    return {
        "orders_in": deliveries,
        **{name.lower(): count for name, count in tallies(played).items()},
        "by_state": {
            record_v1.OrderState.Name(row.state).removeprefix("ORDER_STATE_"): row.orders
            for row in played.counts.by_state
            if row.orders
        },
        "orders_per_s": round(played.counts.orders / played.seconds, 1) if played.seconds else None,
        "allocation": {
            "cost_minor": played.counts.allocation_cost_minor,
            "nearest_cost_minor": played.counts.nearest_cost_minor,
            "unfilled_lines": played.counts.unfilled_lines,
        },
        "plan": {
            "stops": plan.stop_count,
            "served": served(plan),
            "routes": len(plan.routes),
            "cost_minor": plan.cost,
            "lower_bound_minor": plan.lower_bound,
            "bound_kind": plan.bound_kind,
            "gap_bp": plan.gap_bp,
            "distance_m": plan.distance_m,
            "checked": plan.checked,
        },
    }


def _print(figures: dict[str, Any], lines: Sequence[Line], conservation: str, manual: str) -> None:
    allocation, plan = figures["allocation"], figures["plan"]
    ours, nearest = allocation["cost_minor"], allocation["nearest_cost_minor"]
    short = allocation["unfilled_lines"]
    saved = f", {100 * (nearest - ours) / nearest:.1f} % below nearest warehouse" if nearest else ""
    output.print_line("One day of a home furnishing merchant", "bold")
    output.print_facts(
        [
            ("Deliveries", conservation),
            (
                "States",
                ", ".join(f"{name} {count:,}" for name, count in figures["by_state"].items()),
            ),
            ("Speed", f"{figures['orders_per_s']:,.0f} orders a second from submit to rest"),
            ("People", manual),
            ("Allocation", f"¥{ours / 100:,.2f}{saved}; {short} lines short"),
        ]
    )
    output.print_line("")
    output.print_table(
        ["planted", "expected", ">planted", ">so treated", ">others so treated"],
        [
            (x.name, x.expected, x.planted, x.found, "–" if x.beside is None else x.beside)
            for x in lines
        ],
        "nothing was planted",
    )
    output.print_line("")
    output.print_line("One route plan of a fresh-food seller", "bold")
    checked = "checked" if plan["checked"] else "NOT CHECKED"
    bound = f"proven bound ¥{plan['lower_bound_minor'] / 100:,.2f} ({plan['bound_kind']})"
    output.print_facts(
        [
            ("Stops", f"{plan['served']} of {plan['stops']} on {plan['routes']} vans"),
            ("Cost", f"¥{plan['cost_minor'] / 100:,.2f}, {bound}, {checked}"),
            ("Distance", f"{plan['distance_m'] / 1000:,.0f} km"),
        ]
    )
    output.print_line("")
    output.print_line(f"The whole day with maps and reasons: {figures['report']}", "bold")


def _judge(deliveries: int, played: Played) -> None:
    from orderhub_client.demo.report import tallies

    answered = sum(tallies(played).values())
    if answered != deliveries:
        raise AnswerIsNo(f"{deliveries} deliveries came in, {answered} were accounted for.")
    if not played.plan.checked:
        raise AnswerIsNo("The route plan was not checked.")
