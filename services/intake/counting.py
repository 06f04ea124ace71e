"""Counts of orders, events, holds and what was kept aside; they add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services.intake import store
from services.intake.convert import timestamp
from services.intake.listing import filters, order_filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


def count_orders(
    connection: Connection, request: intake_v1.CountOrdersRequest, own: str | None
) -> intake_v1.CountOrdersResponse:
    """Count orders; every sum is of one snapshot where the database gives one."""
    columns = store.orders.c
    where = order_filters(request, own)
    total = sa.func.sum
    states = connection.execute(
        sa.select(
            columns.state,
            sa.func.count(),
            total(sa.case((columns.work != 0, 1), else_=0)),
            total(columns.events),
            total(columns.allocation_cost_minor),
            total(columns.nearest_cost_minor),
            total(columns.unfilled_lines),
            sa.func.max(columns.updated_us),
        )
        .where(*where)
        .group_by(columns.state)
        .order_by(columns.state)
    ).all()
    response = intake_v1.CountOrdersResponse(
        orders=sum(row[1] for row in states),
        by_state=[intake_v1.StateCount(state=row[0], orders=row[1]) for row in states],
        unfinished=_sum(states, 2),
        events=_sum(states, 3),
        allocation_cost_minor=_sum(states, 4),
        nearest_cost_minor=_sum(states, 5),
        unfilled_lines=_sum(states, 6),
    )
    if states:
        response.last_change_at.CopyFrom(timestamp(max(row[7] for row in states)))
    for reason, count in sorted(_reasons(connection, request, where, own).items()):
        response.by_reason.add(reason=reason, count=count)
    return response


def _sum(rows: Sequence[Any], index: int) -> int:
    return sum(int(row[index]) for row in rows)


def _reasons(
    connection: Connection,
    request: intake_v1.CountOrdersRequest,
    where: list[sa.ColumnElement[bool]],
    own: str | None,
) -> dict[str, int]:
    found: dict[str, int] = {}
    for table in (store.holds, store.unfilled):
        joined = table.join(store.orders, store.orders.c.order_number == table.c.order_number)
        query = (
            sa.select(table.c.reason, sa.func.count())
            .select_from(joined)
            .where(*where)
            .group_by(table.c.reason)
        )
        for reason, count in connection.execute(query):
            found[reason] = found.get(reason, 0) + count
    aside = store.quarantine
    query = sa.select(aside.c.reason, sa.func.count()).where(
        *filters(request, own, aside.c.channel, aside.c.received_us)
    )
    for reason, count in connection.execute(query.group_by(aside.c.reason)):
        found[reason] = found.get(reason, 0) + count
    return found
