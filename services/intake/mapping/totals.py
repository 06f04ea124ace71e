"""Amounts and states that follow from the rest of an order once its lines are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orderhub.common.v1 import order_pb2 as order_v1
from services.intake.mapping.reasons import Fault, bad_value
from services.intake.mapping.targets import CHOICES, PAID_IF_ANY_PAYMENT
from services.intake.mapping.values import MOST_MINOR

if TYPE_CHECKING:
    from services.intake.mapping.linerun import Collected
    from services.intake.mapping.orderfields import OrderFields

_BALANCE = ("payment.balance_window.start", "payment.balance_window.end")
_PAID = {order_v1.UPSTREAM_STATUS_PAID, order_v1.UPSTREAM_STATUS_REFUND_REQUESTED}
_IF_ANY = CHOICES["upstream_status"][PAID_IF_ANY_PAYMENT]


def settle(values: dict[str, Any], fields: OrderFields, collected: Collected) -> None:
    """Fill in what follows from the lines: freight, discount, total, paid, status.

    The total is goods − line discounts + freight − order discount where the mapping says
    `else: computed` and the payload names none; what was paid is the total of an order that the
    channel calls paid where the mapping says `else: total_if_paid`.
    """
    freight = values.get("freight_minor", 0) + collected.freight_minor
    discount = values.get("discount_minor", 0) + collected.discount_minor
    fallbacks = {name: field.fallback for name, field in fields.money if field.fallback}
    total = values.get("total_minor")
    if total is None:
        total = 0
        if "total_minor" in fallbacks:
            total = collected.goods_minor + freight - discount
    for name, amount in (
        ("freight_minor", freight),
        ("discount_minor", discount),
        ("total_minor", total),
    ):
        if not 0 <= amount < MOST_MINOR:
            raise _at(fields, name, f"合计为 {amount}，不合理", f"the sum comes to {amount}")
    values["freight_minor"], values["discount_minor"] = freight, discount
    values["total_minor"] = total
    status = values.get("upstream_status", 0)
    if "payment.paid_minor" not in values and "payment.paid_minor" in fallbacks:
        values["payment.paid_minor"] = total if status in _PAID else 0
    _check_payment(values, fields)
    if status == _IF_ANY:
        paid = values.get("payment.paid_minor", 0) > 0
        values["upstream_status"] = (
            order_v1.UPSTREAM_STATUS_PAID if paid else order_v1.UPSTREAM_STATUS_UNPAID
        )


def _check_payment(values: dict[str, Any], fields: OrderFields) -> None:
    """Refuse amounts that contradict each other."""
    refunded = values.get("payment.refunded_minor", 0)
    if refunded > values.get("payment.paid_minor", 0):
        raise _at(fields, "payment.refunded_minor", "退款多于已付", "more was refunded than paid")
    deposit = values.get("payment.deposit_minor", 0)
    if deposit > values["total_minor"]:
        raise _at(fields, "payment.deposit_minor", "定金高于总额", "the deposit exceeds the total")
    presale = values.get("payment.mode") == order_v1.PAYMENT_MODE_DEPOSIT_BALANCE
    for name in ("payment.deposit_minor", *_BALANCE):
        if values.get(name) and not presale:
            raise _at(fields, name, "仅预售订单可有", "only a presale has one")


def _at(fields: OrderFields, name: str, zh: str, en: str) -> Fault:
    """Return the fault of the field `name`, in the channel's words where it reads one."""
    field = next((field for field in fields.every() if field.target.name == name), None)
    texts = field.source.texts if field is not None else ()
    fault = bad_value(zh, en)
    fault.path = texts[0] if texts else f"$.{name}"
    return fault
