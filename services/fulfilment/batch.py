"""A batch under decision: the moment, what is locked for it, and what it is going to write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from services._kit.database import RetryTransactionError
from services.fulfilment import decisions
from services.fulfilment.checks import now_us
from services.fulfilment.sql import add_rows
from services.fulfilment.store import metadata, outbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
    from services._kit.events import NewEvent
    from services.fulfilment.catalogue import SkuFacts, WarehouseFacts
    from services.fulfilment.decisions import Stored
    from services.fulfilment.ledger import LockedStock
    from services.fulfilment.parcel_days import LockedDays, Slot

RESERVATION = metadata.tables["reservation"]
SHIPMENT = metadata.tables["shipment"]


@dataclass(frozen=True)
class Moment:
    """When, by whom and among what a batch is decided."""

    at: datetime
    actor: str
    skus: Mapping[str, SkuFacts]
    warehouses: Mapping[str, WarehouseFacts]
    days: Mapping[str, str]  # each warehouse's calendar day

    @property
    def us(self) -> int:
        """Microseconds since 1970."""
        return now_us(self.at)

    def slots_of(self, warehouse_ids: Iterable[str]) -> list[Slot]:
        """Return today's counts of those of `warehouse_ids` that have a daily limit."""
        return [
            (w, self.days[w]) for w in warehouse_ids if self.warehouses[w].message.parcels_per_day
        ]


@dataclass
class Batch:
    """What a batch stands on, and what it adds to it; everything is written at its end.

    Attributes
    ----------
    answers
        By order number.
    """

    moment: Moment
    stock: LockedStock
    days: LockedDays
    answers: dict[str, allocation_v1.OrderAllocation]
    decisions: list[Stored] = field(default_factory=list)
    reservations: list[dict[str, Any]] = field(default_factory=list)
    shipments: list[dict[str, Any]] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)

    def write(self, connection: Connection, before: dict[str, Stored]) -> None:
        """Write everything; the database's own constraints have the last word.

        Raises
        ------
        RetryTransactionError
            When another transaction decided about one of the orders meanwhile.
        """
        decisions.write(connection, before, self.decisions)
        self.stock.write(connection)
        self.days.write(connection)
        try:
            add_rows(connection, RESERVATION, self.reservations)
            add_rows(connection, SHIPMENT, self.shipments)
        except IntegrityError as error:
            raise RetryTransactionError("an order was decided about meanwhile") from error
        outbox.append(connection, self.events)
