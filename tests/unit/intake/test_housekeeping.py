"""What is old is forgotten, what is not is kept, and a timer outlives its faults."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from intake_desk import Desk, an_order, outcome

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services.intake import store
from services.intake.housekeeping import Housekeeping
from services.intake.timer import Timer

DAY_S = 24 * 3600


async def rows(desk: Desk, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return int(await desk.intake.database.read(lambda c: c.execute(query).scalar_one()))


async def test_answers_and_finished_batches_are_kept_seven_days(desk: Desk) -> None:
    keeper = Housekeeping(desk.intake.database, desk.intake.requests, desk.clock)
    first = await desk.submit(an_order("A1"), "once")
    await desk.work()
    await desk.accepted(an_order("A2"))
    await desk.claim("still-open")

    desk.clock.advance(7 * DAY_S)
    await keeper.round()
    again = await desk.submit(an_order("A1"), "once")
    kept = await rows(desk, store.batches)
    desk.clock.advance(60)
    await keeper.round()
    after = await desk.submit(an_order("A1"), "once")

    assert again == first
    assert kept == 2
    assert after.outcome == intake_v1.SUBMIT_OUTCOME_DUPLICATE
    assert await rows(desk, store.batches) == await rows(desk, store.members) == 1
    claim = await desk.claim("still-open")
    assert await desk.finish("still-open", outcome(claim.orders[0])) == [
        intake_v1.FINISH_RESULT_APPLIED
    ]


async def test_a_timer_goes_on_after_a_fault() -> None:
    calls = asyncio.Queue[int]()
    count = 0

    async def fail_at_first() -> None:
        nonlocal count
        count += 1
        calls.put_nowait(count)
        if count == 1:
            raise ValueError("a bug")

    timer = Timer("test", fail_at_first, 0.001)

    assert [await calls.get() for _ in range(3)] == [1, 2, 3]
    await timer.close()
