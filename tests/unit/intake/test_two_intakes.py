"""Several intakes on one PostgreSQL: still one order for each business key and request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from intake_desk import Desk, agrees, an_order, outcome

from orderhub.intake.v1 import intake_pb2 as intake_v1

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services._kit.clock import ManualClock
    from services._kit.config import Config

pytestmark = pytest.mark.postgres

ACCEPTED = intake_v1.SUBMIT_OUTCOME_ACCEPTED
DUPLICATE = intake_v1.SUBMIT_OUTCOME_DUPLICATE


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """A SQLite file has one process; this is about several."""
    return postgres_url


@pytest.fixture
async def desks(config: Config, clock: ManualClock) -> AsyncIterator[list[Desk]]:
    opened = [await Desk.open(config, clock) for _ in range(2)]
    yield opened
    for desk in opened:
        await desk.close()


async def test_the_same_orders_at_once_are_taken_in_once(desks: list[Desk]) -> None:
    async def send(desk: Desk, name: str) -> list[intake_v1.SubmitResult]:
        request = intake_v1.SubmitOrdersRequest(
            orders=[
                intake_v1.OrderToSubmit(request_id=f"{name}-{i}", order=an_order(f"A{i}"))
                for i in range(40)
            ]
        )
        return list((await desk.call.SubmitOrders(request, None)).results)

    answers = await asyncio.gather(
        *(send(desk, f"{k}-{n}") for k, desk in enumerate(desks) for n in range(3))
    )

    for same in zip(*answers, strict=True):
        assert len({result.order_number for result in same}) == 1
        assert sorted(r.outcome for r in same) == [ACCEPTED, *[DUPLICATE] * (len(same) - 1)]
    assert (await desks[0].count()).orders == 40


async def test_one_request_sent_to_both_gets_one_answer(desks: list[Desk]) -> None:
    for i in range(20):
        results = await asyncio.gather(
            *(desk.submit(an_order(f"A{i}"), f"request-{i}") for desk in desks)
        )

        assert results[0].SerializeToString() == results[1].SerializeToString()
        assert results[0].outcome == ACCEPTED


async def test_updates_claims_and_outcomes_at_once_stay_in_step(desks: list[Desk]) -> None:
    names = [f"A{i}" for i in range(12)]
    numbers = [await desks[0].accepted(an_order(name)) for name in names]

    async def update(desk: Desk) -> None:
        for minute in range(1, 6):
            orders = [an_order(n, modified_s=60 * minute, skus={"S": minute}) for n in names]
            await desk.submit_all(*orders)

    async def work(desk: Desk, name: str) -> None:
        for i in range(12):
            claim = await desk.claim(f"{name}-{i}", max_orders=4)
            if claim.orders:
                await desk.finish(claim.batch_id, *(outcome(c) for c in claim.orders))
            await asyncio.sleep(0.005)

    await asyncio.gather(
        update(desks[0]), work(desks[0], "W0"), work(desks[1], "W1"), work(desks[1], "W2")
    )
    while (await desks[1].count()).unfinished:
        await desks[1].work()

    for number in numbers:
        record = await desks[0].record(number)
        assert record.order.lines[0].quantity == 5
        agrees(record, await desks[0].events(number))
