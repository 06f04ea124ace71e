"""The latest decision about each order, as it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services._kit.database import RetryTransactionError
from services.fulfilment.sql import add_rows, among
from services.fulfilment.store import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from services.fulfilment.parcel_days import Slot

ALLOCATION = metadata.tables["allocation"]

_COLUMNS = [column.name for column in ALLOCATION.columns]
_UPDATE = (
    ALLOCATION.update()
    .where(ALLOCATION.c.order_number == sa.bindparam("of_order"))
    .values({name: sa.bindparam(name) for name in _COLUMNS if name != "order_number"})
)
_LOCK = (
    sa.select(*(ALLOCATION.c[name] for name in _COLUMNS))
    .order_by(ALLOCATION.c.order_number)
    .with_for_update()
)


class Stored(NamedTuple):
    """What is kept of an order; see `AllocationRow` for the columns."""

    order_number: str
    revision: int = 0
    released_revision: int = 0
    reserve_only: bool = False
    shipments: int = 0
    events: int = 0
    parcels: str = "[]"
    answer: bytes = b""
    options: bytes = b""

    @property
    def counted(self) -> list[Slot]:
        """Daily counts that a parcel of this order stands in, once for each parcel."""
        return [(warehouse_id, day) for warehouse_id, day in orjson.loads(self.parcels)]

    def message(self) -> allocation_v1.OrderAllocation:
        """Return the answer given; of an order released before any decision, that it has none."""
        if self.answer:
            return allocation_v1.OrderAllocation.FromString(self.answer)
        return allocation_v1.OrderAllocation(
            order_number=self.order_number,
            revision=self.released_revision,
            status=allocation_v1.ALLOCATION_STATUS_NONE,
        )


def lock(connection: Connection, numbers: Iterable[str]) -> dict[str, Stored]:
    """Return what is kept of the orders, locked; an order without a row is left out.

    The row guards everything else that belongs to its order, so it is locked first.
    """
    rows = among(connection, _LOCK, ALLOCATION.c.order_number, sorted(set(numbers)))
    return {row.order_number: Stored._make(row) for row in rows}


def find(connection: Connection, order_number: str) -> Stored | None:
    """Return what is kept of an order, unlocked."""
    query = sa.select(*(ALLOCATION.c[name] for name in _COLUMNS)).where(
        ALLOCATION.c.order_number == order_number
    )
    row = connection.execute(query).one_or_none()
    return Stored._make(row) if row else None


def write(connection: Connection, before: dict[str, Stored], after: Sequence[Stored]) -> None:
    """Store `after`; `before` are the rows that were locked.

    Raises
    ------
    RetryTransactionError
        When another transaction decided about one of the orders first.
    """
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for row in sorted(after):
        values = row._asdict()
        if row.order_number in before:
            changed.append({"of_order": values.pop("order_number"), **values})
        else:
            fresh.append(values)
    if changed:
        connection.execute(_UPDATE, changed)
    if fresh:
        try:
            add_rows(connection, ALLOCATION, fresh)
        except IntegrityError as error:
            raise RetryTransactionError("an order was decided about meanwhile") from error


def counted_json(slots: Iterable[Slot]) -> str:
    """Return what `Stored.counted` reads."""
    return orjson.dumps(sorted(slots)).decode()
