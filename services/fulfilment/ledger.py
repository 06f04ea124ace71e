"""The stock ledger: what came in, what is promised, what may still be promised."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from services.fulfilment.sql import among, arrays_of
from services.fulfilment.store import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Row

STOCK = metadata.tables["stock"]
NEVER_US = 2**63 - 1

_LOCK = (
    sa.select(
        STOCK.c.sku,
        STOCK.c.warehouse_id,
        STOCK.c.batch,
        STOCK.c.available,
        STOCK.c.expires_us,
    )
    .order_by(STOCK.c.sku, STOCK.c.warehouse_id, STOCK.c.batch)
    .with_for_update()
)
_PROMISE = (
    STOCK.update()
    .where(
        STOCK.c.sku == sa.bindparam("of_sku"),
        STOCK.c.warehouse_id == sa.bindparam("of_warehouse"),
        STOCK.c.batch == sa.bindparam("of_batch"),
    )
    .values(
        available=STOCK.c.available - sa.bindparam("pieces", type_=sa.BigInteger),
        reserved=STOCK.c.reserved + sa.bindparam("pieces", type_=sa.BigInteger),
    )
)

_KEYS = {"of_sku": "sku", "of_warehouse": "warehouse_id", "of_batch": "batch"}
_PROMISE_ALL = sa.text(
    "UPDATE stock SET available = available - new.pieces, reserved = reserved + new.pieces "  # noqa: S608 - names of our own columns
    f"FROM {arrays_of(STOCK, {**_KEYS, 'pieces': 'reserved'})} "
    "AS new (sku, warehouse_id, batch, pieces) WHERE stock.sku = new.sku "
    "AND stock.warehouse_id = new.warehouse_id AND stock.batch = new.batch"
)


class BatchKey(NamedTuple):
    """Names a row of the ledger; sorts as rows are locked."""

    sku: str
    warehouse_id: str
    batch: str


class Take(NamedTuple):
    """Pieces taken from one batch."""

    batch: str
    quantity: int


@dataclass(slots=True)
class _Batch:
    expires_us: int
    batch: str
    left: int


@dataclass
class LockedStock:
    """Rows of the ledger, locked until the transaction ends, and what it does to them.

    Built by `lock`. Promises are collected and written once, as net changes, by `write`.
    """

    batches: dict[tuple[str, str], list[_Batch]] = field(default_factory=dict)
    moves: dict[BatchKey, int] = field(default_factory=lambda: defaultdict(int))
    now_us: int = 0

    def give_back(self, key: BatchKey, quantity: int) -> None:
        """Make `quantity` reserved pieces available again."""
        self.moves[key] -= quantity
        for batch in self.batches.get((key.sku, key.warehouse_id), ()):
            if batch.batch == key.batch:
                batch.left += quantity

    def promisable(self) -> dict[str, dict[str, int]]:
        """Return pieces that may be promised, by SKU and warehouse; expired batches have none."""
        found: dict[str, dict[str, int]] = {}
        for (sku, warehouse_id), batches in self.batches.items():
            pieces = sum(batch.left for batch in batches)
            if pieces > 0:
                found.setdefault(sku, {})[warehouse_id] = pieces
        return found

    def take(self, sku: str, warehouse_id: str, quantity: int) -> list[Take]:
        """Promise `quantity` pieces, first expired first out.

        Raises
        ------
        ValueError
            When there are not so many: the caller decided on other stock than this.
        """
        takes = []
        for batch in self.batches[sku, warehouse_id]:
            pieces = min(batch.left, quantity)
            if pieces > 0:
                batch.left -= pieces
                quantity -= pieces
                self.moves[BatchKey(sku, warehouse_id, batch.batch)] += pieces
                takes.append(Take(batch.batch, pieces))
            if not quantity:
                return takes
        raise ValueError(f"{quantity} pieces of {sku} too many were promised at {warehouse_id}")

    def write(self, connection: Connection) -> None:
        """Write the net changes, in the order in which the rows were locked."""
        moves = sorted((key, pieces) for key, pieces in self.moves.items() if pieces)
        self.moves.clear()
        if not moves:
            return
        if connection.dialect.name == "postgresql":
            skus, warehouse_ids, batches = zip(*(key for key, _ in moves), strict=True)
            columns = {
                "of_sku": list(skus),
                "of_warehouse": list(warehouse_ids),
                "of_batch": list(batches),
                "pieces": [pieces for _, pieces in moves],
            }
            connection.execute(_PROMISE_ALL, columns)
            return
        rows = [
            {"of_sku": k.sku, "of_warehouse": k.warehouse_id, "of_batch": k.batch, "pieces": n}
            for k, n in moves
        ]
        connection.execute(_PROMISE, rows)


def lock(connection: Connection, skus: Iterable[str], now_us: int) -> LockedStock:
    """Lock every row of `skus`, in SKU order, and return what they hold.

    A batch that expires at or before `now_us` is not available.
    """
    stock = LockedStock(now_us=now_us)
    rows = among(connection, _LOCK, STOCK.c.sku, sorted(set(skus)))
    for sku, warehouse_id, batch, available, expires_us in rows:
        ends_us = NEVER_US if expires_us is None else expires_us
        if ends_us > now_us:
            of_sku = stock.batches.setdefault((sku, warehouse_id), [])
            of_sku.append(_Batch(ends_us, batch, available))
    for batches in stock.batches.values():
        if len(batches) > 1:
            batches.sort(key=lambda batch: (batch.expires_us, batch.batch))
    return stock


def rows_of(connection: Connection, keys: Sequence[BatchKey]) -> dict[BatchKey, Row[tuple[object]]]:
    """Lock the rows of `keys` and those beside them of the same SKUs; return them whole."""
    query = (
        sa.select(STOCK)
        .order_by(STOCK.c.sku, STOCK.c.warehouse_id, STOCK.c.batch)
        .with_for_update()
    )
    skus = sorted({key.sku for key in keys})
    return {
        BatchKey(row.sku, row.warehouse_id, row.batch): row
        for row in among(connection, query, STOCK.c.sku, skus)
    }
