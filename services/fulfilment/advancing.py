"""Shipments made later, from stock that was only reserved: after payment or review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services.fulfilment import reservations, shipments
from services.fulfilment.answers import made_transitions
from services.fulfilment.decisions import counted_json
from services.fulfilment.events import SHIPMENTS_MADE, new_event
from services.fulfilment.geo import degrees_of, distances_m
from services.fulfilment.shipments import Parcel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from services.fulfilment.batch import Batch, Moment
    from services.fulfilment.catalogue import WarehouseFacts
    from services.fulfilment.decisions import Stored
    from services.fulfilment.reservations import Held


def advance(
    connection: Connection,
    batch: Batch,
    order: allocation_v1.OrderToAllocate,
    stored: Stored,
    rows: Sequence[Held],
) -> None:
    """Make the shipments of a revision that only reserved, from what it still holds.

    Asked without a lease, the stock is firm from now on. Where nothing is held any more, the
    stored answer stands.
    """
    moment = batch.moment
    holding = [
        row
        for row in rows
        if row.revision == stored.revision and row.state in reservations.FREEABLE
    ]
    if not holding:
        return
    leased = [row for row in holding if row.state == reservations.LEASED]
    answer = stored.message()
    if leased and not order.HasField("lease"):
        reservations.set_state(connection, leased, reservations.CONFIRMED)
    if not leased or not order.HasField("lease"):
        answer.leased = False
        answer.ClearField("lease_ends_at")
    after = ship(batch, order, stored, holding, answer)
    batch.decisions.append(
        after._replace(
            reserve_only=False,
            events=stored.events + 1,
            answer=answer.SerializeToString(deterministic=True),
        )
    )
    batch.events.append(
        new_event(
            SHIPMENTS_MADE,
            order.order_number,
            moment.at,
            actor=moment.actor,
            sequence=stored.events + 1,
            transitions=made_transitions(answer),
            revision=order.revision,
        )
    )
    batch.answers[order.order_number] = answer


def ship(
    batch: Batch,
    order: allocation_v1.OrderToAllocate,
    stored: Stored,
    rows: Sequence[Held],
    answer: allocation_v1.OrderAllocation,
) -> Stored:
    """Make the shipments of `rows`, note them in `answer`, and count their parcels today.

    Returns
    -------
    Stored
        The decision's row with the numbers used and the days counted; its answer is the caller's.
    """
    moment = batch.moment
    parcels = _parcels(moment, order, rows)
    for ordinal, parcel in enumerate(parcels, stored.shipments + 1):
        shipment = shipments.shipment_of(order, ordinal, parcel, moment.skus, moment.us)
        answer.shipments.append(shipment)
        batch.shipments.append(shipments.row_values(shipment, ordinal))
    counted = moment.slots_of(parcel.warehouse.id for parcel in parcels)
    for slot in stored.counted:
        batch.days.add(slot, -1)
    for slot in counted:
        batch.days.add(slot, 1)
    return stored._replace(shipments=stored.shipments + len(parcels), parcels=counted_json(counted))


def _parcels(
    moment: Moment, order: allocation_v1.OrderToAllocate, rows: Sequence[Held]
) -> list[Parcel]:
    lines: dict[tuple[str, int], allocation_v1.LineToAllocate] = {}
    for row in rows:
        key = (row.warehouse_id, row.line_no)
        if key not in lines:
            lines[key] = allocation_v1.LineToAllocate(line_no=row.line_no, sku=row.sku)
        lines[key].quantity += row.quantity
    found: dict[tuple[str, tuple[int, bool]], Parcel] = {}
    for (warehouse_id, _), line in sorted(lines.items(), key=lambda item: item[0]):
        place = (warehouse_id, moment.skus[line.sku].parcel_class)
        if place not in found:
            house = moment.warehouses[warehouse_id]
            found[place] = Parcel(house, [], _distance_m(order, house))
        found[place].lines.append(line)
    return [found[key] for key in sorted(found)]


def _distance_m(order: allocation_v1.OrderToAllocate, house: WarehouseFacts) -> int:
    """Return great-circle metres, -1 where the destination is unknown."""
    if not order.destination.HasField("location"):
        return -1
    here = degrees_of([order.destination.location])
    return int(np.squeeze(distances_m(here, degrees_of([house.message.location]))))
