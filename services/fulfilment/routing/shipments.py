"""What a warehouse's day is planned from, as the database holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services.fulfilment.catalogue import AMBIENT
from services.fulfilment.sql import among
from services.fulfilment.store import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

SHIPMENT = metadata.tables["shipment"]
WAREHOUSE = metadata.tables["warehouse"]
VEHICLE = metadata.tables["vehicle"]
SKU = metadata.tables["sku"]
# Not yet on a vehicle.
WAITING = (
    allocation_v1.SHIPMENT_STATE_ALLOCATED,
    allocation_v1.SHIPMENT_STATE_RELEASED,
    allocation_v1.SHIPMENT_STATE_PACKED,
)
MOST_WAITING = 20_000  # more than any day's plan takes; keeps one request's memory bounded


@dataclass(frozen=True)
class DepotDay:
    """A warehouse with its vehicles, what waits there, and the zones of those goods."""

    warehouse: inventory_v1.Warehouse
    vehicles: list[inventory_v1.Vehicle]
    shipments: list[allocation_v1.Shipment]
    zones: dict[str, int]


def read(connection: Connection, warehouse_id: str) -> DepotDay | None:
    """Return the depot's own-fleet work, oldest order first; `None` for an unknown warehouse."""
    row = connection.execute(
        sa.select(WAREHOUSE.c.payload).where(WAREHOUSE.c.id == warehouse_id)
    ).one_or_none()
    if row is None:
        return None
    shipments = list(_waiting(connection, warehouse_id))
    return DepotDay(
        inventory_v1.Warehouse.FromString(row.payload),
        _vehicles(connection, warehouse_id),
        shipments,
        _zones(connection, sorted({line.sku for s in shipments for line in s.lines})),
    )


def _waiting(connection: Connection, warehouse_id: str) -> Iterator[allocation_v1.Shipment]:
    query = (
        sa.select(SHIPMENT.c.payload)
        .where(
            SHIPMENT.c.warehouse_id == warehouse_id,
            SHIPMENT.c.mode == allocation_v1.SHIPMENT_MODE_OWN_FLEET,
            SHIPMENT.c.state.in_(WAITING),
        )
        .order_by(SHIPMENT.c.order_number, SHIPMENT.c.ordinal)
        .limit(MOST_WAITING)
    )
    for row in connection.execute(query):
        yield allocation_v1.Shipment.FromString(row.payload)


def _vehicles(connection: Connection, warehouse_id: str) -> list[inventory_v1.Vehicle]:
    query = (
        sa.select(VEHICLE.c.payload)
        .where(VEHICLE.c.warehouse_id == warehouse_id)
        .order_by(VEHICLE.c.id)
    )
    return [inventory_v1.Vehicle.FromString(row.payload) for row in connection.execute(query)]


def _zones(connection: Connection, skus: Sequence[str]) -> dict[str, int]:
    query = sa.select(SKU.c.id, SKU.c.payload)
    return {
        row.id: inventory_v1.Sku.FromString(row.payload).temperature or AMBIENT
        for row in among(connection, query, SKU.c.id, skus)
    }
