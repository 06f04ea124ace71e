"""What has been paid, as a state; the one place that says so."""

from __future__ import annotations

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.intake.v1 import record_pb2 as record_v1

DUE_BEFORE_SHIPPING = frozenset(
    {order_v1.PAYMENT_MODE_PREPAID, order_v1.PAYMENT_MODE_DEPOSIT_BALANCE}
)
OUTSTANDING = frozenset({record_v1.PAYMENT_STATE_UNPAID, record_v1.PAYMENT_STATE_PARTLY_PAID})


def payment_state(*, mode: int, total_minor: int, paid_minor: int, refunded_minor: int) -> int:
    """Return the payment state of these amounts, in minor units of one currency.

    Overpaid is paid: what is too much is noted with the payment and given back by people.
    """
    if refunded_minor > 0:
        if refunded_minor >= paid_minor:
            return record_v1.PAYMENT_STATE_REFUNDED
        return record_v1.PAYMENT_STATE_PARTLY_REFUNDED
    if mode not in DUE_BEFORE_SHIPPING:
        settled = paid_minor >= total_minor > 0
        return record_v1.PAYMENT_STATE_PAID if settled else record_v1.PAYMENT_STATE_NOT_DUE
    if paid_minor >= total_minor:
        return record_v1.PAYMENT_STATE_PAID
    return record_v1.PAYMENT_STATE_PARTLY_PAID if paid_minor else record_v1.PAYMENT_STATE_UNPAID


def is_leased_mode(mode: int, payment: int) -> bool:
    """Return whether stock is kept for such an order for a time only: prepaid and not paid."""
    return mode == order_v1.PAYMENT_MODE_PREPAID and payment in OUTSTANDING
