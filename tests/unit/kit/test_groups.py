"""Group commit: every item is answered exactly once, and pays for its own faults only."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services._kit.config import Config
from services._kit.database import Database
from services._kit.errors import Exhausted, NotFound, Unavailable
from services._kit.groups import GroupCommitter
from services._kit.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

METADATA = sa.MetaData()
ENTRY = sa.Table("entry", METADATA, sa.Column("key", sa.Integer, primary_key=True))


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_groups")
    METADATA.create_all(database.engine)
    yield database
    await database.close()


def insert_all(connection: sa.Connection, keys: Sequence[int]) -> list[int | Exception]:
    """Insert every key: a duplicate fails the whole statement, a negative one only itself."""
    good = [key for key in keys if key >= 0]
    if good:
        connection.execute(ENTRY.insert(), [{"key": key} for key in good])
    return [key * 10 if key >= 0 else NotFound(Reason.NOT_FOUND) for key in keys]


def stored(connection: sa.Connection) -> list[int]:
    return list(connection.execute(sa.select(ENTRY.c.key).order_by(ENTRY.c.key)).scalars())


async def test_many_callers_share_few_commits(database: Database) -> None:
    sizes: list[int] = []

    def apply(connection: sa.Connection, keys: Sequence[int]) -> list[int | Exception]:
        sizes.append(len(keys))
        return insert_all(connection, keys)

    committer = GroupCommitter(database, apply, max_items=64)
    answers = await asyncio.gather(*(committer.submit(key) for key in range(200)))
    await committer.close()

    assert answers == [key * 10 for key in range(200)]
    assert await database.read(stored) == list(range(200))
    assert max(sizes) <= 64
    assert len(sizes) < 20


async def test_an_items_own_refusal_reaches_its_caller_alone(database: Database) -> None:
    committer = GroupCommitter(database, insert_all)

    answers = await committer.submit_all([1, -1, 2])
    await committer.close()

    assert answers[0] == 10
    assert isinstance(answers[1], NotFound)
    assert answers[2] == 20


async def test_an_answer_comes_only_after_its_commit(database: Database) -> None:
    committer = GroupCommitter(database, insert_all)

    async def submit_and_look(key: int) -> bool:
        await committer.submit(key)
        return key in await database.read(stored)

    seen = await asyncio.gather(*(submit_and_look(key) for key in range(30)))
    await committer.close()

    assert all(seen)


async def test_a_caller_that_left_before_the_commit_leaves_nothing(database: Database) -> None:
    committer = GroupCommitter(database, insert_all, max_wait_s=0.05)
    left = asyncio.ensure_future(committer.submit(1))
    stays = asyncio.ensure_future(committer.submit(2))
    await asyncio.sleep(0)

    left.cancel()
    await stays
    await committer.close()

    assert await database.read(stored) == [2]


async def test_a_full_queue_refuses_and_what_waits_is_still_done(database: Database) -> None:
    committer = GroupCommitter(database, insert_all, max_queued=5, max_wait_s=0.05)
    waiting = asyncio.ensure_future(committer.submit_all([1, 2, 3, 4, 5]))
    await asyncio.sleep(0)

    with pytest.raises(Exhausted):
        await committer.submit(6)

    assert await waiting == [10, 20, 30, 40, 50]
    await committer.close()


async def test_closing_commits_what_waits_and_refuses_what_comes(database: Database) -> None:
    committer = GroupCommitter(database, insert_all, max_wait_s=10)
    waiting = asyncio.ensure_future(committer.submit_all(list(range(10))))
    await asyncio.sleep(0)

    await committer.close()

    with pytest.raises(Unavailable):
        await committer.submit(99)
    assert await waiting == [key * 10 for key in range(10)]


async def test_several_lanes_do_every_item_once(database: Database) -> None:
    lanes = 3 if database.is_postgres else 1
    committer = GroupCommitter(database, insert_all, max_items=7, lanes=lanes)

    answers = await asyncio.gather(*(committer.submit(key) for key in range(100)))
    await committer.close()

    assert answers == [key * 10 for key in range(100)]
    assert await database.read(stored) == list(range(100))


@pytest.mark.parametrize("max_items", [1, 4, 64])
@given(waves=st.lists(st.lists(st.integers(-2, 12), max_size=12), max_size=5))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_item_is_answered_once_and_only_failing_ones_fail(
    tmp_path: Path, max_items: int, waves: list[list[int]]
) -> None:
    applied: list[tuple[int, ...]] = []

    def apply(connection: sa.Connection, keys: Sequence[int]) -> list[int | Exception]:
        applied.append(tuple(keys))
        return insert_all(connection, keys)

    async def run(folder: Path) -> tuple[list[list[object]], list[int]]:
        database = await asyncio.to_thread(Database.open, Config(data_dir=folder), "intake")
        METADATA.drop_all(database.engine)
        METADATA.create_all(database.engine)
        committer = GroupCommitter(database, apply, max_items=max_items, max_wait_s=0.001)
        answers = [list(await committer.submit_all(wave)) for wave in waves]
        await committer.close()
        keys = await database.read(stored)
        await database.close()
        return answers, keys

    answers, keys = asyncio.run(run(tmp_path))

    taken: set[int] = set()
    for wave, answered in zip(waves, answers, strict=True):
        assert len(answered) == len(wave)
        for key, answer in zip(wave, answered, strict=True):
            if key < 0:
                assert isinstance(answer, NotFound)
            elif key in taken:
                assert isinstance(answer, sa.exc.IntegrityError)
            else:
                assert answer == key * 10
                taken.add(key)
    assert keys == sorted(taken)


def test_an_apply_of_the_wrong_length_is_a_bug_and_not_a_silent_loss(tmp_path: Path) -> None:
    async def run(apply: Callable[..., list[int | Exception]]) -> list[object]:
        database = await asyncio.to_thread(Database.open, Config(data_dir=tmp_path), "intake")
        committer = GroupCommitter(database, apply)
        answers = list(await committer.submit_all([1, 2]))
        await committer.close()
        await database.close()
        return answers

    answers = asyncio.run(run(lambda _connection, _keys: [1, 2, 3]))

    assert all(isinstance(answer, AssertionError) for answer in answers)
