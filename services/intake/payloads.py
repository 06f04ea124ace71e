"""Payloads of channels made into submissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services._kit.errors import Malformed
from services._kit.logs import tracking_id
from services._kit.reasons import text_of
from services.intake.convert import DEFAULT_SHOP, content_from_pb
from services.intake.fields import Checks
from services.intake.mapped import (
    LocalizedText,
    Mapped,
    MappedCancellation,
    MappedOrder,
    Unmappable,
)
from services.intake.reasons import IntakeReason
from services.intake.submissions import Submission
from services.intake.validate import MAX_QUANTITY, MAX_SKU, MAX_UNIT_PRICE_MINOR, violations_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from services._kit.errors import Violation
    from services._kit.idempotency import Requests
    from services.intake.mapped import PayloadMapping


def mapping_of(channels: Mapping[str, PayloadMapping], name: str) -> PayloadMapping:
    """Return the mapping of a channel.

    Raises
    ------
    Malformed
        Naming `channel` and those known.
    """
    if name not in channels:
        raise Malformed(
            IntakeReason.UNKNOWN_CHANNEL, field="channel", known=", ".join(sorted(channels))
        )
    return channels[name]


def submission_from_payload(
    payload: intake_v1.ChannelPayload,
    mapping: PayloadMapping,
    shop: str,
    sku_of: Callable[[str], str | None],
    *,
    requests: Requests,
    key: bytes,
    now: datetime,
    scope: str,
    actor: str,
    max_lines: int,
) -> Submission:
    """Return what `payload` is, checked like any order; what is malformed is kept aside.

    A payload without a request id is known again by its content alone: the answer names the
    content's hash, and a repeat is a duplicate.
    """
    mapped = _checked(mapping.map(payload.body, shop, sku_of), mapping.name, now, max_lines)
    body_hash = requests.hash_of(f"{mapping.name}\x1f{shop}\x1f".encode() + payload.body)
    what = content_from_pb(mapped.order, key) if isinstance(mapped, MappedOrder) else mapped
    return Submission(
        request_id=payload.request_id,
        scope=scope,
        actor=actor,
        channel=mapping.name,
        body_hash=body_hash,
        what=what,
        payload=payload.body,
        raw=True,
        shown_id=payload.request_id or body_hash.hex(),
        tracking_id=tracking_id(),
    )


def _checked(mapped: Mapped, channel: str, now: datetime, max_lines: int) -> Mapped:
    if isinstance(mapped, MappedOrder):
        order = mapped.order
        order.channel = channel
        found = violations_of(order, now, max_lines=max_lines)
        if not found:
            return mapped
        shop = order.shop or DEFAULT_SHOP
        return _unmappable(found[0], shop, order.external_order_id)
    if isinstance(mapped, MappedCancellation):
        checks = Checks()
        checks.identifier("external_id", mapped.external_id, required=True)
        checks.identifier("shop", mapped.shop)
        checks.identifier("customer_id", mapped.customer_id, most=256)
        for position, line in enumerate(mapped.lines):
            at = f"lines[{position}]"
            checks.identifier(f"{at}.sku", line.sku, required=True, most=MAX_SKU)
            checks.between(f"{at}.quantity", line.quantity, 1, MAX_QUANTITY)
            checks.between(f"{at}.unit_price_minor", line.unit_price_minor, 0, MAX_UNIT_PRICE_MINOR)
        if not mapped.lines:
            checks.add("lines", IntakeReason.NO_LINES)
        if checks.found:
            return _unmappable(checks.found[0], mapped.shop, mapped.external_id)
        return mapped
    return Unmappable(
        mapped.reason,
        mapped.field,
        mapped.message,
        _storable(mapped.shop),
        _storable(mapped.external_order_id),
    )


def _unmappable(violation: Violation, shop: str, external_order_id: str) -> Unmappable:
    text = text_of(violation.reason)
    return Unmappable(
        violation.reason.value,
        violation.field,
        LocalizedText(text.zh, violation.message or text.en),
        _storable(shop),
        _storable(external_order_id),
    )


def _storable(text: str) -> str:
    """Return a text as a key may hold it: no control characters, not too long."""
    return "".join(c for c in text if c.isprintable())[:256]
