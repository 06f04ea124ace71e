"""Orders in the hub's own terms, made from a marketplace by the channel's mapping."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub_client.scenario import payloads_for
from services.intake.mapped import MappedOrder
from services.intake.mapping import load_channels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANNEL = "olist"


def paid_orders(folder: Path, count: int, mark: str) -> list[order_v1.Order]:
    """Return up to `count` paid orders, told from the file's own by `mark` in their ids."""
    return list(itertools.islice(_paid_orders(folder, mark), count))


def _paid_orders(folder: Path, mark: str) -> Iterator[order_v1.Order]:
    mapping = load_channels()[CHANNEL]
    for number, payload in enumerate(payloads_for(CHANNEL, folder)):
        mapped = mapping.map(payload.body, "", _as_it_is)
        if not isinstance(mapped, MappedOrder):
            continue
        order = mapped.order
        if order.upstream_status == order_v1.UPSTREAM_STATUS_PAID:
            order.external_order_id = f"{mark}-{number}"
            order.customer_id = f"{mark}-{order.customer_id}"  # velocity rules count by customer
            yield order


def _as_it_is(channel_sku: str) -> str:
    return channel_sku
