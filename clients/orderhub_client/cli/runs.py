"""`orderhub run`: take a whole source through the hub."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderhub_client.cli import output
from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.failures import AnswerIsNo, UsageFault
from orderhub_client.cli.language import said
from orderhub_client.cli.values import kilometres, money, per_cent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderhub_client.run.submit import Refused
    from orderhub_client.run.summary import Summary

MAX_REFUSED_SHOWN = 5


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    command(
        app,
        "run",
        examples=[
            "run --source olist data/olist",
            "run --source online_retail november.csv --json",
            "run --source generic_json orders.jsonl --limit 100 --no-plan",
        ],
    )(run)


def run(
    desk: Desk,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The source's file or folder.")],
    source: Annotated[
        str,
        typer.Option("--source", help="olist, online_retail, generic_json or generic_csv."),
    ],
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first so many payloads.")
    ] = None,
    batch: Annotated[
        int, typer.Option("--batch", min=1, max=500, help="Payloads of one call.")
    ] = 100,
    in_flight: Annotated[
        int, typer.Option("--in-flight", min=1, max=64, help="Calls at once.")
    ] = 4,
    scenario_seed: Annotated[
        int, typer.Option("--scenario-seed", help="Seed of what the scenario makes up.")
    ] = 1,
    plan: Annotated[bool, typer.Option(help="Plan routes for the own fleet.")] = True,
    plan_seconds: Annotated[
        int, typer.Option("--plan-seconds", min=1, max=600, help="Search time of each plan.")
    ] = 5,
    plan_day: Annotated[
        str, typer.Option("--plan-day", help="Day to plan for where no scenario sets one.")
    ] = "",
    patience: Annotated[
        float, typer.Option("--patience", min=1, help="Seconds to bear with a service away.")
    ] = 120.0,
) -> None:
    """Take a source through the hub: scenario, orders, outcomes, routes; then the summary.

    Running the same source again takes nothing in twice and books no stock twice. Breaking off
    and running again does no harm either.
    """
    from orderhub_client.cli.bars import Bars
    from orderhub_client.run.source import RunOptions, run_source
    from orderhub_client.sources import SOURCES

    if source not in SOURCES:
        raise UsageFault(f"--source: {source!r} is none of {', '.join(SOURCES)}.")
    if not path.exists():
        raise UsageFault(f"{path}: no such file or folder.")
    options = RunOptions(
        source=source,
        path=path,
        limit=limit,
        batch=batch,
        in_flight=in_flight,
        scenario_seed=scenario_seed,
        plan=plan,
        plan_seconds=plan_seconds,
        plan_day=plan_day,
        patience_s=patience,
    )
    hub = desk.hub
    with Bars() as bars:
        summary, refused = run_source(hub, options, bars)
    if desk.as_json:
        output.print_json(asdict(summary))
    else:
        print_summary(summary)
    if refused:
        raise AnswerIsNo(_refusals(refused))


def print_summary(summary: Summary) -> None:
    """Print a run's figures for people."""
    rate = f", {summary.orders_per_s:,.0f} a second" if summary.orders_per_s else ""
    output.print_facts(
        [
            ("Payloads", f"{summary.orders_in:,} in {summary.seconds:,.1f} s{rate}"),
            ("  accepted", f"{summary.accepted:,}"),
            ("  updated", f"{summary.updated:,}"),
            ("  duplicates", f"{summary.duplicates:,}"),
            ("  quarantined", _with_reasons(summary)),
            ("States", _counted(summary.by_state)),
            ("Reasons", _counted(summary.by_reason)),
            ("Events", f"{summary.events:,}"),
            ("Allocation", _allocation(summary)),
            ("Routes", _routes(summary)),
        ]
    )
    output.print_table(
        [
            "warehouse",
            "day",
            "state",
            ">routes",
            ">stops",
            ">unserved",
            ">distance",
            ">gap",
            "plan",
        ],
        [_plan_row(plan) for plan in summary.routes.by_warehouse],
        "No routes were planned.",
    )


def _with_reasons(summary: Summary) -> str:
    reasons = _counted(summary.quarantined_by_reason)
    return f"{summary.quarantined:,}" + (f" ({reasons})" if reasons else "")


def _counted(counts: dict[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ranked)


def _allocation(summary: Summary) -> str:
    found = summary.allocation
    currency = str((summary.scenario or {}).get("currency", ""))
    text = f"{money(found.cost_minor, currency)}, {found.unfilled_lines:,} lines unfilled"
    if found.nearest_cost_minor:
        saved = 100 * (found.nearest_cost_minor - found.cost_minor) / found.nearest_cost_minor
        nearest = money(found.nearest_cost_minor, currency)
        text += f"; nearest warehouse first: {nearest} ({saved:.1f} % saved)"
    return text


def _routes(summary: Summary) -> str:
    found = summary.routes
    return (
        f"{found.plans} plans, {found.stops_planned:,} stops, {found.stops_unserved:,} unserved, "
        f"{kilometres(found.distance_m)} in {found.seconds:.1f} s"
    )


def _plan_row(plan: dict[str, Any]) -> tuple[object, ...]:
    return (
        plan["warehouse_id"],
        plan["date"],
        plan["state"].lower(),
        plan["routes"],
        plan["stops_planned"],
        plan["stops_unserved"],
        kilometres(plan["distance_m"]),
        per_cent(plan["gap_bp"]),
        plan["plan_id"],
    )


def _refusals(refused: Sequence[Refused]) -> str:
    lines = [f"{len(refused)} payloads were refused outright:"]
    lines += [
        f"  line {entry.line}: {said(entry.result.message)} ({entry.result.reason})"
        for entry in refused[:MAX_REFUSED_SHOWN]
    ]
    if len(refused) > MAX_REFUSED_SHOWN:
        lines.append(f"  and {len(refused) - MAX_REFUSED_SHOWN} more")
    return "\n".join(lines)
