"""What channels call the hub's SKUs, kept in memory while payloads are mapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services._kit.bulk import insert_many
from services.intake import store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services._kit.database import Database
    from services.intake.listing import Page

FRESH_S = 5.0  # how late another process's new names are seen


class SkuNames:
    """A channel's names, read again when they are a few seconds old or were changed here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[str, tuple[float, Mapping[str, str]]] = {}

    async def of(self, channel: str) -> Callable[[str], str | None]:
        """Return what gives the hub's SKU for a name of `channel`, `None` for an unknown one."""
        known = self._known.get(channel)
        if known is None or self._clock.monotonic() - known[0] > FRESH_S:
            read_at = self._clock.monotonic()
            names = await self._database.read(lambda c: _read(c, channel))
            self._known[channel] = known = (read_at, names)
        return known[1].get

    def forget(self) -> None:
        """Read everything again: names were changed."""
        self._known.clear()


def put(connection: Connection, request: intake_v1.PutSkuMappingsRequest) -> int:
    """Store names; of one given twice the last counts."""
    rows = {
        (m.channel, m.channel_sku): {
            "channel": m.channel,
            "channel_sku": m.channel_sku,
            "sku": m.sku,
        }
        for m in request.mappings
    }
    insert_many(connection, store.sku_mappings, list(rows.values()), replace=True)
    return len(rows)


def list_names(
    connection: Connection, request: intake_v1.ListSkuMappingsRequest, page: Page
) -> intake_v1.ListSkuMappingsResponse:
    """List names by channel and name."""
    columns = store.sku_mappings.c
    query = (
        sa.select(columns.channel, columns.channel_sku, columns.sku)
        .order_by(columns.channel, columns.channel_sku)
        .limit(page.size + 1)
    )
    if request.channel:
        query = query.where(columns.channel == request.channel)
    if page.position is not None:
        query = query.where(sa.tuple_(columns.channel, columns.channel_sku) > tuple(page.position))
    rows, token = page.cut(connection.execute(query).all(), "channel", "channel_sku")
    return intake_v1.ListSkuMappingsResponse(
        mappings=[
            intake_v1.SkuMapping(channel=row.channel, channel_sku=row.channel_sku, sku=row.sku)
            for row in rows
        ],
        next_page_token=token,
    )


def _read(connection: Connection, channel: str) -> dict[str, str]:
    columns = store.sku_mappings.c
    query = sa.select(columns.channel_sku, columns.sku).where(columns.channel == channel)
    return {row.channel_sku: row.sku for row in connection.execute(query)}
