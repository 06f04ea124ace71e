"""The tables of intake."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services._kit.tables import create_outbox_v1, create_request_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go one revision forward."""
    op.create_table(
        "intake_batch",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("lease_ends_us", sa.BigInteger(), nullable=False),
        sa.Column("claimed_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id"),
    )
    with op.batch_alter_table("intake_batch", schema=None) as batch_op:
        batch_op.create_index("batch_lease", ["finished", "lease_ends_us"], unique=False)

    op.create_table(
        "intake_batch_member",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("work", sa.Integer(), nullable=False),
        sa.Column("result", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "order_number"),
    )
    op.create_table(
        "intake_cancellation",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("shop", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("taken_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "shop", "external_id"),
    )
    op.create_table(
        "intake_content",
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("order_pb", sa.LargeBinary(), nullable=False),
        sa.Column("recipient_pb", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("order_number"),
    )
    op.create_table(
        "intake_hold",
        sa.Column("hold_id", sa.String(), nullable=False),
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.Column("hold_pb", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hold_id"),
    )
    with op.batch_alter_table("intake_hold", schema=None) as batch_op:
        batch_op.create_index("hold_due", ["state", "due_us", "hold_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_intake_hold_order_number"), ["order_number"], unique=False
        )

    op.create_table(
        "intake_order",
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("shop", sa.String(), nullable=False),
        sa.Column("external_order_id", sa.String(), nullable=False),
        sa.Column("customer_id", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("payment_mode", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("recipient_hash", sa.LargeBinary(), nullable=False),
        sa.Column("placed_us", sa.BigInteger(), nullable=False),
        sa.Column("modified_us", sa.BigInteger(), nullable=False),
        sa.Column("accepted_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("content_revision", sa.BigInteger(), nullable=False),
        sa.Column("lifecycle", sa.Integer(), nullable=False),
        sa.Column("payment", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("work", sa.Integer(), nullable=False),
        sa.Column("work_us", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("open_holds", sa.Integer(), nullable=False),
        sa.Column("holds", sa.Integer(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_us", sa.BigInteger(), nullable=False),
        sa.Column("pay_by_us", sa.BigInteger(), nullable=False),
        sa.Column("leased", sa.Boolean(), nullable=False),
        sa.Column("allocation_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("nearest_cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("unfilled_lines", sa.Integer(), nullable=False),
        sa.Column("closing_reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("order_number"),
        sa.UniqueConstraint("channel", "shop", "external_order_id", name="order_business_key"),
    )
    with op.batch_alter_table("intake_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_intake_order_state"), ["state"], unique=False)
        batch_op.create_index("order_accepted", ["accepted_us", "order_number"], unique=False)
        batch_op.create_index(
            "order_customer", ["channel", "customer_id", "placed_us"], unique=False
        )
        batch_op.create_index(
            "order_unpaid",
            ["pay_by_us"],
            unique=False,
            sqlite_where=sa.text("pay_by_us > 0 AND work = 0"),
            postgresql_where=sa.text("pay_by_us > 0 AND work = 0"),
        )
        batch_op.create_index(
            "order_waiting",
            ["work_us", "order_number"],
            unique=False,
            sqlite_where=sa.text("work <> 0 AND batch_id = ''"),
            postgresql_where=sa.text("work <> 0 AND batch_id = ''"),
        )

    op.create_table(
        "intake_outcome",
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("outcome_pb", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("order_number"),
    )
    op.create_table(
        "intake_payload",
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("content_revision", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("order_number", "content_revision"),
    )
    op.create_table(
        "intake_quarantine",
        sa.Column("quarantine_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("shop", sa.String(), nullable=False),
        sa.Column("external_order_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.Column("zh", sa.String(), nullable=False),
        sa.Column("en", sa.String(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("quarantine_id"),
    )
    with op.batch_alter_table("intake_quarantine", schema=None) as batch_op:
        batch_op.create_index("quarantine_received", ["received_us", "quarantine_id"], unique=False)

    op.create_table(
        "intake_sequence",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "intake_sku_mapping",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("channel_sku", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "channel_sku"),
    )
    op.create_table(
        "intake_unfilled",
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("order_number", "line_no"),
    )
    op.create_table(
        "intake_waiver",
        sa.Column("order_number", sa.String(), nullable=False),
        sa.Column("content_revision", sa.BigInteger(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("hold_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("order_number", "content_revision", "rule_id"),
    )
    create_outbox_v1(op)
    create_request_v1(op)
