"""An order seen again: a duplicate, an update, or a contradiction that people look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services.intake.convert import micros_of, renumbered
from services.intake.holding import drop_holds, is_frozen
from services.intake.lifecycle import (
    after_payment,
    end,
    freeze_for_refund,
    queue,
    queue_frozen,
    take_content,
    take_payment,
)
from services.intake.payment import payment_state
from services.intake.quarantine import why_aside
from services.intake.reasons import IntakeReason, localized
from services.intake.transitions import LIFECYCLE, PAYMENT

if TYPE_CHECKING:
    from services.intake.convert import Content
    from services.intake.mapped import Unmappable
    from services.intake.stored import StoredOrder

CANCELLED = order_v1.UPSTREAM_STATUS_CANCELLED
REFUND_REQUESTED = order_v1.UPSTREAM_STATUS_REFUND_REQUESTED


def apply_seen_again(
    stored: StoredOrder, content: Content, at_us: int, actor: str
) -> intake_v1.SubmitResult | Unmappable:
    """Take in what a channel says of an order it sent before.

    Parameters
    ----------
    stored
        The order, its content loaded.

    Returns
    -------
    SubmitResult or Unmappable
        Duplicate or updated; or why it is kept aside.
    """
    values = stored.values
    modified_us = micros_of(content.order.modified_at)
    if content.content_hash == values.content_hash:
        if modified_us > values.modified_us:  # else a version in between would seem newer
            values.modified_us, stored.row_changed = modified_us, True
        return _duplicate(stored, IntakeReason.ALREADY_KNOWN)
    if modified_us < values.modified_us:
        return _duplicate(stored, IntakeReason.OLDER_VERSION)
    if stored.is_final and content.order.upstream_status == CANCELLED:
        return _duplicate(stored, IntakeReason.ORDER_FINAL)
    return _contradiction(stored, content) or _update(stored, content, at_us, actor)


def _contradiction(stored: StoredOrder, content: Content) -> Unmappable | None:
    """Return why the new content cannot follow the old; number its lines as they were."""
    values = stored.values
    if micros_of(content.order.modified_at) == values.modified_us:
        return why_aside(IntakeReason.CONFLICTING, "modified_at")
    if stored.is_final:
        return why_aside(IntakeReason.ORDER_FINAL, state=LIFECYCLE.names[values.lifecycle])
    if stored.has_left():
        return why_aside(IntakeReason.ALREADY_SHIPPED)
    return _line_reused(stored, content) or _payment_backwards(stored, content)


def _line_reused(stored: StoredOrder, content: Content) -> Unmappable | None:
    known = _order_of(stored)
    ever = [*(line.line_no for line in known.lines), *(e.line_no for e in stored.outcome.progress)]
    if content.numbered:
        skus = {line.line_no: line.sku for line in known.lines}
        gone = set(ever) - skus.keys()
        for position, line in enumerate(content.order.lines):
            if line.line_no in gone or skus.get(line.line_no, line.sku) != line.sku:
                return why_aside(IntakeReason.LINE_REUSED, f"lines[{position}].line_no")
    else:
        renumbered(content.order, known.lines, max(ever, default=0))
    return None


def _payment_backwards(stored: StoredOrder, content: Content) -> Unmappable | None:
    values, payment = stored.values, content.order.payment
    after = payment_state(
        mode=payment.mode,
        total_minor=content.order.total_minor,
        paid_minor=max(values.paid_minor, payment.paid_minor),
        refunded_minor=max(values.refunded_minor, payment.refunded_minor),
    )
    if after != values.payment and after not in PAYMENT.follows[values.payment]:
        return why_aside(IntakeReason.CONFLICTING, "payment")
    return None


def _update(
    stored: StoredOrder, content: Content, at_us: int, actor: str
) -> intake_v1.SubmitResult:
    before = _order_of(stored)
    was, refunded_minor = stored.values.payment, stored.values.refunded_minor
    changed = changed_parts(before, content.order)
    if content.recipient_hash != stored.values.recipient_hash:
        changed.add("recipient")
    status = content.order.upstream_status
    payment_only = changed <= {"payment"}
    take_content(stored, content)
    take_payment(stored, content.order.payment)
    refunding = (
        status == REFUND_REQUESTED and before.upstream_status != REFUND_REQUESTED
    ) or stored.values.refunded_minor > refunded_minor
    if not payment_only:
        stored.revise(content=True)
        _note_lines(stored, before, content.order)
        still = refunding or status == REFUND_REQUESTED or stored.values.refunded_minor > 0
        drop_holds(stored, at_us, but=IntakeReason.REFUND_REQUESTED if still else None)
        if is_frozen(stored):
            queue_frozen(stored, at_us)
        elif status != CANCELLED:
            queue(stored, record_v1.WORK_PROCESS, at_us)
    elif refunding and not is_frozen(stored):
        stored.revise()
    else:
        after_payment(stored, was, at_us)
    stored.emit(
        "payment_recorded" if payment_only else "updated",
        at_us,
        actor=actor,
        details=[
            ("changed", ",".join(sorted(changed))),
            ("paid_minor", stored.values.paid_minor if "payment" in changed else ""),
            ("refunded_minor", stored.values.refunded_minor or ""),
        ],
    )
    if status == CANCELLED:
        end(stored, record_v1.LIFECYCLE_CANCELLED, IntakeReason.CANCELLED_BY_CHANNEL, at_us, actor)
    elif not _wants_pieces(stored, content.order):
        end(stored, record_v1.LIFECYCLE_CANCELLED, IntakeReason.ALL_LINES_CANCELLED, at_us, actor)
    elif refunding and not is_frozen(stored):
        freeze_for_refund(stored, at_us, actor)
    return intake_v1.SubmitResult(
        outcome=intake_v1.SUBMIT_OUTCOME_UPDATED,
        order_number=stored.values.order_number,
        message=localized(IntakeReason.UPDATED),
    )


def changed_parts(before: order_v1.Order, after: order_v1.Order) -> set[str]:
    """Return the names of the fields that differ; a payment's coming in is `payment` alone."""
    names = {
        name
        for name in order_v1.Order.DESCRIPTOR.fields_by_name
        if name not in {"modified_at", "recipient", "payment", "upstream_status"}
        and getattr(before, name) != getattr(after, name)
    }
    if _terms(before.payment) != _terms(after.payment):
        names.add("payment_terms")
    paid = {order_v1.UPSTREAM_STATUS_UNPAID, order_v1.UPSTREAM_STATUS_PAID}
    if before.upstream_status != after.upstream_status:
        moved = {before.upstream_status, after.upstream_status}
        names.add("payment" if moved <= paid else "upstream_status")
    if before.payment != after.payment and "payment_terms" not in names:
        names.add("payment")
    return names


def _terms(payment: order_v1.Payment) -> order_v1.Payment:
    """Return how an order is to be paid, without what has been."""
    terms = order_v1.Payment()
    terms.CopyFrom(payment)
    for name in ("paid_minor", "refunded_minor", "paid_at"):
        terms.ClearField(name)
    return terms


def _note_lines(stored: StoredOrder, before: order_v1.Order, after: order_v1.Order) -> None:
    """Count the pieces of lines that are gone as called off; their numbers stay taken.

    A quantity that changes is the channel's own count of what is still wanted: it contains
    what was called off before. One that stays as it was says nothing of that.
    """
    quantities = {line.line_no: line.quantity for line in after.lines}
    cancelled = stored.cancelled_pieces()
    for line in before.lines:
        gone = cancelled.get(line.line_no, 0)
        quantity = quantities.get(line.line_no)
        if quantity is None:
            if line.quantity > gone:
                stored.cancel_pieces(line.line_no, line.quantity, line.quantity - gone)
        elif gone and quantity != line.quantity:
            stored.cancel_pieces(line.line_no, quantity, -gone)


def _wants_pieces(stored: StoredOrder, order: order_v1.Order) -> bool:
    cancelled = stored.cancelled_pieces()
    return any(line.quantity > cancelled.get(line.line_no, 0) for line in order.lines)


def _duplicate(stored: StoredOrder, reason: IntakeReason) -> intake_v1.SubmitResult:
    message = localized(reason)
    state = LIFECYCLE.names[stored.values.lifecycle]
    message.zh, message.en = (text.replace("{state}", state) for text in (message.zh, message.en))
    return intake_v1.SubmitResult(
        outcome=intake_v1.SUBMIT_OUTCOME_DUPLICATE,
        order_number=stored.values.order_number,
        reason=reason.value,
        message=message,
    )


def _order_of(stored: StoredOrder) -> order_v1.Order:
    if stored.order is None:
        raise AssertionError("loaded without its content")
    return stored.order
