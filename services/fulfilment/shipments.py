"""Shipments: one per parcel, numbered within its order."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services.fulfilment.sql import among
from services.fulfilment.store import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from services.fulfilment.catalogue import SkuFacts, WarehouseFacts

SHIPMENT = metadata.tables["shipment"]

ALLOCATED = allocation_v1.SHIPMENT_STATE_ALLOCATED
CANCELLED = allocation_v1.SHIPMENT_STATE_CANCELLED
# Until it is packed, a shipment is called off by a word; later it must be stopped on its way.
CANCELLABLE = frozenset({int(ALLOCATED), int(allocation_v1.SHIPMENT_STATE_RELEASED)})

_CANCEL = (
    SHIPMENT.update()
    .where(
        SHIPMENT.c.order_number == sa.bindparam("of_order"),
        SHIPMENT.c.ordinal == sa.bindparam("of_ordinal"),
    )
    .values(state=int(CANCELLED))
)


class Parcel(NamedTuple):
    """A shipment to be made: which lines leave which warehouse together."""

    warehouse: WarehouseFacts
    lines: list[allocation_v1.LineToAllocate]
    distance_m: int  # -1 where the destination is unknown


def shipment_of(
    order: allocation_v1.OrderToAllocate,
    ordinal: int,
    parcel: Parcel,
    skus: Mapping[str, SkuFacts],
    now_us: int,
) -> allocation_v1.Shipment:
    """Return the shipment of `parcel`.

    Own vehicles carry it where the place is known and within the warehouse's radius.
    """
    radius_m = parcel.warehouse.message.own_fleet_radius_m
    near = 0 <= parcel.distance_m <= radius_m and radius_m > 0
    shipment = allocation_v1.Shipment(
        shipment_id=f"{order.order_number}-{ordinal}",
        order_number=order.order_number,
        warehouse_id=parcel.warehouse.id,
        state=ALLOCATED,
        mode=allocation_v1.SHIPMENT_MODE_OWN_FLEET if near else allocation_v1.SHIPMENT_MODE_CARRIER,
        distance_m=max(parcel.distance_m, 0),
        revision=order.revision,
    )
    for line in parcel.lines:
        shipment.lines.add(line_no=line.line_no, sku=line.sku, quantity=line.quantity)
        shipment.weight_g += skus[line.sku].weight_g * line.quantity
        shipment.volume_ml += skus[line.sku].volume_ml * line.quantity
    if order.HasField("destination"):
        shipment.destination.CopyFrom(order.destination)
    if order.HasField("delivery_window"):
        shipment.delivery_window.CopyFrom(order.delivery_window)
    shipment.created_at.FromMicroseconds(now_us)
    return shipment


def row_values(shipment: allocation_v1.Shipment, ordinal: int) -> dict[str, Any]:
    """Return the row that stores a new shipment."""
    return {
        "order_number": shipment.order_number,
        "ordinal": ordinal,
        "warehouse_id": shipment.warehouse_id,
        "mode": int(shipment.mode),
        "state": int(shipment.state),
        "payload": shipment.SerializeToString(deterministic=True),
    }


def shipment_from(row: Any) -> allocation_v1.Shipment:
    """Return the shipment in `row`; its state is the column's."""
    shipment = allocation_v1.Shipment.FromString(row.payload)
    shipment.state = row.state
    return shipment


def live_of(
    connection: Connection, numbers: Iterable[str]
) -> dict[str, list[allocation_v1.Shipment]]:
    """Return the shipments of the orders that were not called off, by order number."""
    found: dict[str, list[allocation_v1.Shipment]] = defaultdict(list)
    query = (
        sa.select(SHIPMENT)
        .where(SHIPMENT.c.state != int(CANCELLED))
        .order_by(SHIPMENT.c.order_number, SHIPMENT.c.ordinal)
    )
    for row in among(connection, query, SHIPMENT.c.order_number, sorted(set(numbers))):
        found[row.order_number].append(shipment_from(row))
    return found


def cancel(connection: Connection, shipments: Sequence[allocation_v1.Shipment]) -> None:
    """Call `shipments` off."""
    if shipments:
        connection.execute(
            _CANCEL,
            [
                {"of_order": s.order_number, "of_ordinal": ordinal_of(s.shipment_id)}
                for s in shipments
            ],
        )


def ordinal_of(shipment_id: str) -> int:
    """Return the number of a shipment within its order."""
    return int(shipment_id.rpartition("-")[2])


def page_of(
    connection: Connection,
    request: allocation_v1.ListShipmentsRequest,
    after: tuple[str, int] | None,
    limit: int,
) -> list[allocation_v1.Shipment]:
    """Return shipments by order number and number within the order."""
    key = (SHIPMENT.c.order_number, SHIPMENT.c.ordinal)
    query = sa.select(SHIPMENT).order_by(*key).limit(limit)
    for name in ("order_number", "warehouse_id", "mode", "state"):
        wanted = getattr(request, name)
        if wanted:
            query = query.where(SHIPMENT.c[name] == wanted)
    if after is not None:
        query = query.where(sa.tuple_(*key) > sa.tuple_(*map(sa.literal, after)))
    return [shipment_from(row) for row in connection.execute(query)]
