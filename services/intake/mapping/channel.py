"""One channel's mapping, compiled: from a payload's bytes to what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.intake.mapped import (
    CancelledLine,
    LocalizedText,
    MappedCancellation,
    MappedOrder,
    Unmappable,
)
from services.intake.mapping.assemble import assemble
from services.intake.mapping.currencies import EXPONENTS
from services.intake.mapping.instants import moment_of
from services.intake.mapping.payload import decode
from services.intake.mapping.reasons import Fault, MappingReason, bad_value
from services.intake.mapping.totals import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.intake.mapped import Mapped
    from services.intake.mapping.columns import Columns
    from services.intake.mapping.conditions import Condition
    from services.intake.mapping.extras import Extras
    from services.intake.mapping.lines import Lines
    from services.intake.mapping.orderfields import OrderFields
    from services.intake.mapping.paths import Path
    from services.intake.mapping.rulesets import RefuseRule
    from services.intake.mapping.skus import SkuOf

DEFAULT_SHOP = "default"


@dataclass(slots=True)
class Reading:
    """One payload being read.

    Attributes
    ----------
    root
        The payload, its columns renamed where the channel declares some.
    here
        What the order's paths count from, and `scope`, how a path to it is written.
    headers
        Column → header as the payload has it.
    """

    root: dict[str, Any]
    here: dict[str, Any]
    scope: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class ChannelMapping:
    """A channel as its mapping file declares it. Immutable, and free to be used by threads.

    Attributes
    ----------
    name
        The channel, as its folder is called.
    title
        The channel for people.
    facts
        Groups of rule facts the channel provides: `order` and those under `provides`.
    order_at
        What the order's paths count from; unset: the payload.
    split_allowed
        Whether several warehouses may serve an order, where the payload does not say.
    cancels
        Whether a payload calls pieces of an earlier order off; unset: none does.
    """

    name: str
    title: LocalizedText
    facts: frozenset[str]
    order_at: Path | None
    columns: Columns | None
    split_allowed: bool | None
    fields: OrderFields
    lines: Lines
    extras: Extras
    cancels: Condition | None
    refusals: Sequence[RefuseRule]

    def map(self, body: bytes, shop: str, sku_of: SkuOf) -> Mapped:
        """Return what `body` is; never raises for anything a channel may send.

        Parameters
        ----------
        body
            The payload as it came: one JSON object in UTF-8.
        shop
            The shop the caller names; empty: as the payload says, else `default`.
        sku_of
            The hub's SKU for a channel's name of it; `None` where it is unknown.
        """
        identity = {"shop": shop, "external_order_id": ""}
        reading: Reading | None = None
        try:
            reading = self.open(decode(body))
            self._identify(reading, identity, shop)
            return self._map(reading, identity, sku_of)
        except Fault as fault:
            field = in_channel_words(fault, reading)
            return Unmappable(
                reason=str(fault.reason),
                field=field,
                message=fault.message(field),
                shop=identity["shop"] or DEFAULT_SHOP,
                external_order_id=identity["external_order_id"],
            )

    def open(self, root: dict[str, Any]) -> Reading:
        """Return the payload ready to be read, its columns renamed and the order found."""
        headers: dict[str, str] = {}
        if self.columns is not None:
            each, rows = self.lines.rows(root)
            for index, row in enumerate(rows):
                if type(row) is not dict:
                    fault = bad_value("应为对象", "an object is expected")
                    fault.path = f"$.{each}[{index}]"
                    raise fault
            headers = self.columns.headers_of(rows[0]) if rows else {}
            root = {**root, each: [self.columns.translated(row) for row in rows]}
        if self.order_at is None:
            return Reading(root, root, "", headers)
        here = self.order_at.get(root, root)
        if here is None:
            raise Fault(MappingReason.NO_LINES, f"$.{self.lines.each[0].text}")
        if type(here) is not dict:
            fault = bad_value("应为对象", "an object is expected")
            fault.path = f"$.{self.order_at.text}"
            raise fault
        return Reading(root, here, self.order_at.text, headers)

    def _identify(self, reading: Reading, identity: dict[str, str], shop: str) -> None:
        try:
            for name, field in self.fields.identity:
                value = field.read(reading.here, reading.root)
                if value is not None and not (name == "shop" and shop):
                    identity[name] = value
        except Fault as fault:
            raise fault.within(reading.scope) from None

    def _map(self, reading: Reading, identity: dict[str, str], sku_of: SkuOf) -> Mapped:
        here, root = reading.here, reading.root
        values: dict[str, Any] = dict(identity)
        values["shop"] = identity["shop"] or DEFAULT_SHOP
        try:
            currency = self.fields.currency.read(here, root)
            exponent = EXPONENTS[currency]
            values["currency"] = currency
            cancelling = self.cancels is not None and self.cancels(here, root)
            self.fields.read_plain(values, here, root)
            if not cancelling:
                self.fields.read_money(values, here, root, exponent)
                labels = self.extras.read_labels(here, root)
        except Fault as fault:
            raise fault.within(reading.scope) from None
        collected = self.lines.collect(root, exponent, sku_of, cancelling=cancelling)
        if cancelling:
            return self._cancellation(reading, values, collected.lines)
        if self.split_allowed is not None:
            values.setdefault("split_allowed", self.split_allowed)
        try:
            settle(values, self.fields, collected)
            for rule in self.refusals:
                rule.check(here, root, values)
            attributes = self.extras.read_attributes(here, root, collected.aside_minor)
            order = assemble(self.name, values, collected, labels, attributes)
        except Fault as fault:
            raise fault.within(reading.scope) from None
        return MappedOrder(order)

    def _cancellation(
        self, reading: Reading, values: dict[str, Any], lines: list[Any]
    ) -> MappedCancellation:
        customer_id = values.get("customer_id")
        if customer_id is None:
            customer = dict(self.fields.plain).get("customer_id")
            path = "customer_id" if customer is None else customer.source.texts[0]
            raise Fault(MappingReason.MISSING_CUSTOMER, path).within(reading.scope)
        return MappedCancellation(
            shop=values["shop"],
            external_id=values["external_order_id"],
            customer_id=customer_id,
            occurred_at=moment_of(values["placed_at"]),
            currency=values["currency"],
            lines=tuple(
                CancelledLine(line.sku, line.quantity, line.unit_price_minor) for line in lines
            ),
        )


def in_channel_words(fault: Fault, reading: Reading | None) -> str:
    """Return the fault's path as the channel writes it: from the root, by its own headers."""
    path = fault.path.removeprefix("$.")
    if reading is None or not reading.headers:
        return path
    head, dot, last = path.rpartition(".")
    return f"{head}{dot}{reading.headers.get(last, last)}"
