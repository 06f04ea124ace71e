"""Order numbers never repeat, whoever gives them out and whenever."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from intake_desk import Desk, an_order

from services._kit.database import Database
from services.intake import store
from services.intake.numbers import OrderNumbers, order_number

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services._kit.config import Config

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
async def database(config: Config) -> AsyncIterator[Database]:
    database = await asyncio.to_thread(Database.open, config, "intake")
    yield database
    await database.close()


async def test_eight_intakes_never_give_a_number_twice(database: Database) -> None:
    intakes = [OrderNumbers(database, SHANGHAI, block=700) for _ in range(8)]

    async def run(numbers: OrderNumbers) -> list[str]:
        taken: list[str] = []
        for _ in range(60):
            await numbers.ensure(NOON)
            taken += await database.write(lambda c: numbers.take(c, NOON, 97))
        return taken

    given = await asyncio.gather(*(run(numbers) for numbers in intakes))

    every = [number for taken in given for number in taken]
    assert len(every) == len(set(every)) == 8 * 60 * 97
    assert {len(number) for number in every} == {14}


async def test_threads_of_one_intake_share_its_blocks(database: Database) -> None:
    numbers = OrderNumbers(database, SHANGHAI, block=5000)
    await numbers.ensure(NOON)
    barrier = threading.Barrier(8)

    def take(_: int) -> list[str]:
        barrier.wait()
        # Enough are at hand, so no connection is needed.
        return [n for _ in range(50) for n in numbers.take(None, NOON, 10)]  # type: ignore[arg-type]

    with ThreadPoolExecutor(8) as threads:
        given = [number for taken in threads.map(take, range(8)) for number in taken]

    assert len(set(given)) == len(given) == 4000


async def test_a_dry_block_is_filled_from_the_database(database: Database) -> None:
    numbers = OrderNumbers(database, SHANGHAI, block=10)

    first = await database.write(lambda c: numbers.take(c, NOON, 3))
    await numbers.ensure(NOON)
    rest = await database.write(lambda c: numbers.take(c, NOON, 15))

    assert [int(n[8:]) for n in first + rest] == list(range(1, 19))


async def test_midnight_in_the_business_zone_begins_a_new_sequence(desk: Desk) -> None:
    desk.clock.set(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC))
    last = await desk.accepted(an_order("A1"))
    desk.clock.set(datetime(2026, 3, 1, 16, 0, tzinfo=UTC))

    first = await desk.accepted(an_order("A2"))

    assert (last, first) == ("20260301000001", "20260302000001")


async def test_the_millionth_and_first_order_of_a_day_gets_a_wider_number(desk: Desk) -> None:
    await desk.intake.database.write(
        lambda c: c.execute(store.sequences.insert(), {"day": "20260301", "next_number": 1_000_000})
    )

    numbers = [await desk.accepted(an_order(f"A{i}")) for i in range(3)]

    assert numbers == ["202603011000000", "202603011000001", "202603011000002"]
    assert (await desk.record(numbers[1])).order.external_order_id == "A1"


def test_a_number_widens_and_never_wraps() -> None:
    every = [order_number("20260301", n) for n in (1, 999_999, 1_000_000, 12_345_678)]

    assert every == [
        "20260301000001",
        "20260301999999",
        "202603011000000",
        "2026030112345678",
    ]
