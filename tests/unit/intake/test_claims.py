"""Leases: every order is in at most one open batch, and no batch is ever lost."""

from __future__ import annotations

import asyncio

import pytest
from intake_desk import Desk, an_order, outcome

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services._kit.errors import FailedPrecondition, Malformed, NotFound

APPLIED = intake_v1.FINISH_RESULT_APPLIED
REPEATED = intake_v1.FINISH_RESULT_REPEATED
CONFLICT = intake_v1.FINISH_RESULT_CONFLICT


def numbers(claim: intake_v1.ClaimOrdersResponse) -> list[str]:
    return [claimed.order.order_number for claimed in claim.orders]


async def take_in(desk: Desk, count: int) -> list[str]:
    results = await desk.submit_all(*(an_order(f"A{i}") for i in range(count)))
    return [result.order_number for result in results]


async def test_the_oldest_work_is_handed_out_first(desk: Desk) -> None:
    given = []
    for i in range(5):
        desk.clock.advance(1)
        given.append(await desk.accepted(an_order(f"A{i}")))

    first, second = await desk.claim("B1", max_orders=3), await desk.claim("B2")

    assert numbers(first) + numbers(second) == given
    assert first.lease_ends_at.seconds == int(desk.clock.now().timestamp()) + 30


async def test_a_claimed_order_carries_its_person_and_what_was_paid(desk: Desk) -> None:
    await desk.accepted()

    (claimed,) = (await desk.claim()).orders

    assert claimed.order.recipient.phone == "13800138000"
    assert claimed.work == record_v1.WORK_PROCESS
    assert claimed.payment_state == record_v1.PAYMENT_STATE_PAID
    assert not claimed.HasField("lease")


async def test_the_same_batch_id_gives_the_same_orders(desk: Desk) -> None:
    await take_in(desk, 3)
    first = await desk.claim("B1", max_orders=2)

    again = await desk.claim("B1", max_orders=1)

    assert numbers(again) == numbers(first)
    assert (first.resumed, again.resumed) == (False, True)


async def test_a_dropped_batch_comes_back_whole_under_its_own_name(desk: Desk) -> None:
    await take_in(desk, 4)
    first = await desk.claim("B1", max_orders=2)
    desk.clock.advance(29)
    other = await desk.claim("B2")
    desk.clock.advance(1)

    taken_over = await desk.claim("B3")

    assert set(numbers(first)).isdisjoint(numbers(other))
    assert (taken_over.batch_id, taken_over.resumed) == ("B1", True)
    assert numbers(taken_over) == numbers(first)


async def test_a_renewed_lease_keeps_the_batch(desk: Desk) -> None:
    await take_in(desk, 1)
    await desk.claim("B1")
    desk.clock.advance(25)

    renewed = await desk.call.RenewClaim(intake_v1.RenewClaimRequest(batch_id="B1"), None)
    desk.clock.advance(25)

    assert renewed.lease_ends_at.seconds == int(desk.clock.now().timestamp()) + 5
    assert not (await desk.claim("B2")).orders


async def test_a_finished_batch_is_over(desk: Desk) -> None:
    await take_in(desk, 1)
    (claimed,) = (await desk.claim("B1")).orders
    await desk.finish("B1", outcome(claimed))

    with pytest.raises(FailedPrecondition):
        await desk.call.RenewClaim(intake_v1.RenewClaimRequest(batch_id="B1"), None)
    desk.clock.advance(60)
    again = await desk.claim("B1")

    assert (list(again.orders), again.resumed) == ([], True)
    assert not (await desk.claim("B2")).orders


async def test_a_batch_stays_open_until_its_last_order_is_answered(desk: Desk) -> None:
    await take_in(desk, 3)
    one, two, three = (await desk.claim("B1")).orders
    await desk.finish("B1", outcome(one))
    desk.clock.advance(31)

    again = await desk.claim("B2")
    results = await desk.finish("B1", outcome(one), outcome(two), outcome(three))

    assert again.batch_id == "B1"
    assert numbers(again) == [two.order.order_number, three.order.order_number]
    assert results == [REPEATED, APPLIED, APPLIED]
    assert not (await desk.claim("B3")).orders


async def test_bytes_bound_a_batch_but_never_below_one_order(desk: Desk) -> None:
    await take_in(desk, 3)

    first = await desk.claim("B1", max_bytes=1)
    rest = await desk.claim("B2")

    assert (len(first.orders), len(rest.orders)) == (1, 2)


async def test_an_order_changed_meanwhile_comes_again(desk: Desk) -> None:
    await desk.accepted()
    (claimed,) = (await desk.claim("B1")).orders
    await desk.submit(an_order(modified_s=60, skus={"SKU-1": 9}))

    in_between = await desk.claim("B2")
    results = await desk.finish("B1", outcome(claimed))
    repeated = await desk.finish("B1", outcome(claimed))
    (again,) = (await desk.claim("B3")).orders

    assert not in_between.orders
    assert (results, repeated) == ([CONFLICT], [CONFLICT])
    assert again.order.revision == 2
    assert again.order.lines[0].quantity == 9


async def test_an_outcome_of_another_batch_is_refused_by_name(desk: Desk) -> None:
    await take_in(desk, 2)
    (one,) = (await desk.claim("B1", max_orders=1)).orders
    (two,) = (await desk.claim("B2")).orders

    with pytest.raises(Malformed) as caught:
        await desk.finish("B1", outcome(one), outcome(two))
    with pytest.raises(NotFound):
        await desk.finish("B9", outcome(one))

    assert caught.value.field == "outcomes[1].order_number"
    assert (await desk.record(one.order.order_number)).work == record_v1.WORK_PROCESS


async def test_no_order_is_in_two_open_batches_however_many_claim(desk: Desk) -> None:
    given = await take_in(desk, 120)

    claims = await asyncio.gather(*(desk.claim(f"B{i}", max_orders=7) for i in range(30)))

    claimed = [number for claim in claims for number in numbers(claim)]
    assert sorted(claimed) == sorted(given)


async def test_claims_and_finishes_at_once_leave_nothing_undone(desk: Desk) -> None:
    given = await take_in(desk, 60)

    async def worker(name: str) -> int:
        done = 0
        for i in range(40):
            claim = await desk.claim(f"{name}-{i}", max_orders=5)
            if not claim.orders:
                break
            results = await desk.finish(claim.batch_id, *(outcome(c) for c in claim.orders))
            done += results.count(APPLIED)
        return done

    done = await asyncio.gather(*(worker(f"W{i}") for i in range(4)))

    assert sum(done) == len(given)
    assert (await desk.count()).unfinished == 0


async def test_a_long_poll_wakes_when_an_order_comes(desk: Desk) -> None:
    request = intake_v1.ClaimOrdersRequest(batch_id="B1")
    request.wait.FromSeconds(20)
    waiting = asyncio.create_task(desk.call.ClaimOrders(request, None))
    await asyncio.sleep(0.05)

    number = await desk.accepted()

    assert numbers(await waiting) == [number]


async def test_a_long_poll_ends_when_the_service_drains(desk: Desk) -> None:
    request = intake_v1.ClaimOrdersRequest(batch_id="B1")
    request.wait.FromSeconds(30)
    waiting = asyncio.create_task(desk.call.ClaimOrders(request, None))
    await asyncio.sleep(0.05)

    await desk.intake.drain()

    assert not (await asyncio.wait_for(waiting, 5)).orders
