"""Rulebooks, activations, decisions, happenings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services._kit.tables import create_request_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go one revision forward."""
    op.create_table(
        "rulebook",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("files", sa.LargeBinary, nullable=False),
        sa.Column("rule_count", sa.Integer, nullable=False),
        sa.Column("stored_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "activation",
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.Text, nullable=False, index=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
    )
    op.create_table(
        "decision",
        sa.Column("order_number", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("decided_us", sa.BigInteger, nullable=False, index=True),
        sa.Column("verdict", sa.SmallInteger, nullable=False),
        sa.Column("rulebook_hash", sa.Text, nullable=False),
        sa.Column("decision", sa.LargeBinary, nullable=False),
        sa.Column("facts", sa.LargeBinary, nullable=False),
        sa.Column("traces", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "happening",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("order_number", sa.Text, nullable=False, index=True),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("phone_key", sa.LargeBinary),
        sa.Column("address_key", sa.LargeBinary),
        sa.Column("customer_key", sa.LargeBinary),
        sa.Index("happening_phone", "phone_key", "kind", "at_us"),
        sa.Index("happening_address", "address_key", "kind", "at_us"),
        sa.Index("happening_customer", "customer_key", "kind", "at_us"),
    )
    op.create_table(
        "cursor",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
    )
    create_request_v1(op)
