"""The kit's own tables, for the metadata and for the first migration of each service.

A migration is history: a later change of these tables is a new function here, never an edit.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64 bit transaction id, which never wraps; an integer to us."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in DDL."""
        return "xid8"

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """Send digits: no cast leads from an integer to xid8."""
        del dialect
        return str

    def bind_expression(self, bindvalue: sa.BindParameter[int]) -> sa.ColumnElement[int]:
        """Have the digits read as xid8."""
        return sa.cast(bindvalue, self)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """Read digits."""
        del dialect, coltype
        return int


ischema_names["xid8"] = Xid8  # so that a reflected table is recognised

# SQLite gives out row ids for INTEGER PRIMARY KEY only.
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
XID = Xid8().with_variant(sa.BigInteger(), "sqlite")


def outbox_v1() -> list[Any]:
    """Return columns and constraints of the outbox."""
    return [
        sa.Column("seq", BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("xid", XID, nullable=False),
        sa.Column("aggregate_id", sa.Text, nullable=False),
        sa.Column("aggregate_seq", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("time_us", sa.BigInteger, nullable=False),
        sa.Column("data_schema", sa.Text, nullable=False),
        sa.Column("tracking_id", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("aggregate_id", "aggregate_seq", name="outbox_aggregate"),
        sa.Index("outbox_position", "xid", "seq"),
    ]


def request_v1() -> list[Any]:
    """Return columns of the table of answered request ids."""
    return [
        sa.Column("method", sa.Text, primary_key=True),
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("body_hash", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False, index=True),
    ]


def create_outbox_v1(op: Any) -> None:
    """Make the outbox in a migration; `op` is `alembic.op`."""
    op.create_table("outbox", *outbox_v1(), sqlite_autoincrement=True)


def create_request_v1(op: Any) -> None:
    """Make the table of answered request ids in a migration; `op` is `alembic.op`."""
    op.create_table("request", *request_v1())
