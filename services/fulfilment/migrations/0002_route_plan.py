"""Route plans: the problem, how to search, and the best so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "fulfilment_0002"
down_revision = "fulfilment_0001"

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table of plans."""
    op.create_table(
        "route_plan",
        sa.Column("plan_id", CODE, primary_key=True),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("warehouse_id", CODE, nullable=False),
        sa.Column("date", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("problem", sa.LargeBinary, nullable=False),
        sa.Column("search", sa.LargeBinary, nullable=False),
        sa.Column("plan", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_route_plan_state", "route_plan", ["state"])
