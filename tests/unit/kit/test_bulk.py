"""Many rows in one statement come out as they went in, on both databases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services._kit.bulk import insert_many, update_many
from services._kit.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services._kit.config import Config

TABLE = sa.Table(
    "bulk_test",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("order", sa.String, nullable=False),  # a word that must be quoted
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("flag", sa.Boolean, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
)


def row(key: int, word: str = "a", **given: Any) -> dict[str, Any]:
    return {
        "id": key,
        "order": word,
        "count": -(key % 100),
        "flag": key % 2 == 0,
        "data": b"\x00\xff",
    } | given


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_bulk")
    TABLE.metadata.create_all(database.engine)
    yield database
    await database.close()


async def everything(database: Database) -> list[dict[str, Any]]:
    query = sa.select(TABLE).order_by(TABLE.c.id)
    return await database.read(lambda c: [dict(r) for r in c.execute(query).mappings()])


async def test_rows_come_back_as_they_were_written(database: Database) -> None:
    rows = [row(1, "字, {\"}'\\"), row(2, "NULL"), row(1 << 40, "", data=b"")]

    await database.write(lambda c: insert_many(c, TABLE, rows))

    assert await everything(database) == rows


async def test_replacing_leaves_other_rows_alone(database: Database) -> None:
    await database.write(lambda c: insert_many(c, TABLE, [row(1), row(2)]))

    await database.write(lambda c: insert_many(c, TABLE, [row(2, "b"), row(3, "c")], replace=True))

    assert await everything(database) == [row(1), row(2, "b"), row(3, "c")]


async def test_a_taken_key_fails_the_whole(database: Database) -> None:
    await database.write(lambda c: insert_many(c, TABLE, [row(1)]))

    with pytest.raises(IntegrityError):
        await database.write(lambda c: insert_many(c, TABLE, [row(2), row(1)]))

    assert await everything(database) == [row(1)]


async def test_an_update_changes_the_named_columns_of_the_named_rows(database: Database) -> None:
    await database.write(lambda c: insert_many(c, TABLE, [row(1), row(2), row(3)]))
    changes = [{"count": 10, "id": 1, "order": "x"}, {"count": 30, "id": 3, "order": "z"}]

    await database.write(lambda c: update_many(c, TABLE, "id", changes))

    assert await everything(database) == [row(1, "x", count=10), row(2), row(3, "z", count=30)]


async def test_no_rows_are_no_statement(database: Database) -> None:
    await database.write(lambda c: (insert_many(c, TABLE, []), update_many(c, TABLE, "id", [])))

    assert await everything(database) == []
