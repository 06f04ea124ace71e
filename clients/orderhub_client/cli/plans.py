"""`orderhub plan`: vehicle routes, made, watched and explained."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.failures import AnswerIsNo, UsageFault

if TYPE_CHECKING:
    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
    from orderhub_client.client import OrderHub

app = typer.Typer(no_args_is_help=True, help="Vehicle routes: made, watched, explained.")
PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)  # between watches that end without news
LASTING_S = 5.0  # a watch that lasted so long was served, even where nothing got better
PlanId = Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.")]


@command(
    app,
    "create",
    examples=[
        "plan create --warehouse UK-01 --date 2011-12-01 --seconds 5 --watch",
        "plan create --problem problem.json --validate",
    ],
)
def create(
    desk: Desk,
    warehouse: Annotated[str, typer.Option("--warehouse", help="Plan this one's day.")] = "",
    date: Annotated[str, typer.Option("--date", help="The day there, YYYY-MM-DD.")] = "",
    max_stops: Annotated[int, typer.Option("--max-stops", min=1, max=2000)] = 200,
    service_s: Annotated[
        int, typer.Option("--service-seconds", min=0, help="Time at each door.")
    ] = 240,
    problem: Annotated[
        Path | None,
        typer.Option("--problem", help="Plan a problem of your own instead: JSON of RouteProblem."),
    ] = None,
    seconds: Annotated[int, typer.Option("--seconds", min=1, max=600, help="Search time.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the search.")] = 0,
    engine: Annotated[str, typer.Option("--engine", help="auto, pyvrp or ortools.")] = "auto",
    watch: Annotated[bool, typer.Option("--watch", help="Wait and show how it gets better.")] = (
        False
    ),
    validate: Annotated[
        bool, typer.Option("--validate", help="Check the problem and start nothing.")
    ] = False,
    request_id: Annotated[
        str, typer.Option("--request-id", help="Give the same one to get the same plan.")
    ] = "",
) -> None:
    """Start a plan of a warehouse's day, or of a problem of your own."""
    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
    from orderhub_client.cli import output
    from orderhub_client.cli.problemfile import read_problem
    from orderhub_client.client import new_request_id

    request = routing_v1.CreatePlanRequest(
        request_id=request_id or new_request_id(),
        search=routing_v1.SearchOptions(budget_s=seconds, seed=seed, engine=engine),
        validate_only=validate,
    )
    if problem is not None and not warehouse:
        request.problem.CopyFrom(read_problem(problem))
    elif warehouse and date and problem is None:
        request.warehouse_day.warehouse_id = warehouse
        request.warehouse_day.date = date
        request.warehouse_day.max_stops = max_stops
        request.warehouse_day.service_s = service_s
    else:
        raise UsageFault("Give --warehouse ID --date YYYY-MM-DD, or --problem FILE.")
    plan = desk.hub.call(desk.hub.routing.CreatePlan, request).plan
    if validate:
        if desk.as_json:
            output.print_json({"valid": True})
        else:
            output.print_line("The problem is well formed.")
        return
    _end(desk, _watched(desk, plan.plan_id) if watch else plan)


@command(app, "show", examples=["plan show PLAN", "plan show PLAN --json"])
def show(desk: Desk, plan_id: PlanId) -> None:
    """Show a plan: routes, unserved stops with reasons, cost, bound and gap."""
    _end(desk, _read(desk.hub, plan_id))


@command(app, "watch", examples=["plan watch PLAN"])
def watch(desk: Desk, plan_id: PlanId) -> None:
    """Show how a plan gets better until it is at rest, then the plan."""
    _end(desk, _watched(desk, plan_id))


@command(app, "cancel", examples=["plan cancel PLAN"])
def cancel(desk: Desk, plan_id: PlanId) -> None:
    """Stop the search; the best so far is kept."""
    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1

    request = routing_v1.CancelPlanRequest(plan_id=plan_id)
    _end(desk, desk.hub.call(desk.hub.routing.CancelPlan, request).plan)


def _read(hub: OrderHub, plan_id: str) -> routing_v1.RoutePlan:
    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1

    request = routing_v1.GetPlanRequest(plan_id=plan_id)
    return hub.call(hub.routing.GetPlan, request).plan


def _watched(desk: Desk, plan_id: str) -> routing_v1.RoutePlan:
    """Return the plan at rest; a stream that breaks is begun again, but not for ever.

    Raises
    ------
    AnswerIsNo
        When watch after watch ends at once while the plan stays as it is.
    """
    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
    from orderhub_client.cli.planview import Live
    from orderhub_client.errors import UnavailableError
    from orderhub_client.run.plans import WAITING

    plan = _read(desk.hub, plan_id)
    pauses_s = iter(PAUSES_S)
    with Live() as live:
        while plan.state in WAITING:
            began_s = time.monotonic()
            request = routing_v1.WatchPlanRequest(plan_id=plan_id)
            with contextlib.suppress(UnavailableError):
                for reply in desk.hub.stream(desk.hub.routing.WatchPlan, request):
                    live.show(reply.plan)
            before, plan = plan, _read(desk.hub, plan_id)
            if plan != before or time.monotonic() - began_s >= LASTING_S:
                pauses_s = iter(PAUSES_S)
            if plan.state in WAITING:
                pause_s = next(pauses_s, None)
                if pause_s is None:
                    raise AnswerIsNo(_stalled(plan))
                time.sleep(pause_s)
    return plan


def _stalled(plan: routing_v1.RoutePlan) -> str:
    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
    from orderhub_client.cli.values import named

    state = named(routing_v1.PlanState, plan.state)
    return (
        f"Plan {plan.plan_id} is {state}, but the hub sends no news of it.\n"
        f"See how it stands with `orderhub plan show {plan.plan_id}`; a restart of the hub takes "
        "an unfinished plan up again."
    )


def _end(desk: Desk, plan: routing_v1.RoutePlan) -> None:
    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
    from orderhub_client.cli import output
    from orderhub_client.cli.planview import print_plan
    from orderhub_client.plain import plain

    if desk.as_json:
        output.print_json(plain(plan))
    else:
        print_plan(plan)
    if plan.state == routing_v1.PLAN_STATE_FAILED:
        raise AnswerIsNo(f"No plan could be made: {plan.note}")
