"""Transactions of a service's own database, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa

from services._kit.config import Config
from services._kit.database import Database, RetryTransactionError, after_commit
from services._kit.errors import ConfigError, Unavailable
from services._kit.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

METADATA = sa.MetaData()
COUNTER = sa.Table(
    "counter",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("value", sa.Integer, nullable=False),
)


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_test")
    METADATA.create_all(database.engine)
    yield database
    await database.close()


def add_one(connection: sa.Connection) -> int:
    connection.execute(COUNTER.insert().values(id="a", value=1))
    return 1


def count(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(COUNTER)).scalar_one())


def kill(url: str, pid: int) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s)", (pid,))


async def test_a_write_is_seen_by_the_reads_after_it(database: Database) -> None:
    answer = await database.write(add_one)

    assert answer == 1
    assert await database.read(count) == 1


async def test_a_failed_write_leaves_nothing(database: Database) -> None:
    def fail(connection: sa.Connection) -> None:
        add_one(connection)
        raise KeyError("the caller's own")

    with pytest.raises(KeyError):
        await database.write(fail)

    assert await database.read(count) == 0


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        await database.read(add_one)

    assert await database.read(count) == 0


async def test_runs_a_transaction_again_that_asks_for_it(database: Database) -> None:
    tries = []

    def second_time(connection: sa.Connection) -> int:
        tries.append(add_one(connection))
        if len(tries) < 3:
            raise RetryTransactionError
        return len(tries)

    answer = await database.write(second_time)

    assert answer == 3
    assert await database.read(count) == 1


async def test_tells_after_the_commit_and_not_after_a_failure(database: Database) -> None:
    told: list[str] = []

    def commit(connection: sa.Connection) -> None:
        after_commit(connection, lambda: told.append("commit"))

    def fail(connection: sa.Connection) -> None:
        after_commit(connection, lambda: told.append("failure"))
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(fail)
    await database.write(commit)
    await asyncio.sleep(0)

    assert told == ["commit"]


async def test_concurrent_increments_are_all_counted(database: Database) -> None:
    await database.write(add_one)

    def increment(connection: sa.Connection) -> None:
        row = sa.select(COUNTER.c.value).where(COUNTER.c.id == "a").with_for_update()
        value = connection.execute(row).scalar_one()
        connection.execute(COUNTER.update().values(value=value + 1))

    await asyncio.gather(*(database.write(increment) for _ in range(40)))

    value = await database.read(lambda c: c.execute(sa.select(COUNTER.c.value)).scalar_one())
    assert value == 41


async def test_the_loop_runs_on_while_a_transaction_waits(database: Database) -> None:
    release = threading.Event()
    write = asyncio.ensure_future(database.write(lambda _: release.wait(10)))

    await asyncio.sleep(0)
    release.set()

    assert await write


async def test_a_second_process_is_told_who_has_the_file(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path)
    first = await asyncio.to_thread(Database.open, config, "intake")

    with pytest.raises(ConfigError, match=r"intake\.db is in use by process \d+"):
        await asyncio.to_thread(Database.open, config, "intake")

    await first.close()
    again = await asyncio.to_thread(Database.open, config, "intake")
    await again.close()


async def test_a_full_disk_refuses_writes_clearly_lets_reads_go_on_and_ends_by_itself(
    tmp_path: Path,
) -> None:
    database = await asyncio.to_thread(Database.open, Config(data_dir=tmp_path), "intake")
    METADATA.create_all(database.engine)
    await database.write(add_one)

    def fill(connection: sa.Connection) -> None:
        rows = [{"id": str(number) * 500, "value": 0} for number in range(300)]
        connection.execute(COUNTER.insert(), rows)

    await database.write(lambda c: c.exec_driver_sql("pragma max_page_count=8"))
    with pytest.raises(Unavailable) as caught:
        await database.write(fill)
    during = await database.read(count)
    await database.write(lambda c: c.exec_driver_sql("pragma max_page_count=100000"))
    await database.write(fill)

    assert caught.value.reason is Reason.STORAGE_FULL
    assert caught.value.retry_after_s
    assert during == 1
    assert await database.read(count) == 301
    await database.close()


@pytest.mark.postgres
async def test_deadlocked_transactions_both_come_through(postgres_url: str) -> None:
    config = Config(database_url=postgres_url)
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_deadlock")
    METADATA.create_all(database.engine)
    await database.write(
        lambda c: c.execute(COUNTER.insert(), [{"id": k, "value": 0} for k in "ab"])
    )
    met = threading.Barrier(2, timeout=5)

    def both(first: str, second: str) -> Callable[[sa.Connection], int]:
        tries = []

        def run(connection: sa.Connection) -> int:
            tries.append(1)
            for key in (first, second):
                connection.execute(
                    COUNTER.update().where(COUNTER.c.id == key).values(value=COUNTER.c.value + 1)
                )
                if key == first and len(tries) == 1:
                    met.wait()
            return len(tries)

        return run

    tries = await asyncio.gather(database.write(both("a", "b")), database.write(both("b", "a")))

    values = await database.read(lambda c: c.execute(sa.select(COUNTER.c.value)).scalars().all())
    await database.close()
    assert sorted(tries) == [1, 2]
    assert values == [2, 2]


@pytest.mark.postgres
async def test_killed_connections_are_replaced(postgres_url: str) -> None:
    config = Config(database_url=postgres_url)
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_killed")
    METADATA.create_all(database.engine)
    tries = []

    def killed_once(connection: sa.Connection) -> int:
        tries.append(add_one(connection))
        if len(tries) == 1:
            pid = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
            kill(postgres_url, pid)
            connection.exec_driver_sql("select 1")
        return len(tries)

    answer = await database.write(killed_once)

    assert answer == 2
    assert await database.read(count) == 1
    await database.close()


@pytest.mark.postgres
async def test_a_connection_lost_while_committing_is_an_unknown_outcome(postgres_url: str) -> None:
    config = Config(database_url=postgres_url)
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_commit")
    METADATA.create_all(database.engine)
    runs = []

    def die_at_commit(connection: sa.Connection) -> None:
        runs.append(add_one(connection))
        pid = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
        kill(postgres_url, pid)

    with pytest.raises(Unavailable) as caught:
        await database.write(die_at_commit)

    assert caught.value.reason is Reason.OUTCOME_UNKNOWN
    assert len(runs) == 1
    await database.close()
