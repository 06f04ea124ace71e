"""The same request id again: the same bytes, or a refusal; never a second effect."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from google.protobuf import struct_pb2

from services._kit.database import Database
from services._kit.errors import Malformed
from services._kit.idempotency import Answered, Requests
from services._kit.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services._kit.config import Config

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
METADATA = sa.MetaData()
REQUESTS = Requests(METADATA, b"s" * 32)
EFFECT = sa.Table("effect", METADATA, sa.Column("id", sa.Integer, primary_key=True))


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_requests")
    METADATA.create_all(database.engine)
    yield database
    await database.close()


def serve(connection: sa.Connection, request_id: str, body: bytes, scope: str = "") -> bytes:
    """Do what a handler does: recall, else act and remember, in one transaction."""
    body_hash = REQUESTS.hash_of(body)
    known = REQUESTS.recall(connection, "Act", request_id, body_hash, scope=scope)
    if known is not None:
        return known
    number = connection.execute(EFFECT.insert()).inserted_primary_key[0]
    answer = f"effect {number}".encode()
    answers = {request_id: Answered(body_hash, answer)}
    REQUESTS.remember(connection, "Act", answers, NOON, scope=scope)
    return answer


def effects(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(EFFECT)).scalar_one())


async def test_the_same_call_gets_the_same_bytes_and_acts_once(database: Database) -> None:
    answers = [await database.write(lambda c: serve(c, "r1", b"body")) for _ in range(3)]

    assert len(set(answers)) == 1
    assert await database.read(effects) == 1


async def test_the_same_id_with_another_body_is_refused_by_the_fields_name(
    database: Database,
) -> None:
    await database.write(lambda c: serve(c, "r1", b"body"))

    with pytest.raises(Malformed) as caught:
        await database.write(lambda c: serve(c, "r1", b"another"))

    assert caught.value.reason is Reason.REQUEST_ID_REUSED
    assert caught.value.field == "request_id"
    assert await database.read(effects) == 1


async def test_callers_do_not_see_each_others_answers(database: Database) -> None:
    first = await database.write(lambda c: serve(c, "r1", b"body", scope="tmall"))
    second = await database.write(lambda c: serve(c, "r1", b"body", scope="jd"))

    assert first != second
    assert await database.read(effects) == 2


async def test_calls_without_an_id_all_act(database: Database) -> None:
    for _ in range(3):
        await database.write(lambda c: serve(c, "", b"body"))

    assert await database.read(effects) == 3


async def test_of_many_at_once_one_acts_and_all_get_its_answer(database: Database) -> None:
    answers = await asyncio.gather(
        *(database.write(lambda c: serve(c, "r1", b"body")) for _ in range(16))
    )

    assert len(set(answers)) == 1
    assert await database.read(effects) == 1


async def test_many_ids_are_recalled_together(database: Database) -> None:
    for number in range(5):
        await database.write(lambda c, n=number: serve(c, f"r{n}", b"body"))
    asked = [f"r{number}" for number in range(1200)]

    found = await database.read(lambda c: REQUESTS.recall_many(c, "Act", asked))

    assert sorted(found) == [f"r{number}" for number in range(5)]


async def test_answers_are_forgotten_after_seven_days_and_not_before(database: Database) -> None:
    await database.write(lambda c: serve(c, "r1", b"body"))

    early = await database.write(lambda c: REQUESTS.prune(c, NOON + timedelta(days=7)))
    late = await database.write(lambda c: REQUESTS.prune(c, NOON + timedelta(days=7, seconds=1)))

    assert (early, late) == (0, 1)
    await database.write(lambda c: serve(c, "r1", b"another"))


def test_equal_messages_hash_alike_and_another_secret_hashes_otherwise() -> None:
    first, second = struct_pb2.Struct(), struct_pb2.Struct()
    first.update({"a": 1, "b": 2})
    second.update({"b": 2, "a": 1})
    other = Requests(sa.MetaData(), b"t" * 32)

    assert REQUESTS.hash_of(first) == REQUESTS.hash_of(second)
    assert REQUESTS.hash_of(first) != other.hash_of(first)
