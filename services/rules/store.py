"""The rules database: rulebooks by hash, activations, decisions, and what velocity counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services._kit.tables import request_v1
from services.rules.history import Happening
from services.rules.identity import Keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, RowMapping

    from services.rules.history import Wanted

metadata = sa.MetaData()

rulebook = sa.Table(
    "rulebook",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("files", sa.LargeBinary, nullable=False),  # a serialised CheckRulebookRequest
    sa.Column("rule_count", sa.Integer, nullable=False),
    sa.Column("stored_us", sa.BigInteger, nullable=False),
)
activation = sa.Table(
    "activation",
    metadata,
    sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.Text, nullable=False, index=True),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
)
decision = sa.Table(
    "decision",
    metadata,
    sa.Column("order_number", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("decided_us", sa.BigInteger, nullable=False, index=True),
    sa.Column("verdict", sa.SmallInteger, nullable=False),
    sa.Column("rulebook_hash", sa.Text, nullable=False),
    sa.Column("decision", sa.LargeBinary, nullable=False),  # the Decision as first answered
    sa.Column("facts", sa.LargeBinary, nullable=False),  # JSON, personal facts left out
    sa.Column("traces", sa.LargeBinary, nullable=False),  # a GetDecisionResponse with traces
)
happening = sa.Table(
    "happening",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("order_number", sa.Text, nullable=False, index=True),
    sa.Column("at_us", sa.BigInteger, nullable=False),
    sa.Column("phone_key", sa.LargeBinary),  # keyed hashes; NULL: nothing to compare
    sa.Column("address_key", sa.LargeBinary),
    sa.Column("customer_key", sa.LargeBinary),
    sa.Index("happening_phone", "phone_key", "kind", "at_us"),
    sa.Index("happening_address", "address_key", "kind", "at_us"),
    sa.Index("happening_customer", "customer_key", "kind", "at_us"),
)
cursor = sa.Table(
    "cursor",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("cursor", sa.Text, nullable=False),
)

# Read and written by the kit's `Requests`, which declares it in a metadata of its own.
request = sa.Table("request", metadata, *request_v1())


def decisions(
    connection: Connection, keys: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], bytes]:
    """Return the decisions already given, by (order number, revision)."""
    numbers = {number for number, _ in keys}
    query = sa.select(decision.c.order_number, decision.c.revision, decision.c.decision)
    rows = connection.execute(query.where(decision.c.order_number.in_(numbers)))
    known = {(row.order_number, row.revision): row.decision for row in rows}
    return {key: known[key] for key in keys if key in known}


def decision_row(connection: Connection, order_number: str, revision: int) -> RowMapping | None:
    """Return one stored decision, the latest revision's for 0."""
    query = sa.select(decision).where(decision.c.order_number == order_number)
    if revision:
        query = query.where(decision.c.revision == revision)
    return (
        connection.execute(query.order_by(decision.c.revision.desc()).limit(1)).mappings().first()
    )


def keep_decisions(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store decisions; where one was given meanwhile, that one stays."""
    if rows:
        connection.execute(_insert(connection, decision).on_conflict_do_nothing(), list(rows))


def happenings(connection: Connection, reads: Iterable[Wanted]) -> list[Happening]:
    """Return what is stored of all `reads`."""
    found = []
    for read in reads:
        column = happening.c[f"{read.key}_key"]
        query = sa.select(happening).where(
            column.in_(read.values),
            happening.c.kind == read.kind,
            happening.c.at_us > read.after_us,
            happening.c.at_us <= read.until_us,
        )
        found += [_happening(row) for row in connection.execute(query).mappings()]
    return found


def keep_happenings(connection: Connection, events: Sequence[Happening]) -> None:
    """Store events; one that is known takes the new keys and keeps its place in time."""
    if not events:
        return
    insert = _insert(connection, happening)
    keys = ("phone_key", "address_key", "customer_key")
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["event_id"], set_={key: insert.excluded[key] for key in keys}
        ),
        [_row(event) for event in events],
    )


def keys_of_order(connection: Connection, order_number: str) -> Keys | None:
    """Return the keys under which an order was counted, None for an order never judged."""
    query = sa.select(happening).where(happening.c.event_id == order_event(order_number))
    row = connection.execute(query).mappings().first()
    return _happening(row).keys if row else None


def read_cursor(connection: Connection, name: str) -> str:
    """Return where a watch stopped, empty for one that never began."""
    query = sa.select(cursor.c.cursor).where(cursor.c.name == name)
    return connection.execute(query).scalar() or ""


def keep_cursor(connection: Connection, name: str, value: str) -> None:
    """Remember where a watch stopped."""
    insert = _insert(connection, cursor)
    connection.execute(
        insert.on_conflict_do_update(index_elements=["name"], set_={"cursor": value}),
        [{"name": name, "cursor": value}],
    )


def order_event(order_number: str) -> str:
    """Return the id under which an order itself is counted."""
    return f"order/{order_number}"


def _row(event: Happening) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "kind": event.kind,
        "order_number": event.order_number,
        "at_us": event.at_us,
        "phone_key": event.keys.phone,
        "address_key": event.keys.address,
        "customer_key": event.keys.customer,
    }


def _happening(row: RowMapping) -> Happening:
    keys = Keys(row["phone_key"], row["address_key"], row["customer_key"])
    return Happening(row["event_id"], row["kind"], row["order_number"], row["at_us"], keys)


def _insert(connection: Connection, table: sa.Table) -> Any:
    """Return an insert that knows ON CONFLICT, which SQLAlchemy has by dialect only."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
