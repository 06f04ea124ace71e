"""`orderhub orders`: look at orders and act on them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.failures import UsageFault
from orderhub_client.cli.values import NO_CENTS, THREE_DECIMALS, chosen, moment, money, named

if TYPE_CHECKING:
    from orderhub.intake.v1 import record_pb2 as record_v1

MAX_MINOR = 2**63
app = typer.Typer(no_args_is_help=True, help="Look at orders and act on them.")
Number = Annotated[
    str,
    typer.Argument(metavar="ORDER", help="The order's number, or CHANNEL/ID or CHANNEL/SHOP/ID."),
]


@command(
    app,
    "list",
    examples=[
        "orders list --channel olist --state held",
        "orders list --hold HIGH_AMOUNT --limit 10 --json",
    ],
)
def list_(
    desk: Desk,
    channel: Annotated[str, typer.Option("--channel", help="Only of this channel.")] = "",
    state: Annotated[
        list[str], typer.Option("--state", help="Only in this state; may be given again.")
    ] = [],  # noqa: B006 - typer wants the list itself
    hold: Annotated[str, typer.Option("--hold", help="Only with this hold's reason code.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
) -> None:
    """List orders, newest first."""
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from orderhub.intake.v1 import record_pb2 as record_v1

    request = intake_v1.ListOrdersRequest(
        channel=channel,
        states=[chosen(record_v1.OrderState, name, "--state") for name in state],
        hold_reason=hold,
    )
    found = desk.hub.pages(desk.hub.intake.ListOrders, request, "records", limit)
    desk.show(
        list(found),
        ["order", "channel", "id there", "state", "payment", ">total", ">lines", "placed"],
        lambda r: (
            r.order.order_number,
            r.order.channel,
            r.order.external_order_id,
            named(record_v1.OrderState, r.state),
            named(record_v1.PaymentState, r.payment_state),
            money(r.order.total_minor, r.order.currency),
            len(r.order.lines),
            moment(r.order.placed_at),
        ),
        "No order matches.",
    )


@command(
    app,
    "show",
    examples=["orders show 20261122000001", "orders show olist/53cdb2fc8bc7dce0b6741e2150273451"],
)
def show(desk: Desk, number: Number) -> None:
    """Show an order with every event, and why: findings, costs, the runner-up, shipments."""
    from orderhub_client.cli import output
    from orderhub_client.cli.story import print_story, read_story, story_as_json

    story = read_story(desk.hub, find(desk, number))
    if desk.as_json:
        output.print_json(story_as_json(story))
    else:
        print_story(story)


@command(app, "cancel", examples=['orders cancel 20261122000001 --reason "bought twice"'])
def cancel(
    desk: Desk,
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
) -> None:
    """Call an order off; its stock is freed."""
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from orderhub_client.client import new_request_id

    request = intake_v1.CancelOrderRequest(
        request_id=new_request_id(),
        order_number=find(desk, number).order.order_number,
        reason=reason,
    )
    reply = desk.hub.call(desk.hub.intake.CancelOrder, request)
    desk.tell(reply.record, [_standing(reply.record)])


@command(app, "pay", examples=["orders pay 20261122000001 199.90"])
def pay(
    desk: Desk,
    number: Number,
    amount: Annotated[str, typer.Argument(help="In the order's currency, e.g. 199.90.")],
    request_id: Annotated[
        str, typer.Option("--request-id", help="The payment's own id: booked once however often.")
    ] = "",
) -> None:
    """Book a payment of an order."""
    from orderhub.common.v1 import money_pb2 as money_v1
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from orderhub_client.client import new_request_id

    order = find(desk, number).order
    request = intake_v1.RecordPaymentRequest(
        request_id=request_id or new_request_id(),
        order_number=order.order_number,
        amount=money_v1.Money(
            currency=order.currency, amount_minor=minor_units(amount, order.currency)
        ),
    )
    reply = desk.hub.call(desk.hub.intake.RecordPayment, request)
    paid = money(reply.record.order.payment.paid_minor, order.currency)
    desk.tell(reply.record, [f"{_standing(reply.record)} Paid so far: {paid}."])


def find(desk: Desk, name: str) -> record_v1.OrderRecord:
    """Return the order called by its number or `channel/[shop/]id`."""
    from orderhub.intake.v1 import intake_pb2 as intake_v1

    channel, *rest = name.split("/", 2)
    request = intake_v1.GetOrderRequest(order_number=name)
    if rest:
        request = intake_v1.GetOrderRequest(
            channel=channel, shop=rest[0] if len(rest) > 1 else "", external_order_id=rest[-1]
        )
    return desk.hub.call(desk.hub.intake.GetOrder, request).record


def minor_units(amount: str, currency: str) -> int:
    """Return an amount as people write it in minor units; raise `UsageFault` where it is none."""
    digits = 0 if currency in NO_CENTS else 3 if currency in THREE_DECIMALS else 2
    try:
        minor = Decimal(amount).scaleb(digits)
        whole = int(minor)
    except (InvalidOperation, ValueError, OverflowError):
        raise UsageFault(f"{amount!r} is no amount; write e.g. 199.90.") from None
    if whole != minor or not 0 < whole < MAX_MINOR:
        raise UsageFault(f"{amount!r} is no amount of {currency} above 0.")
    return whole


def _standing(record: record_v1.OrderRecord) -> str:
    from orderhub.intake.v1 import record_pb2 as record_v1

    return f"Order {record.order.order_number} is {named(record_v1.OrderState, record.state)}."
