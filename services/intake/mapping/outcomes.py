"""What became of a payload, as plain data: for fixtures and for people."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict

from services.intake.mapped import MappedCancellation, MappedOrder

if TYPE_CHECKING:
    from services.intake.mapped import Mapped


def plain(mapped: Mapped) -> dict[str, Any]:
    """Return `mapped` as JSON can say it: under `order`, `cancellation` or `unmappable`."""
    if isinstance(mapped, MappedOrder):
        return {"order": MessageToDict(mapped.order, preserving_proto_field_name=True)}
    if isinstance(mapped, MappedCancellation):
        content = dataclasses.asdict(mapped)
        content["occurred_at"] = mapped.occurred_at.isoformat()
        content["lines"] = [dataclasses.asdict(line) for line in mapped.lines]
        return {"cancellation": content}
    return {"unmappable": dataclasses.asdict(mapped)}


def headline(mapped: Mapped) -> str:
    """Return one sentence on `mapped`."""
    if isinstance(mapped, MappedOrder):
        order = mapped.order
        return (
            f"order {order.external_order_id} of shop {order.shop}: {len(order.lines)} lines, "
            f"{order.total_minor} {order.currency} minor units"
        )
    if isinstance(mapped, MappedCancellation):
        return (
            f"cancellation {mapped.external_id}: {len(mapped.lines)} lines of an earlier order "
            f"of customer {mapped.customer_id}"
        )
    return f"kept aside, {mapped.reason}: {mapped.message.en} {mapped.message.zh}"
