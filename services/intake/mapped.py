"""What a channel's mapping makes of one payload; the only shapes mapping and intake share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from orderhub.common.v1 import order_pb2 as order_v1


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """A sentence for people, Chinese and English; no personal data."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class MappedOrder:
    """A payload that is an order, in the hub's own terms.

    Attributes
    ----------
    order
        As a submit would carry it: output-only fields unset. Not checked for limits yet.
    """

    order: order_v1.Order


@dataclass(frozen=True, slots=True)
class CancelledLine:
    """Pieces called off.

    Attributes
    ----------
    quantity
        Pieces, more than 0.
    unit_price_minor
        Price of one piece as it was ordered, in minor units.
    """

    sku: str
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class MappedCancellation:
    """A payload that calls off pieces of an earlier order which it does not name.

    Attributes
    ----------
    shop
        The shop in the channel, `default` where it has only one.
    external_id
        The channel's own id of the cancellation; makes it idempotent.
    customer_id
        Whose order it was.
    occurred_at
        When, aware, UTC; only orders placed up to then are meant.
    currency
        ISO 4217 code of the prices.
    lines
        At least one.
    """

    shop: str
    external_id: str
    customer_id: str
    occurred_at: datetime
    currency: str
    lines: tuple[CancelledLine, ...]


@dataclass(frozen=True, slots=True)
class Unmappable:
    """A payload that cannot become an order; it is kept aside until its cause is mended.

    Attributes
    ----------
    reason
        Reason code, as `UNKNOWN_SKU`.
    field
        The field concerned, in the channel's words; empty where none is.
    shop, external_order_id
        As far as they could be read, else empty.
    """

    reason: str
    field: str
    message: LocalizedText
    shop: str = ""
    external_order_id: str = ""


Mapped = MappedOrder | MappedCancellation | Unmappable


class PayloadMapping(Protocol):
    """What intake needs of a channel's mapping."""

    @property
    def name(self) -> str:
        """The channel, as its folder is called."""
        ...

    @property
    def facts(self) -> Collection[str]:
        """Names of the rule facts that the channel provides."""
        ...

    def map(self, body: bytes, shop: str, sku_of: Callable[[str], str | None]) -> Mapped:
        """Return what `body` is; never raises for anything a channel may send.

        Parameters
        ----------
        body
            The payload as it came.
        shop
            The shop the caller names; empty: as the payload says, else `default`.
        sku_of
            The hub's SKU for a channel's name of it; `None` where it is unknown.
        """
        ...
