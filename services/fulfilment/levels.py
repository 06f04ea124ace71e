"""The ledger as callers read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services.fulfilment.ledger import STOCK
from services.fulfilment.store import STOCK_COLUMNS

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

_KEY = (STOCK.c.warehouse_id, STOCK.c.sku, STOCK.c.batch)


def page_of(
    connection: Connection,
    request: inventory_v1.GetAvailabilityRequest,
    after: tuple[str, str, str] | None,
    limit: int,
) -> list[inventory_v1.StockLevel]:
    """Return levels by warehouse, SKU and batch."""
    query = _filtered(sa.select(STOCK), request).order_by(*_KEY).limit(limit)
    if after is not None:
        query = query.where(sa.tuple_(*_KEY) > sa.tuple_(*map(sa.literal, after)))
    return [level_from(row) for row in connection.execute(query)]


def totals_of(
    connection: Connection, request: inventory_v1.GetAvailabilityRequest
) -> inventory_v1.StockTotals:
    """Return the sums over everything the filter matches."""
    sums = [sa.func.coalesce(sa.func.sum(STOCK.c[name]), 0).label(name) for name in STOCK_COLUMNS]
    row = connection.execute(_filtered(sa.select(*sums), request)).one()
    return inventory_v1.StockTotals(**{name: int(getattr(row, name)) for name in STOCK_COLUMNS})


def level_from(row: Any) -> inventory_v1.StockLevel:
    """Return the level that `row`, a whole row of the ledger, keeps."""
    level = inventory_v1.StockLevel(
        warehouse_id=row.warehouse_id,
        sku=row.sku,
        batch=row.batch,
        **{name: getattr(row, name) for name in STOCK_COLUMNS},
    )
    if row.expires_us is not None:
        level.expires_at.FromMicroseconds(row.expires_us)
    return level


def _filtered(query: Select[Any], request: inventory_v1.GetAvailabilityRequest) -> Select[Any]:
    if request.skus:
        query = query.where(STOCK.c.sku.in_(sorted(set(request.skus))))
    if request.warehouse_ids:
        query = query.where(STOCK.c.warehouse_id.in_(sorted(set(request.warehouse_ids))))
    return query
