"""Parcels promised per day from warehouses that have a daily limit.

An order counts on the day of its decision, reserved or shipped; when its shipments are made on a
later day it moves there, as a promise is kept even beyond the limit: the limit binds decisions
only. Parcels count from the moment the warehouse has a limit.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.fulfilment.sql import among
from services.fulfilment.store import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

PARCEL_DAY = metadata.tables["parcel_day"]

Slot = tuple[str, str]  # warehouse, day


class LockedDays:
    """Counts of some warehouses and days, locked; changes are collected and written once."""

    def __init__(self, used: Mapping[Slot, int]) -> None:
        self.used = dict(used)
        self._changes: Counter[Slot] = Counter()

    def count(self, slot: Slot) -> int:
        """Return parcels promised, this transaction's own included."""
        return self.used.get(slot, 0)

    def add(self, slot: Slot, parcels: int) -> None:
        """Promise `parcels` more, or give back where negative."""
        self.used[slot] = self.used.get(slot, 0) + parcels
        self._changes[slot] += parcels

    def write(self, connection: Connection) -> None:
        """Write the net changes."""
        rows = [
            {"of_warehouse": warehouse_id, "of_day": day, "more": parcels}
            for (warehouse_id, day), parcels in sorted(self._changes.items())
            if parcels
        ]
        if rows:
            connection.execute(_MORE, rows)
        self._changes.clear()


_MORE = (
    PARCEL_DAY.update()
    .where(
        PARCEL_DAY.c.warehouse_id == sa.bindparam("of_warehouse"),
        PARCEL_DAY.c.day == sa.bindparam("of_day"),
    )
    .values(parcels=PARCEL_DAY.c.parcels + sa.bindparam("more", type_=sa.BigInteger))
)


def lock(connection: Connection, slots: Iterable[Slot]) -> LockedDays:
    """Lock the counts of `slots` in warehouse and day order, making those that are absent."""
    wanted = sorted(set(slots))
    if not wanted:
        return LockedDays({})
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    connection.execute(
        insert(PARCEL_DAY).on_conflict_do_nothing(),
        [{"warehouse_id": w, "day": day, "parcels": 0} for w, day in wanted],
    )
    query = (
        sa.select(PARCEL_DAY)
        .order_by(PARCEL_DAY.c.warehouse_id, PARCEL_DAY.c.day)
        .with_for_update()
    )
    ids = sorted({w for w, _ in wanted})
    days = sorted({day for _, day in wanted})
    query = query.where(PARCEL_DAY.c.day.in_(days))
    rows = among(connection, query, PARCEL_DAY.c.warehouse_id, ids)
    return LockedDays({(row.warehouse_id, row.day): row.parcels for row in rows})
