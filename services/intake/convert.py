"""Orders as they are sent, as they are kept, and as they are shown."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services._kit.events import micros_from

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from services.intake.stored import OrderValues

MICROS = 1_000_000
DEFAULT_SHOP = "default"
OUTPUT_ONLY = ("order_number", "revision", "content_revision", "accepted_at")


class Content(NamedTuple):
    """A checked order, ready to be kept.

    Attributes
    ----------
    order
        Without recipient and output-only fields; defaults filled in, lines numbered.
    recipient_pb
        The person, serialised; empty where there is none.
    content_hash
        Keyed hash of everything the channel said but `modified_at`.
    recipient_hash
        Keyed hash of the person alone, so that a change of it is noticed without reading it.
    numbered
        Whether the channel numbered the lines itself.
    """

    order: order_v1.Order
    recipient_pb: bytes
    content_hash: bytes
    recipient_hash: bytes
    numbered: bool


def content_from_pb(order: order_v1.Order, key: bytes) -> Content:
    """Return `order`, which was found valid, in the form it is kept; `order` is used up.

    Parameters
    ----------
    key
        Keys the content hash: the content holds personal data.
    """
    for name in OUTPUT_ONLY:
        order.ClearField(name)  # type: ignore[arg-type]  # names of its own fields
    order.shop = order.shop or DEFAULT_SHOP
    if not order.HasField("modified_at"):
        order.modified_at.CopyFrom(order.placed_at)
    numbered = any(line.line_no for line in order.lines)
    _number_lines(order)
    _fill_payment(order)

    recipient_pb = order.recipient.SerializeToString() if order.HasField("recipient") else b""
    recipient_hash = hashlib.blake2b(recipient_pb, key=key, digest_size=8).digest()
    modified_at = Timestamp()
    modified_at.CopyFrom(order.modified_at)
    order.ClearField("modified_at")
    body = order.SerializeToString(deterministic=True)
    content_hash = hashlib.blake2b(body, key=key, digest_size=16).digest()
    order.modified_at.CopyFrom(modified_at)
    order.ClearField("recipient")
    return Content(order, recipient_pb, content_hash, recipient_hash, numbered)


def _number_lines(order: order_v1.Order) -> None:
    """Give unnumbered lines numbers, after the highest that the channel gave."""
    last = max((line.line_no for line in order.lines), default=0)
    for line in order.lines:
        if not line.line_no:
            last += 1
            line.line_no = last
        if not line.channel_sku:
            line.channel_sku = line.sku


def _fill_payment(order: order_v1.Order) -> None:
    payment = order.payment
    payment.mode = payment.mode or order_v1.PAYMENT_MODE_PREPAID
    if not order.upstream_status:
        covered = payment.paid_minor >= order.total_minor
        order.upstream_status = (
            order_v1.UPSTREAM_STATUS_PAID if covered else order_v1.UPSTREAM_STATUS_UNPAID
        )
    elif order.upstream_status == order_v1.UPSTREAM_STATUS_PAID and not _only_deposit(payment):
        # The channel's word counts; its amounts may be missing or rounded.
        payment.paid_minor = max(payment.paid_minor, order.total_minor)


def _only_deposit(payment: order_v1.Payment) -> bool:
    """Whether "paid" speaks of a presale's deposit: the amount then says how much."""
    presale = payment.mode == order_v1.PAYMENT_MODE_DEPOSIT_BALANCE
    return presale and payment.paid_minor > 0


def renumbered(order: order_v1.Order, known: Iterable[order_v1.OrderLine], last: int) -> None:
    """Give the lines of `order`, which the channel did not number, the numbers they had before.

    A line is known again by the channel's id of it, else by SKU and price, else by SKU; a new
    one gets a number after `last`, for numbers are never reused.
    """
    free = list(known)
    open_lines = list(order.lines)
    for same in (_same_external_id, _same_sku_and_price, _same_sku):
        left = []
        for line in open_lines:
            match = next((old for old in free if same(old, line)), None)
            if match is None:
                left.append(line)
                continue
            free.remove(match)
            line.line_no = match.line_no
        open_lines = left
    for number, line in enumerate(open_lines, last + 1):
        line.line_no = number


def _same_external_id(old: order_v1.OrderLine, new: order_v1.OrderLine) -> bool:
    return bool(new.external_line_id) and old.external_line_id == new.external_line_id


def _same_sku_and_price(old: order_v1.OrderLine, new: order_v1.OrderLine) -> bool:
    return old.sku == new.sku and old.unit_price_minor == new.unit_price_minor


def _same_sku(old: order_v1.OrderLine, new: order_v1.OrderLine) -> bool:
    return old.sku == new.sku


def micros_of(instant: Timestamp) -> int:
    """Return microseconds since 1970."""
    return instant.seconds * MICROS + instant.nanos // 1000


def timestamp(micros: int) -> Timestamp:
    """Return the instant `micros` microseconds after 1970."""
    seconds, rest = divmod(micros, MICROS)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def now_us(now: datetime) -> int:
    """Return microseconds since 1970 of an aware instant."""
    return micros_from(now)


def fill_outputs(order: order_v1.Order, values: OrderValues) -> None:
    """Set in `order` what is kept in columns: number, revisions, acceptance, payment."""
    order.order_number = values.order_number
    order.revision = values.revision
    order.content_revision = values.content_revision
    order.accepted_at.CopyFrom(timestamp(values.accepted_us))
    order.payment.paid_minor = values.paid_minor
    order.payment.refunded_minor = values.refunded_minor
    if values.paid_us:
        order.payment.paid_at.CopyFrom(timestamp(values.paid_us))


def progress_of(
    order: order_v1.Order, outcome: record_v1.OrderRecord, *, stock: int
) -> list[record_v1.LineProgress]:
    """Return what became of each line, those no longer in the order included.

    Parameters
    ----------
    outcome
        `progress` holds the lines with anything to tell; `allocation.unfilled` those
        without stock.
    """
    known = {entry.line_no: entry for entry in outcome.progress}
    unfilled = {line.line_no for line in outcome.allocation.unfilled}
    promised = stock in {record_v1.STOCK_STATE_RESERVED, record_v1.STOCK_STATE_ALLOCATED}
    found = []
    for line in order.lines:
        entry = record_v1.LineProgress(line_no=line.line_no, ordered=line.quantity)
        if line.line_no in known:
            entry.MergeFrom(known.pop(line.line_no))
            entry.ordered = line.quantity
        if promised and line.line_no not in unfilled:
            entry.allocated = entry.ordered - entry.cancelled
        found.append(entry)
    found.extend(known.values())
    return sorted(found, key=lambda entry: entry.line_no)


def etag_of(values: OrderValues) -> str:
    """Return the tag that changes with every change: each writes at least one event."""
    return f'"{values.order_number}.{values.events}"'


def record_of(
    values: OrderValues,
    order: order_v1.Order,
    outcome: record_v1.OrderRecord,
    holds: Iterable[record_v1.Hold],
) -> record_v1.OrderRecord:
    """Return everything the hub knows of an order; `order` and `outcome` are used up."""
    record = outcome
    progress = progress_of(order, outcome, stock=values.stock)
    del record.progress[:]
    record.progress.extend(progress)
    fill_outputs(order, values)
    record.order.CopyFrom(order)
    record.state = values.state  # type: ignore[assignment]
    record.lifecycle = values.lifecycle  # type: ignore[assignment]
    record.payment_state = values.payment  # type: ignore[assignment]
    record.stock_state = values.stock  # type: ignore[assignment]
    record.work = values.work  # type: ignore[assignment]
    if values.pay_by_us:
        record.pay_by.CopyFrom(timestamp(values.pay_by_us))
    record.holds.extend(holds)
    record.closing_reason = values.closing_reason
    record.etag = etag_of(values)
    record.event_count = values.events
    record.updated_at.CopyFrom(timestamp(values.updated_us))
    return record
