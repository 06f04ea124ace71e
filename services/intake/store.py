"""Tables of intake: what is queried by is a column, all else is the serialised message.

Instants are whole microseconds since 1970 (`_us`). Enumerations are the wire's numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services._kit.outbox import Outbox
from services._kit.tables import outbox_v1, request_v1

if TYPE_CHECKING:
    from sqlalchemy import Table


SOURCE = "orderhub/intake"


class Base(SQLModel, registry=registry()):
    """Intake's own metadata, apart from every other service's."""


class OrderRow(Base, table=True):
    """One order: who it is and how it stands; its content and outcome have tables of their own.

    Narrow on purpose: every step of an order's way rewrites this row and nothing else.
    """

    __tablename__ = "intake_order"
    __table_args__ = (
        sa.UniqueConstraint("channel", "shop", "external_order_id", name="order_business_key"),
        sa.Index("order_accepted", "accepted_us", "order_number"),
        sa.Index("order_customer", "channel", "customer_id", "placed_us"),
        sa.Index(
            "order_waiting",
            "work_us",
            "order_number",
            sqlite_where=sa.text("work <> 0 AND batch_id = ''"),
            postgresql_where=sa.text("work <> 0 AND batch_id = ''"),
        ),
        sa.Index(
            "order_unpaid",
            "pay_by_us",
            sqlite_where=sa.text("pay_by_us > 0 AND work = 0"),
            postgresql_where=sa.text("pay_by_us > 0 AND work = 0"),
        ),
    )

    order_number: str = Field(primary_key=True)
    channel: str
    shop: str
    external_order_id: str
    customer_id: str
    currency: str
    total_minor: int = Field(sa_type=sa.BigInteger)
    payment_mode: int
    content_hash: bytes  # keyed hash of the content last taken in
    recipient_hash: bytes  # keyed hash of the person in it
    placed_us: int = Field(sa_type=sa.BigInteger)
    modified_us: int = Field(sa_type=sa.BigInteger)
    accepted_us: int = Field(sa_type=sa.BigInteger)
    updated_us: int = Field(sa_type=sa.BigInteger)

    revision: int = Field(sa_type=sa.BigInteger)
    content_revision: int = Field(sa_type=sa.BigInteger)
    lifecycle: int
    payment: int
    stock: int
    state: int = Field(index=True)  # headline, a copy of what `headline.state_of` derives
    work: int
    work_us: int = Field(sa_type=sa.BigInteger)  # waiting since; not handed out before
    batch_id: str  # the open batch it is in; empty: none
    open_holds: int
    holds: int  # opened so far
    events: int = Field(sa_type=sa.BigInteger)  # written so far

    paid_minor: int = Field(sa_type=sa.BigInteger)
    refunded_minor: int = Field(sa_type=sa.BigInteger)
    paid_us: int = Field(sa_type=sa.BigInteger)  # 0: nothing was paid
    pay_by_us: int = Field(sa_type=sa.BigInteger)  # 0: nothing is due
    leased: bool  # its stock is kept for a time only
    allocation_cost_minor: int = Field(sa_type=sa.BigInteger)
    nearest_cost_minor: int = Field(sa_type=sa.BigInteger)
    unfilled_lines: int
    closing_reason: str


class ContentRow(Base, table=True):
    """What the channel sent, translated; the person apart."""

    __tablename__ = "intake_content"

    order_number: str = Field(primary_key=True)
    order_pb: bytes  # common.v1.Order without recipient and output-only fields
    recipient_pb: bytes  # common.v1.Recipient: personal


class OutcomeRow(Base, table=True):
    """What became of an order; absent until something did."""

    __tablename__ = "intake_outcome"

    order_number: str = Field(primary_key=True)
    outcome_pb: bytes  # OrderRecord with progress, decision and allocation only


class UnfilledRow(Base, table=True):
    """A line without stock, for the counts by reason."""

    __tablename__ = "intake_unfilled"

    order_number: str = Field(primary_key=True)
    line_no: int = Field(primary_key=True)
    reason: str


class PayloadRow(Base, table=True):
    """A channel's own words for an order, as they came: personal."""

    __tablename__ = "intake_payload"

    order_number: str = Field(primary_key=True)
    content_revision: int = Field(primary_key=True, sa_type=sa.BigInteger)
    body: bytes


class HoldRow(Base, table=True):
    """Something that keeps an order from going on."""

    __tablename__ = "intake_hold"
    __table_args__ = (sa.Index("hold_due", "state", "due_us", "hold_id"),)

    hold_id: str = Field(primary_key=True)
    order_number: str = Field(index=True)
    state: int
    reason: str
    queue: str
    due_us: int = Field(sa_type=sa.BigInteger)
    hold_pb: bytes


class WaiverRow(Base, table=True):
    """A rule that no longer decides on one content revision of an order."""

    __tablename__ = "intake_waiver"

    order_number: str = Field(primary_key=True)
    content_revision: int = Field(primary_key=True, sa_type=sa.BigInteger)
    rule_id: str = Field(primary_key=True)
    hold_id: str


class CancellationRow(Base, table=True):
    """A cancellation that a channel sent as a document of its own, and the order it met."""

    __tablename__ = "intake_cancellation"

    channel: str = Field(primary_key=True)
    shop: str = Field(primary_key=True)
    external_id: str = Field(primary_key=True)
    order_number: str
    content_hash: bytes
    taken_us: int = Field(sa_type=sa.BigInteger)


class QuarantineRow(Base, table=True):
    """Something kept aside, once for each business key and content."""

    __tablename__ = "intake_quarantine"
    __table_args__ = (sa.Index("quarantine_received", "received_us", "quarantine_id"),)

    quarantine_id: str = Field(primary_key=True)
    channel: str
    shop: str
    external_order_id: str
    reason: str
    field: str
    received_us: int = Field(sa_type=sa.BigInteger)
    zh: str
    en: str
    payload: bytes  # personal


class SkuMappingRow(Base, table=True):
    """What a channel calls a SKU."""

    __tablename__ = "intake_sku_mapping"

    channel: str = Field(primary_key=True)
    channel_sku: str = Field(primary_key=True)
    sku: str


class BatchRow(Base, table=True):
    """Orders handed out together."""

    __tablename__ = "intake_batch"
    __table_args__ = (sa.Index("batch_lease", "finished", "lease_ends_us"),)

    batch_id: str = Field(primary_key=True)
    finished: bool
    lease_ends_us: int = Field(sa_type=sa.BigInteger)
    claimed_us: int = Field(sa_type=sa.BigInteger)


class MemberRow(Base, table=True):
    """An order in a batch, as it was when it was claimed, and how its outcome was taken."""

    __tablename__ = "intake_batch_member"

    batch_id: str = Field(primary_key=True)
    order_number: str = Field(primary_key=True)
    position: int
    revision: int = Field(sa_type=sa.BigInteger)
    work: int
    result: int  # FinishResult; 0: not answered yet


class SequenceRow(Base, table=True):
    """The next unused sequence number of a day."""

    __tablename__ = "intake_sequence"

    day: str = Field(primary_key=True)  # YYYYMMDD, business time zone
    next_number: int = Field(sa_type=sa.BigInteger)


metadata = Base.metadata


def _table(row: type[SQLModel]) -> Table:
    table: Table = row.__table__  # type: ignore[attr-defined]  # SQLModel sets it on tables
    return table


orders = _table(OrderRow)
contents = _table(ContentRow)
outcomes = _table(OutcomeRow)
unfilled = _table(UnfilledRow)
payloads = _table(PayloadRow)
holds = _table(HoldRow)
waivers = _table(WaiverRow)
cancellations = _table(CancellationRow)
quarantine = _table(QuarantineRow)
sku_mappings = _table(SkuMappingRow)
batches = _table(BatchRow)
members = _table(MemberRow)
sequences = _table(SequenceRow)

# The kit's tables belong to this schema as well; `new_outbox` and the request ids use their own
# descriptions of them, for each holds state of a running server.
sa.Table("outbox", metadata, *outbox_v1(), sqlite_autoincrement=True)
sa.Table("request", metadata, *request_v1())


def new_outbox() -> Outbox:
    """Return the outbox of one running intake."""
    return Outbox(sa.MetaData(), SOURCE)
