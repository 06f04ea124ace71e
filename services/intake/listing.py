"""Lists by page, each in an order of its own, and the counts that go with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from orderhub.common.v1 import event_pb2 as event_v1
from orderhub.common.v1 import text_pb2 as text_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services._kit.pages import page_size
from services.intake import store
from services.intake.convert import micros_of, timestamp
from services.intake.records import records_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.message import Message
    from sqlalchemy import Connection

    from services._kit.events import Event
    from services._kit.outbox import Outbox
    from services._kit.pages import PageTokens

Position = list[str | int] | None


class Page:
    """Where a listing begins and how much it gives, read from a request.

    Parameters
    ----------
    scope
        Whose listing it is, as a channel's: its tokens are of no use to others.
    """

    def __init__(self, request: Any, tokens: PageTokens, scope: str) -> None:
        self.size = page_size(request.page_size)
        self._query = _query_bytes(request, scope)
        self._tokens = tokens
        self.position: Position = tokens.position(self._query, request.page_token)

    def cut(self, rows: Sequence[Any], *names: str) -> tuple[Sequence[Any], str]:
        """Return the rows of this page, and the token of the next where one more was read."""
        if len(rows) <= self.size:
            return rows, ""
        shown = rows[: self.size]
        last = shown[-1]
        return shown, self._tokens.token(self._query, [getattr(last, name) for name in names])


def _query_bytes(request: Any, scope: str) -> bytes:
    query: Message = type(request)()
    query.CopyFrom(request)
    query.ClearField("page_size")
    query.ClearField("page_token")
    kind = request.DESCRIPTOR.full_name
    return f"{kind}\x1f{scope}\x1f".encode() + query.SerializeToString(deterministic=True)


def list_orders(
    connection: Connection, request: intake_v1.ListOrdersRequest, page: Page, own: str | None
) -> intake_v1.ListOrdersResponse:
    """List orders, newest first."""
    columns = store.orders.c
    query = (
        sa.select(columns.order_number, columns.accepted_us)
        .where(*order_filters(request, own))
        .order_by(columns.accepted_us.desc(), columns.order_number.desc())
        .limit(page.size + 1)
    )
    if request.states:
        query = query.where(columns.state.in_(list(request.states)))
    if request.hold_reason:
        query = query.where(
            sa.exists().where(
                store.holds.c.order_number == columns.order_number,
                store.holds.c.state == record_v1.HOLD_STATE_OPEN,
                store.holds.c.reason == request.hold_reason,
            )
        )
    if page.position is not None:
        query = query.where(
            sa.tuple_(columns.accepted_us, columns.order_number) < tuple(page.position)
        )
    rows, token = page.cut(connection.execute(query).all(), "accepted_us", "order_number")
    records = records_of(connection, [row.order_number for row in rows])
    return intake_v1.ListOrdersResponse(records=records, next_page_token=token)


def list_holds(
    connection: Connection, request: intake_v1.ListHoldsRequest, page: Page
) -> intake_v1.ListHoldsResponse:
    """List holds, the ones due first."""
    columns = store.holds.c
    query = (
        sa.select(columns.due_us, columns.hold_id, columns.hold_pb)
        .where(columns.state == (request.state or record_v1.HOLD_STATE_OPEN))
        .order_by(columns.due_us, columns.hold_id)
        .limit(page.size + 1)
    )
    for name in ("order_number", "reason", "queue"):
        if getattr(request, name):
            query = query.where(columns[name] == getattr(request, name))
    if page.position is not None:
        query = query.where(sa.tuple_(columns.due_us, columns.hold_id) > tuple(page.position))
    rows, token = page.cut(connection.execute(query).all(), "due_us", "hold_id")
    holds = [record_v1.Hold.FromString(row.hold_pb) for row in rows]
    return intake_v1.ListHoldsResponse(holds=holds, next_page_token=token)


def list_quarantined(
    connection: Connection,
    request: intake_v1.ListQuarantinedRequest,
    page: Page,
    own: str | None,
) -> intake_v1.ListQuarantinedResponse:
    """List what is kept aside, newest first; payloads are read only where asked for."""
    columns = store.quarantine.c
    names = [c for c in columns if c.name != "payload" or request.include_payload]
    query = (
        sa.select(*names)
        .order_by(columns.received_us.desc(), columns.quarantine_id.desc())
        .limit(page.size + 1)
    )
    for channel in (own, request.channel):
        if channel:
            query = query.where(columns.channel == channel)
    if request.reason:
        query = query.where(columns.reason == request.reason)
    if page.position is not None:
        query = query.where(
            sa.tuple_(columns.received_us, columns.quarantine_id) < tuple(page.position)
        )
    rows, token = page.cut(connection.execute(query).all(), "received_us", "quarantine_id")
    return intake_v1.ListQuarantinedResponse(
        quarantined=[
            intake_v1.Quarantined(
                quarantine_id=row.quarantine_id,
                channel=row.channel,
                shop=row.shop,
                external_order_id=row.external_order_id,
                reason=row.reason,
                field=row.field,
                message=text_v1.LocalizedText(zh=row.zh, en=row.en),
                received_at=timestamp(row.received_us),
                payload=row.payload if request.include_payload else b"",
            )
            for row in rows
        ],
        next_page_token=token,
    )


def list_events(
    connection: Connection, outbox: Outbox, request: intake_v1.ListOrderEventsRequest, page: Page
) -> intake_v1.ListOrderEventsResponse:
    """List an order's events, first to last."""
    after = int(page.position[0]) if page.position else 0
    events = outbox.of_aggregate(connection, request.order_number, after=after, limit=page.size + 1)
    shown, token = page.cut(events, "aggregate_seq")
    return intake_v1.ListOrderEventsResponse(
        events=[event_of(event) for event in shown], next_page_token=token
    )


def event_of(event: Event) -> event_v1.Event:
    """Return an event of the outbox as it is sent."""
    found = event_v1.Event.FromString(event.data)
    found.cursor = event.cursor
    return found


def order_filters(request: Any, own: str | None) -> list[sa.ColumnElement[bool]]:
    """Return what a request asks for of orders, and whose the caller may see."""
    columns = store.orders.c
    return filters(request, own, columns.channel, columns.accepted_us)


def filters(
    request: Any,
    own: str | None,
    channel: sa.ColumnElement[str],
    instant_us: sa.ColumnElement[int],
) -> list[sa.ColumnElement[bool]]:
    """Return what a request's `channel`, `accepted_from` and `accepted_before` ask for."""
    found: list[sa.ColumnElement[bool]] = []
    if own is not None:
        found.append(channel == own)
    if request.channel:
        found.append(channel == request.channel)
    if request.HasField("accepted_from"):
        found.append(instant_us >= micros_of(request.accepted_from))
    if request.HasField("accepted_before"):
        found.append(instant_us < micros_of(request.accepted_before))
    return found
