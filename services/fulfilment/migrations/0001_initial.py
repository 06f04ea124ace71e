"""Master data, the stock ledger, reservations, decisions, shipments, outbox, request ids."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from services._kit.tables import create_outbox_v1, create_request_v1

revision = "fulfilment_0001"
down_revision = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make every table, and the one row that numbers changes of master data."""
    version = op.create_table(
        "master_version",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        _big("version"),
    )
    op.bulk_insert(version, [{"id": 1, "version": 0}])
    _create_master("sku")
    _create_master("warehouse")
    _create_master("vehicle", _code("warehouse_id"))
    op.create_index("ix_vehicle_warehouse_id", "vehicle", ["warehouse_id"])
    _create_stock()
    _create_reservation()
    op.create_table(
        "allocation",
        _key("order_number"),
        _big("revision"),
        _big("released_revision"),
        sa.Column("reserve_only", sa.Boolean, nullable=False),
        sa.Column("shipments", sa.Integer, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("parcels", sa.Text, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("options", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "shipment",
        _key("order_number"),
        sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
        _code("warehouse_id"),
        sa.Column("mode", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "shipment_by_warehouse",
        "shipment",
        ["warehouse_id", "mode", "state", "order_number", "ordinal"],
    )
    op.create_table(
        "parcel_day",
        _key("warehouse_id"),
        _key("day"),
        _big("parcels"),
        sa.CheckConstraint("parcels >= 0", name="parcel_day_parcels"),
    )
    create_outbox_v1(op)
    create_request_v1(op)


def _create_master(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        _key("id"),
        *columns,
        _big("version"),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_index(f"ix_{name}_version", name, ["version"])


def _create_stock() -> None:
    op.create_table(
        "stock",
        _key("sku"),
        _key("warehouse_id"),
        _key("batch"),
        _big("received"),
        _big("adjusted"),
        _big("shipped"),
        _big("reserved"),
        _big("frozen"),
        _big("available"),
        _big("expires_us", nullable=True),
        sa.Column("location", sa.Text, nullable=False),
        sa.CheckConstraint(
            "received + adjusted = available + reserved + frozen + shipped", name="stock_balance"
        ),
        *(
            sa.CheckConstraint(f"{name} >= 0", name=f"stock_{name}")
            for name in ("received", "shipped", "reserved", "frozen", "available")
        ),
    )
    op.create_index("stock_by_warehouse", "stock", ["warehouse_id", "sku", "batch"])


def _create_reservation() -> None:
    op.create_table(
        "reservation",
        _key("order_number"),
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("line_no", sa.Integer, primary_key=True, autoincrement=False),
        _key("batch"),
        _code("warehouse_id"),
        _code("sku"),
        _big("quantity"),
        sa.Column("state", sa.SmallInteger, nullable=False),
        _big("lease_ends_us", nullable=True),
        sa.CheckConstraint("quantity > 0", name="reservation_quantity"),
    )
    op.create_index(
        "reservation_lease",
        "reservation",
        ["lease_ends_us"],
        sqlite_where=sa.text("state = 1"),
        postgresql_where=sa.text("state = 1"),
    )


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, CODE, primary_key=True)


def _code(name: str) -> sa.Column[str]:
    return sa.Column(name, CODE, nullable=False)


def _big(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)
