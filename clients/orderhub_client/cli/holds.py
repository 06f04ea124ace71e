"""`orderhub holds`: what keeps orders from going on, and deciding it."""

from __future__ import annotations

from typing import Annotated

import typer

from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.language import said
from orderhub_client.cli.values import chosen, moment, named

app = typer.Typer(no_args_is_help=True, help="What keeps orders from going on.")
HoldId = Annotated[str, typer.Argument(metavar="HOLD", help="The hold's id; see `holds list`.")]
Comment = Annotated[str, typer.Option("--comment", help="Why, in your words.")]
RequestId = Annotated[
    str, typer.Option("--request-id", help="Repeat with the same one to be sure.", hidden=True)
]


@command(
    app,
    "list",
    examples=["holds list", "holds list --queue risk-review", "holds list --state released"],
)
def list_(
    desk: Desk,
    state: Annotated[
        str, typer.Option("--state", help="open, released, rejected or obsolete.")
    ] = "open",
    order: Annotated[str, typer.Option("--order", help="Only of this order.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Only for this reason code.")] = "",
    queue: Annotated[str, typer.Option("--queue", help="Only in this queue.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
) -> None:
    """List holds, the ones due first."""
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from orderhub.intake.v1 import record_pb2 as record_v1
    from orderhub.rules.v1 import decision_pb2 as decision_v1

    request = intake_v1.ListHoldsRequest(
        state=chosen(record_v1.HoldState, state, "--state"),
        order_number=order,
        reason=reason,
        queue=queue,
    )
    found = desk.hub.pages(desk.hub.intake.ListHolds, request, "holds", limit)
    desk.show(
        list(found),
        ["id", "order", "verdict", "severity", "reason", "rule", "queue", "due", "why"],
        lambda h: (
            h.hold_id,
            h.order_number,
            named(decision_v1.Verdict, h.verdict),
            named(decision_v1.Severity, h.severity),
            h.reason,
            h.rule_id,
            h.queue,
            moment(h.due_at, h, "due_at"),
            said(h.message),
        ),
        "No hold matches.",
    )


@command(app, "release", examples=['holds release H-12 --comment "called the buyer, all right"'])
def release(desk: Desk, hold_id: HoldId, comment: Comment = "", request_id: RequestId = "") -> None:
    """Let the order go on; the rule no longer decides about this content of the order."""
    _decide(desk, hold_id, comment, request_id, reject=False)


@command(app, "reject", examples=['holds reject H-12 --comment "address does not exist"'])
def reject(desk: Desk, hold_id: HoldId, comment: Comment = "", request_id: RequestId = "") -> None:
    """Reject the order; its stock is freed. This is final."""
    _decide(desk, hold_id, comment, request_id, reject=True)


def _decide(desk: Desk, hold_id: str, comment: str, request_id: str, *, reject: bool) -> None:
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from orderhub.intake.v1 import record_pb2 as record_v1
    from orderhub_client.client import new_request_id

    request = intake_v1.ReleaseHoldRequest(
        request_id=request_id or new_request_id(),
        hold_id=hold_id,
        resolution=(
            intake_v1.HOLD_RESOLUTION_REJECT if reject else intake_v1.HOLD_RESOLUTION_RELEASE
        ),
        comment=comment,
    )
    reply = desk.hub.call(desk.hub.intake.ReleaseHold, request)
    hold = named(record_v1.HoldState, reply.hold.state)
    order = named(record_v1.OrderState, reply.record.state)
    desk.tell(
        reply,
        [
            f"Hold {reply.hold.hold_id} is {hold}.",
            f"Order {reply.record.order.order_number} is {order}.",
        ],
    )
