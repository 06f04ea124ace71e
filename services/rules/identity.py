"""Who an order belongs to, as keyed hashes: what velocity is counted by, never a phone number."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub.common.v1 import order_pb2 as order_v1
from services.rules.addresses import canonical
from services.rules.phones import is_masked, normalised

if TYPE_CHECKING:
    from orderhub.common.v1.order_pb2 import Order


@dataclass(frozen=True, slots=True)
class Keys:
    """Keyed hashes of phone, address and account; None where an order has none to compare."""

    phone: bytes | None = None
    address: bytes | None = None
    customer: bytes | None = None

    def of(self, name: str) -> bytes | None:
        """Return the key that a feature calls `name`."""
        return {"phone": self.phone, "address": self.address, "customer": self.customer}[name]


def keys_of(order: Order, secret: bytes) -> Keys:
    """Return the keys of `order`; `secret` belongs to the installation.

    Two masked numbers are never the same number: such an order is known by the platform's token,
    else by its address.
    """
    recipient, country = order.recipient, order.destination.country or "CN"
    address = None
    if recipient.street.strip():
        area = order.destination
        address = canonical(country, area.province, area.city, area.district, recipient.street)
    customer = f"{order.channel}|{order.customer_id}" if order.customer_id else None
    return Keys(
        phone=_hashed(secret, _phone(order, address)),
        address=_hashed(secret, address and f"address|{address}"),
        customer=_hashed(secret, customer and f"customer|{customer}"),
    )


def phone_kind(order: Order) -> str:
    """Return what the recipient's number is: REAL, VIRTUAL, MASKED, TOKEN or NONE."""
    recipient = order.recipient
    if not recipient.phone.strip():
        return "TOKEN" if recipient.platform_token else "NONE"
    if recipient.phone_kind == order_v1.PHONE_KIND_TOKEN:
        return "TOKEN"
    if recipient.phone_kind == order_v1.PHONE_KIND_MASKED or is_masked(recipient.phone):
        return "MASKED"
    return "VIRTUAL" if recipient.phone_kind == order_v1.PHONE_KIND_VIRTUAL else "REAL"


def _phone(order: Order, address: str | None) -> str | None:
    recipient, kind = order.recipient, phone_kind(order)
    digits = normalised(recipient.phone, order.destination.country or "CN")
    if kind == "REAL":
        return f"phone|{digits}"
    token = recipient.platform_token or (recipient.phone if kind == "TOKEN" else "")
    if token:
        return f"token|{order.channel}|{token}"
    if kind == "VIRTUAL":
        return f"virtual|{digits}|{recipient.phone_extension}"
    return f"phone-at|{address}" if kind == "MASKED" and address else None


def _hashed(secret: bytes, text: str | None) -> bytes | None:
    return hashlib.blake2b(text.encode(), key=secret, digest_size=16).digest() if text else None
