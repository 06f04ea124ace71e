"""What happens to an order as a whole: taken in, queued, paid, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services.intake.convert import MICROS, micros_of
from services.intake.holding import drop_holds, hold_for
from services.intake.payment import OUTSTANDING, is_leased_mode, payment_state
from services.intake.reasons import IntakeReason, localized
from services.intake.stored import OrderValues, StoredOrder
from services.intake.transitions import LIFECYCLE, PAYMENT, STOCK, WORK

if TYPE_CHECKING:
    from orderhub.common.v1 import text_pb2 as text_v1
    from services.intake.convert import Content

UNPAID_LEASE_S = 30 * 60  # how long unpaid stock is kept


def accepted_order(order_number: str, content: Content, at_us: int, actor: str) -> StoredOrder:
    """Return a new order, queued to be judged."""
    order = content.order
    values = OrderValues(
        order_number=order_number,
        channel=order.channel,
        shop=order.shop,
        external_order_id=order.external_order_id,
        customer_id="",
        currency="",
        total_minor=0,
        payment_mode=0,
        content_hash=b"",
        recipient_hash=b"",
        placed_us=0,
        modified_us=0,
        accepted_us=at_us,
        updated_us=at_us,
    )
    stored = StoredOrder(values, record_v1.OrderRecord(), is_new=True)
    take_content(stored, content)
    stored.revise(content=True)
    stored.move(LIFECYCLE, record_v1.LIFECYCLE_OPEN)
    stored.move(STOCK, record_v1.STOCK_STATE_NONE)
    take_payment(stored, order.payment)
    if is_leased_mode(values.payment_mode, values.payment):
        values.pay_by_us = at_us + UNPAID_LEASE_S * MICROS
    queue(stored, record_v1.WORK_PROCESS, at_us)
    stored.emit(
        "accepted",
        at_us,
        actor=actor,
        details=[
            ("channel", values.channel),
            ("shop", values.shop),
            ("external_order_id", values.external_order_id),
            ("lines", len(order.lines)),
            ("total_minor", values.total_minor),
            ("currency", values.currency),
        ],
    )
    if order.upstream_status == order_v1.UPSTREAM_STATUS_CANCELLED:
        end(stored, record_v1.LIFECYCLE_CANCELLED, IntakeReason.CANCELLED_BY_CHANNEL, at_us, actor)
    elif (
        order.upstream_status == order_v1.UPSTREAM_STATUS_REFUND_REQUESTED or values.refunded_minor
    ):
        freeze_for_refund(stored, at_us, actor)
    return stored


def take_content(stored: StoredOrder, content: Content) -> None:
    """Put `content` in place of what was known."""
    values, order = stored.values, content.order
    values.customer_id = order.customer_id
    values.currency = order.currency
    values.total_minor = order.total_minor
    values.payment_mode = order.payment.mode
    values.content_hash = content.content_hash
    values.recipient_hash = content.recipient_hash
    values.placed_us = micros_of(order.placed_at)
    values.modified_us = micros_of(order.modified_at)
    stored.order = order
    stored.new_content = content


def take_payment(stored: StoredOrder, payment: order_v1.Payment) -> None:
    """Take over what the channel says was paid; amounts only ever grow.

    The channel's amounts are totals: a payment booked here and told again by the channel
    counts once.
    """
    values = stored.values
    values.paid_minor = max(values.paid_minor, payment.paid_minor)
    values.refunded_minor = max(values.refunded_minor, payment.refunded_minor)
    if payment.HasField("paid_at"):
        values.paid_us = max(values.paid_us, micros_of(payment.paid_at))
    settle(stored)


def settle(stored: StoredOrder) -> None:
    """Derive the payment state from the amounts; nothing is due any more once it is paid."""
    values = stored.values
    stored.move(
        PAYMENT,
        payment_state(
            mode=values.payment_mode,
            total_minor=values.total_minor,
            paid_minor=values.paid_minor,
            refunded_minor=values.refunded_minor,
        ),
    )
    if not is_leased_mode(values.payment_mode, values.payment):
        values.pay_by_us = 0


def queue(stored: StoredOrder, work: int, at_us: int) -> None:
    """Set what is done about the order next; `WORK_UNSPECIFIED` puts it at rest.

    Queued again for the same work it keeps its place, so that updates never starve an order.
    """
    values = stored.values
    if values.work != work or not values.work_us:
        values.work_us = at_us if work else 0
    stored.move(WORK, work)


def after_payment(stored: StoredOrder, was: int, at_us: int) -> None:
    """Queue what a payment calls for, `was` being the payment state before it.

    Kept stock is made firm, though a held order's goes no further; an order without stock is
    tried again unless it is held. One that is being worked on is looked at again when that
    work is finished.
    """
    values = stored.values
    paid = values.payment not in OUTSTANDING and was in OUTSTANDING
    resting = values.work in {record_v1.WORK_UNSPECIFIED, record_v1.WORK_EXPIRE}
    if stored.is_final or not paid or not resting:
        return
    if values.stock == record_v1.STOCK_STATE_RESERVED:
        stored.revise()
        queue(stored, record_v1.WORK_CONFIRM_PAYMENT, at_us)
    elif stored.open_holds or values.stock == record_v1.STOCK_STATE_ALLOCATED:
        queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
    else:
        stored.revise()
        queue(stored, record_v1.WORK_PROCESS, at_us)


def end(
    stored: StoredOrder,
    lifecycle: int,
    reason: IntakeReason,
    at_us: int,
    actor: str,
    *,
    comment: str = "",
    message: text_v1.LocalizedText | None = None,
) -> None:
    """End the order's life and have its stock freed."""
    stored.revise()
    stored.move(LIFECYCLE, lifecycle)
    drop_holds(stored, at_us)
    stored.values.closing_reason = comment or reason.value
    stored.values.pay_by_us = 0
    queue(stored, record_v1.WORK_RELEASE, at_us)
    stored.emit(
        LIFECYCLE.names[lifecycle].lower(),
        at_us,
        actor=actor,
        details=[("reason", reason.value)],
        reason=message or localized(reason),
    )


def freeze_for_refund(stored: StoredOrder, at_us: int, actor: str) -> None:
    """Hold the order for its refund; its stock stays until a person answers, its parcels do not.

    The revision is one that no work was handed out for.
    """
    hold = hold_for(stored, IntakeReason.REFUND_REQUESTED, at_us)
    queue_frozen(stored, at_us)
    stored.emit(
        "held",
        at_us,
        actor=actor,
        details=[("hold_id", hold.hold_id), ("reason", hold.reason), ("queue", hold.queue)],
        reason=hold.message,
    )


def queue_frozen(stored: StoredOrder, at_us: int) -> None:
    """Queue what a frozen order calls for: parcels called off, and no stock that nobody knows of.

    Worked on while held, an order with stock keeps it without parcels. One without may have
    been given some by work that was overtaken: that is freed.
    """
    if stored.values.stock in {record_v1.STOCK_STATE_RESERVED, record_v1.STOCK_STATE_ALLOCATED}:
        queue(stored, record_v1.WORK_PROCESS, at_us)
    elif stored.is_new:
        queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
    else:
        queue(stored, record_v1.WORK_RELEASE, at_us)
