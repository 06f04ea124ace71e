"""What an order must be to be taken in: every limit of the contract, all faults at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.common.v1 import order_pb2 as order_v1
from services._kit.reasons import Reason
from services.intake.currencies import CURRENCIES
from services.intake.fields import MAX_ID, Checks
from services.intake.reasons import IntakeReason

if TYPE_CHECKING:
    from datetime import datetime

    from services._kit.errors import Violation

DAY_S = 24 * 3600
FAR_S = 10 * 366 * DAY_S  # nobody asks for a delivery in more than ten years
MAX_LINES = 500
MAX_QUANTITY = 1_000_000
MAX_LINE_NO = 1_000_000
MAX_UNIT_PRICE_MINOR = 10**9  # times the largest quantity: still summable
MAX_SKU, MAX_CHANNEL = 64, 64  # characters
MAX_TITLE, MAX_CHANNEL_SKU, MAX_STRING = 1000, 256, 1024  # bytes
MAX_LABELS, MAX_ATTRIBUTES = 64, 64


def violations_of(
    order: order_v1.Order, now: datetime, *, max_lines: int = MAX_LINES, path: str = "order"
) -> list[Violation]:
    """Return everything that is wrong with `order`, field paths beginning with `path`.

    A total that differs from the lines' sum is not a fault: channels round and discount in
    ways of their own, and the rules judge it.
    """
    checks = Checks()
    tomorrow_s = int(now.timestamp()) + DAY_S
    _check_head(checks, order, path, tomorrow_s)
    _check_lines(checks, order, path, max_lines)
    _check_payment(checks, order, f"{path}.payment", tomorrow_s)
    if order.HasField("destination"):
        _check_area(checks, order.destination, f"{path}.destination")
    if order.HasField("recipient"):
        _check_recipient(checks, order.recipient, f"{path}.recipient")
    checks.window(f"{path}.delivery_window", order.delivery_window, tomorrow_s + FAR_S)
    _check_extras(checks, order, path)
    return checks.found


def _check_head(checks: Checks, order: order_v1.Order, path: str, tomorrow_s: int) -> None:
    checks.identifier(f"{path}.channel", order.channel, required=True, most=MAX_CHANNEL)
    checks.identifier(f"{path}.shop", order.shop)
    checks.identifier(f"{path}.external_order_id", order.external_order_id, required=True)
    checks.identifier(f"{path}.customer_id", order.customer_id, most=256)
    if order.HasField("placed_at"):
        checks.instant(
            f"{path}.placed_at", order.placed_at, tomorrow_s, IntakeReason.PLACED_IN_FUTURE
        )
    else:
        checks.add(f"{path}.placed_at", Reason.REQUIRED)
    if order.HasField("modified_at"):
        checks.instant(f"{path}.modified_at", order.modified_at, tomorrow_s)
    if not order.currency:
        checks.add(f"{path}.currency", Reason.REQUIRED)
    elif order.currency not in CURRENCIES:
        checks.add(f"{path}.currency", IntakeReason.UNKNOWN_CURRENCY)
    checks.money(f"{path}.total_minor", order.total_minor)
    checks.money(f"{path}.freight_minor", order.freight_minor)
    checks.money(f"{path}.discount_minor", order.discount_minor)
    checks.enum(f"{path}.upstream_status", order.upstream_status, order_v1.UpstreamStatus)


def _check_lines(checks: Checks, order: order_v1.Order, path: str, max_lines: int) -> None:
    if not order.lines:
        checks.add(f"{path}.lines", IntakeReason.NO_LINES)
    if len(order.lines) > max_lines:
        checks.add(
            f"{path}.lines", Reason.TOO_MANY, f"{len(order.lines)} lines, at most {max_lines}"
        )
        return
    taken: set[int] = set()
    for position, line in enumerate(order.lines):
        at = f"{path}.lines[{position}]"
        checks.between(f"{at}.line_no", line.line_no, 0, MAX_LINE_NO)
        if line.line_no and line.line_no in taken:
            checks.add(f"{at}.line_no", IntakeReason.DUPLICATE_LINE)
        taken.add(line.line_no)
        checks.identifier(f"{at}.sku", line.sku, required=True, most=MAX_SKU)
        checks.text(f"{at}.channel_sku", line.channel_sku, MAX_CHANNEL_SKU)
        checks.text(f"{at}.title", line.title, MAX_TITLE)
        checks.between(f"{at}.quantity", line.quantity, 1, MAX_QUANTITY)
        checks.between(f"{at}.unit_price_minor", line.unit_price_minor, 0, MAX_UNIT_PRICE_MINOR)
        checks.money(f"{at}.discount_minor", line.discount_minor)
        checks.identifier(f"{at}.external_line_id", line.external_line_id)


def _check_payment(checks: Checks, order: order_v1.Order, path: str, tomorrow_s: int) -> None:
    if not order.HasField("payment"):
        return
    payment = order.payment
    checks.enum(f"{path}.mode", payment.mode, order_v1.PaymentMode)
    checks.money(f"{path}.paid_minor", payment.paid_minor)
    checks.between(f"{path}.refunded_minor", payment.refunded_minor, 0, max(0, payment.paid_minor))
    if payment.HasField("paid_at"):
        checks.instant(f"{path}.paid_at", payment.paid_at, tomorrow_s)
    presale = payment.mode == order_v1.PAYMENT_MODE_DEPOSIT_BALANCE
    if payment.deposit_minor and not presale:
        checks.add(f"{path}.deposit_minor", Reason.MALFORMED, "only with DEPOSIT_BALANCE")
    checks.between(f"{path}.deposit_minor", payment.deposit_minor, 0, max(0, order.total_minor))
    if payment.HasField("balance_window"):
        if not presale:
            checks.add(f"{path}.balance_window", Reason.MALFORMED, "only with DEPOSIT_BALANCE")
        checks.window(f"{path}.balance_window", payment.balance_window, tomorrow_s + FAR_S)


def _check_area(checks: Checks, area: geo_v1.Area, path: str) -> None:
    country = area.country
    if country and not (len(country) == 2 and country.isascii() and country.isupper()):
        checks.add(f"{path}.country", Reason.UNKNOWN_VALUE, "two capital letters, ISO 3166-1")
    for name in ("province", "city", "district", "postal_code"):
        checks.text(f"{path}.{name}", getattr(area, name), MAX_STRING)
    if area.HasField("location"):
        at, point = f"{path}.location", area.location
        checks.between(f"{at}.lat_e7", point.lat_e7, -900_000_000, 900_000_000)
        checks.between(f"{at}.lng_e7", point.lng_e7, -1_800_000_000, 1_800_000_000)
        checks.enum(f"{at}.datum", point.datum, geo_v1.Datum)
        checks.enum(f"{at}.precision", point.precision, geo_v1.GeoPrecision)
        if not point.datum:
            checks.add(f"{at}.datum", Reason.REQUIRED)


def _check_recipient(checks: Checks, recipient: order_v1.Recipient, path: str) -> None:
    for name in ("name", "phone", "phone_extension", "platform_token", "street", "remark"):
        checks.text(f"{path}.{name}", getattr(recipient, name), MAX_STRING)
    checks.enum(f"{path}.phone_kind", recipient.phone_kind, order_v1.PhoneKind)


def _check_extras(checks: Checks, order: order_v1.Order, path: str) -> None:
    if len(order.labels) > MAX_LABELS:
        checks.add(f"{path}.labels", Reason.TOO_MANY, f"at most {MAX_LABELS}")
    for position, label in enumerate(order.labels[:MAX_LABELS]):
        checks.text(f"{path}.labels[{position}]", label, MAX_STRING)
    if len(order.attributes) > MAX_ATTRIBUTES:
        checks.add(f"{path}.attributes", Reason.TOO_MANY, f"at most {MAX_ATTRIBUTES}")
        return
    for name, value in order.attributes.items():
        if not name or len(name) > MAX_ID or not name.isprintable():
            checks.add(f"{path}.attributes", Reason.MALFORMED, "a name is 1 to 128 characters")
        else:
            checks.text(f"{path}.attributes[{name}]", value, MAX_STRING)
