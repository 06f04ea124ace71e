"""`orderhub exceptions`: everything that needs a person."""

from __future__ import annotations

from typing import Annotated

import typer

from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.language import said
from orderhub_client.cli.values import chosen, moment, named

app = typer.Typer(no_args_is_help=True, help="Everything that needs a person.")


@command(
    app,
    "list",
    examples=["exceptions list", "exceptions list --kind hold --min-severity high --lang zh"],
)
def list_(
    desk: Desk,
    kind: Annotated[str, typer.Option("--kind", help="hold, quarantined or backorder.")] = "",
    min_severity: Annotated[
        str, typer.Option("--min-severity", help="low, medium, high or critical.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
) -> None:
    """List open holds, quarantined payloads and backorders, gravest first, with what to do."""
    from orderhub.orchestrator.v1 import orchestrator_pb2 as orchestrator_v1
    from orderhub.rules.v1 import decision_pb2 as decision_v1

    request = orchestrator_v1.ListExceptionsRequest()
    if kind:
        request.kind = chosen(orchestrator_v1.ExceptionKind, kind, "--kind")
    if min_severity:
        request.min_severity = chosen(decision_v1.Severity, min_severity, "--min-severity")
    found = desk.hub.pages(desk.hub.orchestrator.ListExceptions, request, "exceptions", limit)
    desk.show(
        list(found),
        ["severity", "kind", "id", "order", "reason", "owner", "since", "due", "what to do"],
        lambda e: (
            named(decision_v1.Severity, e.severity),
            named(orchestrator_v1.ExceptionKind, e.kind),
            e.exception_id,
            e.order_number,
            e.reason,
            e.owner,
            moment(e.since_at),
            moment(e.due_at, e, "due_at"),
            said(e.sop) or said(e.message),
        ),
        "Nothing needs a person.",
    )
