"""Events in order, on both databases, and none skipped under concurrent writers."""

from __future__ import annotations

import asyncio
import random
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from services._kit.config import Config
from services._kit.database import Database
from services._kit.errors import Malformed
from services._kit.events import Event, NewEvent, Position, cursor_from, position_from
from services._kit.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(sa.MetaData(), "orderhub/test")


@pytest.fixture
async def database(config: Config, outbox: Outbox) -> AsyncIterator[Database]:
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_outbox")
    outbox.table.metadata.create_all(database.engine)
    yield database
    await database.close()


def event(order: str, kind: str = "orderhub.order.accepted") -> NewEvent:
    return NewEvent(order, kind, NOON, b"\x00payload", "orderhub.common.v1.Event")


async def write(database: Database, outbox: Outbox, *events: NewEvent) -> None:
    await database.write(lambda c: outbox.append(c, events))


async def everything(database: Database, outbox: Outbox, cursor: str = "") -> list[Event]:
    watched = outbox.watch(database, cursor, until_now=True)
    return [event async for batch in watched for event in batch.events]


async def test_an_event_comes_back_as_it_was_written(database: Database, outbox: Outbox) -> None:
    await write(database, outbox, event("20260301000001"))

    (found,) = await everything(database, outbox)

    assert found.id == "20260301000001/1"
    assert (found.source, found.type) == ("orderhub/test", "orderhub.order.accepted")
    assert (found.time, found.data) == (NOON, b"\x00payload")


async def test_each_aggregate_counts_without_gaps(database: Database, outbox: Outbox) -> None:
    await write(database, outbox, event("a"), event("b"), event("a"))
    await write(database, outbox, event("a"), event("b"))

    found = await everything(database, outbox)

    assert [e.aggregate_seq for e in found if e.aggregate_id == "a"] == [1, 2, 3]
    assert [e.aggregate_seq for e in found if e.aggregate_id == "b"] == [1, 2]
    of_a = await database.read(lambda c: outbox.of_aggregate(c, "a", after=1))
    assert [e.aggregate_seq for e in of_a] == [2, 3]


async def test_resuming_at_any_cursor_gives_exactly_the_rest(
    database: Database, outbox: Outbox
) -> None:
    for number in range(6):
        await write(database, outbox, event(f"o{number}"))
    found = await everything(database, outbox)

    rests = [await everything(database, outbox, e.cursor) for e in found]

    assert rests == [found[i + 1 :] for i in range(6)]


async def test_batches_hold_at_most_what_was_asked(database: Database, outbox: Outbox) -> None:
    await write(database, outbox, *(event(f"o{number}") for number in range(450)))

    default = [len(b.events) async for b in outbox.watch(database, "", until_now=True)]
    small = [len(b.events) async for b in outbox.watch(database, "", limit=100, until_now=True)]

    assert default == [200, 200, 50]
    assert small == [100, 100, 100, 100, 50]


async def test_a_watcher_wakes_when_something_is_committed(
    database: Database, outbox: Outbox
) -> None:
    head = await database.read(outbox.head)
    watcher = outbox.watch(database, head, poll_s=60)
    waiting = asyncio.ensure_future(anext(watcher))
    await asyncio.sleep(0.05)

    await write(database, outbox, event("new"))
    batch = await asyncio.wait_for(waiting, 10)

    assert [e.aggregate_id for e in batch.events] == ["new"]
    await watcher.aclose()


async def test_a_watcher_finds_what_another_process_wrote(
    database: Database, outbox: Outbox
) -> None:
    watcher = outbox.watch(database, "", poll_s=0.02)
    waiting = asyncio.ensure_future(anext(watcher))
    await asyncio.sleep(0.05)

    elsewhere = Outbox(sa.MetaData(), "orderhub/test")
    await write(database, elsewhere, event("theirs"))
    batch = await asyncio.wait_for(waiting, 10)

    assert [e.aggregate_id for e in batch.events] == ["theirs"]
    await watcher.aclose()


async def test_writers_of_one_aggregate_never_share_a_number(
    database: Database, outbox: Outbox
) -> None:
    await asyncio.gather(*(write(database, outbox, event("same")) for _ in range(25)))

    found = await everything(database, outbox)

    assert sorted(e.aggregate_seq for e in found) == list(range(1, 26))


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(3))
async def test_no_event_is_skipped_when_transactions_commit_out_of_order(
    postgres_url: str, outbox: Outbox, seed: int
) -> None:
    config = Config(database_url=postgres_url, database_writers=8)
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_race")
    outbox.table.metadata.create_all(database.engine)
    pauses = random.Random(seed)
    pause = threading.Event()
    written = {f"w{i}" for i in range(120)}

    def slow(name: str, before_s: float, after_s: float) -> object:
        def run(connection: sa.Connection) -> None:
            connection.exec_driver_sql("select pg_current_xact_id()")  # take a place, write later
            pause.wait(before_s)
            outbox.append(connection, [event(name)])
            pause.wait(after_s)

        return run

    async def watch() -> list[Event]:
        seen: list[Event] = []
        async for batch in outbox.watch(database, "", limit=7, poll_s=0.005):
            seen += batch.events
            if len(seen) >= len(written):
                break
        return seen

    watching = asyncio.ensure_future(watch())
    await asyncio.gather(
        *(
            database.write(slow(name, pauses.random() * 0.02, pauses.random() * 0.02))
            for name in written
        )
    )
    seen = await asyncio.wait_for(watching, 20)

    await database.close()
    assert {e.aggregate_id for e in seen} == written
    assert len(seen) == len(written)
    assert [e.position for e in seen] == sorted(e.position for e in seen)


@pytest.mark.postgres
async def test_an_event_behind_an_open_transaction_waits_for_it(
    postgres_url: str, outbox: Outbox
) -> None:
    config = Config(database_url=postgres_url)
    database = await asyncio.to_thread(Database.open, config, "intake", schema="kit_open")
    outbox.table.metadata.create_all(database.engine)
    begun, finish = threading.Event(), threading.Event()

    def hold(connection: sa.Connection) -> None:
        outbox.append(connection, [event("first")])
        begun.set()
        finish.wait(10)

    holding = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(begun.wait, 10)
    await write(database, outbox, event("second"))

    hidden = await database.read(lambda c: outbox.read_after(c, Position(0, 0), 10))
    finish.set()
    await holding
    shown = await everything(database, outbox)

    await database.close()
    assert hidden == []
    assert [e.aggregate_id for e in shown] == ["first", "second"]


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**63 - 1))
def test_a_cursor_gives_its_position_back(xid: int, seq: int) -> None:
    assert position_from(cursor_from(Position(xid, seq))) == Position(xid, seq)


@given(st.one_of(st.text(min_size=1), st.from_regex(r"[A-Za-z0-9_=-]{1,40}", fullmatch=True)))
def test_any_other_text_is_refused_by_the_fields_name(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        position_from(text, "resume_after")

    assert caught.value.field == "resume_after"
