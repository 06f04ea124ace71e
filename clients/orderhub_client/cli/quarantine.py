"""`orderhub quarantine`: payloads kept aside with a reason."""

from __future__ import annotations

from typing import Annotated

import typer

from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.language import said
from orderhub_client.cli.values import moment

app = typer.Typer(no_args_is_help=True, help="Payloads that could not be taken in as orders.")


@command(
    app,
    "list",
    examples=["quarantine list --channel olist", "quarantine list --reason UNKNOWN_SKU --json"],
)
def list_(
    desk: Desk,
    channel: Annotated[str, typer.Option("--channel", help="Only of this channel.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Only for this reason code.")] = "",
    payload: Annotated[
        bool, typer.Option("--payload", help="With the payloads, in --json; not for every role.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
) -> None:
    """List quarantined payloads, newest first."""
    from orderhub.intake.v1 import intake_pb2 as intake_v1

    request = intake_v1.ListQuarantinedRequest(
        channel=channel, reason=reason, include_payload=payload
    )
    found = desk.hub.pages(desk.hub.intake.ListQuarantined, request, "quarantined", limit)
    desk.show(
        list(found),
        ["id", "channel", "order there", "reason", "field", "since", "why"],
        lambda q: (
            q.quarantine_id,
            q.channel,
            q.external_order_id,
            q.reason,
            q.field,
            moment(q.received_at),
            said(q.message),
        ),
        "Nothing is in quarantine.",
    )
