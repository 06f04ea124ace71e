"""What people and services do to one order: cancel it, book a payment, decide a hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services._kit.errors import Conflict, FailedPrecondition, Malformed, NotFound
from services._kit.reasons import Reason
from services.intake import store
from services.intake.convert import etag_of, micros_of
from services.intake.holding import close_hold
from services.intake.lifecycle import after_payment, end, queue, settle
from services.intake.payment import payment_state
from services.intake.reasons import IntakeReason
from services.intake.transitions import LIFECYCLE, PAYMENT

if TYPE_CHECKING:
    from services.intake.book import Book
    from services.intake.stored import StoredOrder

REJECT = intake_v1.HOLD_RESOLUTION_REJECT


def cancel_order(
    book: Book, request: intake_v1.CancelOrderRequest, at_us: int, actor: str
) -> StoredOrder:
    """Call an order off.

    Raises
    ------
    NotFound
        When there is no such order.
    Conflict
        When it changed since the caller read it.
    FailedPrecondition
        When it has ended, or a parcel has left.
    """
    stored = book.one(request.order_number)
    if request.etag and request.etag != etag_of(stored.values):
        raise Conflict(Reason.STALE_REVISION, field="etag")
    require_open(stored)
    if stored.has_left():
        raise FailedPrecondition(IntakeReason.ALREADY_SHIPPED, field="order_number")
    end(
        stored,
        record_v1.LIFECYCLE_CANCELLED,
        IntakeReason.CANCELLED,
        at_us,
        actor,
        comment=request.reason,
    )
    return stored


def record_payment(
    book: Book, request: intake_v1.RecordPaymentRequest, at_us: int, actor: str
) -> StoredOrder:
    """Book a payment.

    More than is due is booked in full, for the money has come: the order is paid, and the
    event says by how much it was overpaid, for people to give back.

    Raises
    ------
    NotFound
        When there is no such order.
    Malformed
        When the currency is not the order's, or the sum would be absurd.
    FailedPrecondition
        When the order has ended, or all was refunded.
    """
    stored = book.one(request.order_number)
    values, amount = stored.values, request.amount
    if amount.currency != values.currency:
        raise Malformed(
            IntakeReason.CURRENCY_MISMATCH, field="amount.currency", expected=values.currency
        )
    require_open(stored)
    was, paid_minor = values.payment, values.paid_minor + amount.amount_minor
    after = payment_state(
        mode=values.payment_mode,
        total_minor=values.total_minor,
        paid_minor=paid_minor,
        refunded_minor=values.refunded_minor,
    )
    if after != was and after not in PAYMENT.follows[was]:
        raise FailedPrecondition(
            Reason.WRONG_STATE,
            f"payment is {PAYMENT.names[was]}",
            field="order_number",
            payment=PAYMENT.names[was],
        )
    values.paid_minor = paid_minor
    values.paid_us = micros_of(request.paid_at) if request.HasField("paid_at") else at_us
    settle(stored)
    after_payment(stored, was, at_us)
    stored.emit(
        "payment_recorded",
        at_us,
        actor=actor,
        details=[
            ("amount_minor", amount.amount_minor),
            ("paid_minor", paid_minor),
            ("currency", values.currency),
            ("overpaid_minor", max(0, paid_minor - values.total_minor) or ""),
        ],
    )
    return stored


def decide_hold(
    book: Book, request: intake_v1.ReleaseHoldRequest, at_us: int, actor: str
) -> tuple[StoredOrder, record_v1.Hold]:
    """Release a hold, waiving its rule for this content, or reject the order for it.

    Raises
    ------
    NotFound
        When there is no such hold.
    FailedPrecondition
        When it was decided before, or lost its object.
    """
    number = book.connection.execute(
        sa.select(store.holds.c.order_number).where(store.holds.c.hold_id == request.hold_id)
    ).scalar_one_or_none()
    if number is None:
        raise NotFound(Reason.NOT_FOUND, "no such hold", field="hold_id")
    stored = book.one(number)
    hold = stored.open_holds.get(request.hold_id)
    if hold is None:
        raise FailedPrecondition(IntakeReason.HOLD_CLOSED, field="hold_id")
    details = [("hold_id", hold.hold_id), ("reason", hold.reason), ("rule_id", hold.rule_id)]
    if request.resolution == REJECT:
        close_hold(
            stored, hold, record_v1.HOLD_STATE_REJECTED, at_us, actor=actor, comment=request.comment
        )
        stored.emit("hold_rejected", at_us, actor=actor, details=details, reason=hold.message)
        end(
            stored,
            record_v1.LIFECYCLE_REJECTED,
            IntakeReason.REJECTED_BY_REVIEW,
            at_us,
            actor,
            comment=hold.reason,
        )
        return stored, hold
    close_hold(
        stored, hold, record_v1.HOLD_STATE_RELEASED, at_us, actor=actor, comment=request.comment
    )
    _waive(book, stored, hold)
    if not stored.open_holds:
        stored.revise()
        queue(stored, record_v1.WORK_PROCESS, at_us)
    stored.emit("hold_released", at_us, actor=actor, details=details, reason=hold.message)
    return stored, hold


def require_open(stored: StoredOrder) -> None:
    """Raise `FailedPrecondition` where the order's life is over."""
    if stored.is_final:
        raise FailedPrecondition(
            IntakeReason.ORDER_FINAL,
            field="order_number",
            state=LIFECYCLE.names[stored.values.lifecycle],
        )


def _waive(book: Book, stored: StoredOrder, hold: record_v1.Hold) -> None:
    if not hold.rule_id:
        return
    book.connection.execute(
        # The same rule may have held the same content twice; the first waiver stands.
        book.insert_into(store.waivers).on_conflict_do_nothing(),
        {
            "order_number": stored.values.order_number,
            "content_revision": stored.values.content_revision,
            "rule_id": hold.rule_id,
            "hold_id": hold.hold_id,
        },
    )
