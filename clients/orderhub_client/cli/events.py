"""`orderhub events`: what happened, as it happens."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.failures import UsageFault
from orderhub_client.cli.language import said
from orderhub_client.cli.values import moment

if TYPE_CHECKING:
    from orderhub.common.v1 import event_pb2 as event_v1

app = typer.Typer(no_args_is_help=True, help="What happened, in order.")


@command(app, "watch", examples=["events watch", "events watch --until-now --json | jq .type"])
def watch(
    desk: Desk,
    of: Annotated[str, typer.Option("--of", help="intake or fulfilment.")] = "intake",
    after: Annotated[str, typer.Option("--after", help="Begin after this event's cursor.")] = "",
    until_now: Annotated[
        bool, typer.Option("--until-now", help="Stop after the last event so far.")
    ] = False,
) -> None:
    """Print events as they happen, until Ctrl-C; with --json one object per line."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
    from orderhub.intake.v1 import intake_pb2 as intake_v1

    hub = desk.hub
    if of == "intake":
        request = intake_v1.WatchEventsRequest(cursor=after, until_now=until_now)
        batches = hub.stream(hub.intake.WatchEvents, request)
    elif of == "fulfilment":
        stock = inventory_v1.WatchEventsRequest(cursor=after, until_now=until_now)
        batches = hub.stream(hub.inventory.WatchEvents, stock)
    else:
        raise UsageFault(f"--of: {of!r} is neither intake nor fulfilment.")
    for batch in batches:
        for event in batch.events:
            sys.stdout.write((_as_json(event) if desk.as_json else line_of(event)) + "\n")
        sys.stdout.flush()


def line_of(event: event_v1.Event) -> str:
    """Return an event in one line: when, of what, what changed, why, who."""
    parts = [moment(event.time), event.subject, event.type.removeprefix("orderhub.")]
    parts += [changed(t) for t in event.transitions]
    if reason := said(event.reason):
        parts.append(f"({reason})")
    if event.actor:
        parts.append(f"by {event.actor}")
    return "  ".join(parts)


def changed(transition: event_v1.Transition) -> str:
    """Return a transition as `payment: unpaid → paid`."""
    before = getattr(transition, "from").lower()
    after = transition.to.lower()
    return (
        f"{transition.dimension}: {before} → {after}"
        if before
        else (f"{transition.dimension}: {after}")
    )


def _as_json(event: event_v1.Event) -> str:
    import json

    from orderhub_client.plain import plain

    return json.dumps(plain(event), ensure_ascii=False)
