"""Orders as they are shown: read together, by page, without the person unless asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services.intake import store
from services.intake.book import CHUNK, COLUMNS
from services.intake.convert import DEFAULT_SHOP, micros_of, record_of
from services.intake.stored import OrderValues

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from orderhub.intake.v1 import intake_pb2 as intake_v1

_orders = store.orders


def records_of(
    connection: Connection, order_numbers: Sequence[str], *, include_recipient: bool = False
) -> list[record_v1.OrderRecord]:
    """Return the orders with these numbers, in that order; absent ones are left out."""
    contents, outcomes = store.contents, store.outcomes
    columns = [
        *(_orders.c[name] for name in COLUMNS),
        contents.c.order_pb,
        outcomes.c.outcome_pb,
    ]
    if include_recipient:
        columns.append(contents.c.recipient_pb)
    query = sa.select(*columns).select_from(
        _orders.join(contents, contents.c.order_number == _orders.c.order_number).outerjoin(
            outcomes, outcomes.c.order_number == _orders.c.order_number
        )
    )
    found: dict[str, record_v1.OrderRecord] = {}
    for begin in range(0, len(order_numbers), CHUNK):
        chunk = order_numbers[begin : begin + CHUNK]
        holds = _holds_of(connection, chunk)
        for row in connection.execute(query.where(_orders.c.order_number.in_(chunk))):
            values = OrderValues(*row[: len(COLUMNS)])
            order = order_v1.Order.FromString(row.order_pb)
            if include_recipient and row.recipient_pb:
                order.recipient.ParseFromString(row.recipient_pb)
            outcome = record_v1.OrderRecord.FromString(row.outcome_pb or b"")
            shown = holds.get(values.order_number, ())
            found[values.order_number] = record_of(values, order, outcome, shown)
    return [found[number] for number in order_numbers if number in found]


def named(
    connection: Connection, request: intake_v1.GetOrderRequest
) -> list[record_v1.OrderRecord]:
    """Return the order that `request` names, by number or by business key; empty for none."""
    number: str | None = request.order_number
    if not number:
        shop = request.shop or DEFAULT_SHOP
        number = number_of_key(connection, request.channel, shop, request.external_order_id)
    numbers = [number] if number else []
    return records_of(connection, numbers, include_recipient=request.include_recipient)


def number_of_key(
    connection: Connection, channel: str, shop: str, external_order_id: str
) -> str | None:
    """Return the number of the order with this business key."""
    number: str | None = connection.execute(
        sa.select(_orders.c.order_number).where(
            _orders.c.channel == channel,
            _orders.c.shop == shop,
            _orders.c.external_order_id == external_order_id,
        )
    ).scalar_one_or_none()
    return number


def channel_of(connection: Connection, order_number: str) -> str | None:
    """Return the channel of an order."""
    channel: str | None = connection.execute(
        sa.select(_orders.c.channel).where(_orders.c.order_number == order_number)
    ).scalar_one_or_none()
    return channel


def _holds_of(
    connection: Connection, order_numbers: Iterable[str]
) -> dict[str, list[record_v1.Hold]]:
    """Return holds by order: open ones first, then closed ones, oldest first."""
    table = store.holds
    query = sa.select(table.c.order_number, table.c.hold_pb).where(
        table.c.order_number.in_(list(order_numbers))
    )
    found: dict[str, list[record_v1.Hold]] = {}
    for number, data in connection.execute(query):
        found.setdefault(number, []).append(record_v1.Hold.FromString(data))
    for holds in found.values():
        holds.sort(key=_place)
    return found


def _place(hold: record_v1.Hold) -> tuple[bool, int, int]:
    nth = int(hold.hold_id.rpartition("H")[2])
    return hold.state != record_v1.HOLD_STATE_OPEN, micros_of(hold.opened_at), nth
