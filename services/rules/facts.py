"""Orders to facts: the only file that knows both.

Personal values are facts like others while rules are judged; `loggable` leaves them out of whatever
is kept.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from orderhub.common.v1 import order_pb2 as order_v1
from services.rules.addresses import has_house_number
from services.rules.identity import phone_kind
from services.rules.phones import can_exist, normalised
from services.rules.rates import Rates, converted
from services.rules.registry import PRIVATE

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from orderhub.common.v1.order_pb2 import Order

Facts = dict[str, Any]

EPOCH = date(1970, 1, 1)


def placed_at(order: Order) -> datetime:
    """Return when the buyer placed the order, UTC, microseconds."""
    stamp = order.placed_at
    return datetime.fromtimestamp(stamp.seconds, UTC) + timedelta(microseconds=stamp.nanos // 1000)


def facts_of(order: Order, rates: Rates, zone: ZoneInfo, today: date) -> Facts:
    """Return the facts of `order`; what it does not carry is left out, never guessed.

    Parameters
    ----------
    rates
        Turn amounts into book currency by the rate of the day the order was placed.
    zone
        The business's time zone, for hours and days.
    today
        The day of the decision there.
    """
    placed = placed_at(order).astimezone(zone)
    quantities = [line.quantity for line in order.lines]
    facts: Facts = {
        "channel": order.channel,
        "order.currency": order.currency,
        "order.line_count": len(quantities),
        "order.total_qty": sum(quantities),
        "order.max_qty": max(quantities, default=0),
        "order.hour": placed.hour,
        "order.weekday": placed.isoweekday(),
        "order.revision": order.revision,
        "order.is_vip": "vip" in order.labels,
        "order.is_presale": "presale" in order.labels,
        "order.is_b2b": "b2b" in order.labels,
        "order.has_remark": bool(order.recipient.remark),
        "order.has_destination": _has_destination(order),
        "customer.known": bool(order.customer_id),
        "decision.day": (today - EPOCH).days,
    }
    if order.customer_id:
        facts["customer.id"] = order.customer_id
    facts |= _payment(order) | _place(order) | _phone(order) | _street(order)
    facts |= _amounts(order, rates, placed.date())
    return facts


def loggable(facts: Facts) -> Facts:
    """Return `facts` without personal values and without the lines."""
    return {name: value for name, value in facts.items() if name not in PRIVATE and name != "lines"}


def _has_destination(order: order_v1.Order) -> bool:
    """Whether anything at all says where the order goes."""
    area = order.destination
    return bool(area.province or area.city or area.postal_code or area.HasField("location"))


def _payment(order: Order) -> Facts:
    mode = order.payment.mode or order_v1.PAYMENT_MODE_PREPAID
    name = order_v1.PaymentMode.Name(mode) if mode in order_v1.PaymentMode.values() else ""
    paid = order.payment.paid_minor - order.payment.refunded_minor >= order.total_minor
    return {"payment.mode": name.removeprefix("PAYMENT_MODE_"), "payment.paid": paid}


def _place(order: Order) -> Facts:
    if not order.HasField("destination"):
        return {}
    area = order.destination
    return {
        "recipient.country": area.country or "CN",
        "recipient.province": area.province,
        "recipient.city": area.city,
        "recipient.district": area.district,
    }


def _phone(order: Order) -> Facts:
    kind, country = phone_kind(order), order.destination.country or "CN"
    if kind == "NONE":
        return {"recipient.phone_kind": kind, "recipient.phone_valid": False}
    if kind in {"MASKED", "TOKEN"}:  # nothing can be said against it
        return {
            "recipient.phone": "",
            "recipient.phone_kind": kind,
            "recipient.phone_valid": True,
        }
    digits = normalised(order.recipient.phone, country)
    valid = can_exist(digits, country) or (kind == "VIRTUAL" and len(digits) >= 7)
    return {
        "recipient.phone": digits,
        "recipient.phone_kind": kind,
        "recipient.phone_valid": valid,
    }


def _street(order: Order) -> Facts:
    street = order.recipient.street.strip()
    if not street:
        return {}
    return {
        "recipient.street": street,
        "recipient.street_length": len(street),
        "recipient.has_house_number": has_house_number(street, order.destination.country or "CN"),
    }


def _amounts(order: Order, rates: Rates, day: date) -> Facts:
    """Return amounts and lines; without a rate the lines keep what needs none."""
    rate = rates.rate(order.currency, day)

    def book(amount_minor: int) -> int | None:
        return None if rate is None else converted(amount_minor, rate)

    goods = sum(line.quantity * line.unit_price_minor for line in order.lines)
    discount = order.discount_minor + sum(line.discount_minor for line in order.lines)
    facts = {
        "order.original_amount_minor": order.total_minor,
        "order.amount": book(order.total_minor),
        "order.goods_amount": book(goods),
        "order.freight": book(order.freight_minor),
        "order.discount": book(discount),
        "lines": [
            _known(
                {
                    "sku": line.sku,
                    "qty": line.quantity,
                    "price": book(line.unit_price_minor),
                    "amount": book(line.unit_price_minor * line.quantity),
                    "discount": book(line.discount_minor),
                    "is_gift": line.unit_price_minor == 0,
                }
            )
            for line in order.lines
        ],
    }
    return _known(facts)


def _known(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}
