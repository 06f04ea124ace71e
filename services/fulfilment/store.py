"""Fulfilment's tables. A row is a message as it was stored, plus the columns we query by.

Instants are microseconds since 1970, UTC (`_us`), so that both databases compare them alike.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services._kit.outbox import Outbox
from services._kit.tables import request_v1

LEASED = int(inventory_v1.RESERVATION_STATE_LEASED)
STOCK_COLUMNS = ("received", "adjusted", "shipped", "reserved", "frozen", "available")

# Codes sort by their bytes in both databases, whatever the server's locale is.
CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

metadata = sa.MetaData()
outbox = Outbox(metadata, "orderhub/fulfilment")
sa.Table("request", metadata, *request_v1())  # `Requests` reads and writes it


def request_metadata() -> sa.MetaData:
    """Return metadata for a `Requests`, which declares its table itself."""
    return sa.MetaData()


def _code(**given: Any) -> Any:
    return Field(sa_type=CODE, **given)


def _big(**given: Any) -> Any:
    return Field(sa_type=sa.BigInteger, **given)


class Base(SQLModel):
    """What every table of this service shares: its own metadata."""

    metadata = metadata


class MasterVersionRow(Base, table=True):
    """One row: the number of the latest change of master data, which also serialises changes."""

    __tablename__ = "master_version"

    id: int = Field(primary_key=True, sa_type=sa.SmallInteger)
    version: int = _big()


class SkuRow(Base, table=True):
    """A SKU."""

    __tablename__ = "sku"

    id: str = _code(primary_key=True)
    version: int = _big(index=True)
    payload: bytes


class WarehouseRow(Base, table=True):
    """A warehouse."""

    __tablename__ = "warehouse"

    id: str = _code(primary_key=True)
    version: int = _big(index=True)
    payload: bytes


class VehicleRow(Base, table=True):
    """A kind of vehicle."""

    __tablename__ = "vehicle"

    id: str = _code(primary_key=True)
    warehouse_id: str = _code(index=True)
    version: int = _big(index=True)
    payload: bytes


class StockRow(Base, table=True):
    """The ledger of one batch; the database itself keeps it balanced."""

    __tablename__ = "stock"
    __table_args__ = (
        sa.CheckConstraint(
            "received + adjusted = available + reserved + frozen + shipped", name="stock_balance"
        ),
        *(
            sa.CheckConstraint(f"{name} >= 0", name=f"stock_{name}")
            for name in STOCK_COLUMNS
            if name != "adjusted"
        ),
        sa.Index("stock_by_warehouse", "warehouse_id", "sku", "batch"),
    )

    sku: str = _code(primary_key=True)
    warehouse_id: str = _code(primary_key=True)
    batch: str = _code(primary_key=True)
    received: int = _big()
    adjusted: int = _big()
    shipped: int = _big()
    reserved: int = _big()
    frozen: int = _big()
    available: int = _big()
    expires_us: int | None = _big()
    location: str = Field(sa_type=sa.Text)


class ReservationRow(Base, table=True):
    """Pieces of one batch promised to one order line; a line may take several batches."""

    __tablename__ = "reservation"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="reservation_quantity"),
        sa.Index(
            "reservation_lease",
            "lease_ends_us",
            sqlite_where=sa.text(f"state = {LEASED}"),
            postgresql_where=sa.text(f"state = {LEASED}"),
        ),
    )

    order_number: str = _code(primary_key=True)
    revision: int = _big(primary_key=True)
    line_no: int = Field(primary_key=True)
    batch: str = _code(primary_key=True)
    warehouse_id: str = _code()
    sku: str = _code()
    quantity: int = _big()
    state: int = Field(sa_type=sa.SmallInteger)
    lease_ends_us: int | None = _big()


class AllocationRow(Base, table=True):
    """The latest decision about an order.

    `released_revision` is the latest revision whose stock was given back for good: a decision
    about it that arrives late reserves nothing. `parcels` are the daily counts that the order
    stands in, a JSON list of warehouse and day. `options` is what `options.unpack` reads.
    """

    __tablename__ = "allocation"

    order_number: str = _code(primary_key=True)
    revision: int = _big()
    released_revision: int = _big()
    reserve_only: bool
    shipments: int  # made so far, cancelled ones included: numbers are never used again
    events: int
    parcels: str = Field(sa_type=sa.Text)
    answer: bytes
    options: bytes


class ShipmentRow(Base, table=True):
    """One parcel; `state` is the truth, the payload keeps the first one."""

    __tablename__ = "shipment"
    __table_args__ = (
        sa.Index(
            "shipment_by_warehouse", "warehouse_id", "mode", "state", "order_number", "ordinal"
        ),
    )

    order_number: str = _code(primary_key=True)
    ordinal: int = Field(primary_key=True)
    warehouse_id: str = _code()
    mode: int = Field(sa_type=sa.SmallInteger)
    state: int = Field(sa_type=sa.SmallInteger)
    payload: bytes


class ParcelDayRow(Base, table=True):
    """Parcels promised from a warehouse with a daily limit, by its own calendar day."""

    __tablename__ = "parcel_day"
    __table_args__ = (sa.CheckConstraint("parcels >= 0", name="parcel_day_parcels"),)

    warehouse_id: str = _code(primary_key=True)
    day: str = _code(primary_key=True)  # ISO 8601
    parcels: int = _big()
