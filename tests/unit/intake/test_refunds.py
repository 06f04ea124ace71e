"""Refunds asked for or given: the order is frozen, its parcels called off, its stock known."""

from __future__ import annotations

import pytest
from intake_desk import Desk, agrees, allocated, an_order, outcome, verdict

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1

OPEN = record_v1.HOLD_STATE_OPEN
ASKED = order_v1.UPSTREAM_STATUS_REFUND_REQUESTED
CONFLICT = intake_v1.FINISH_RESULT_CONFLICT


def asking(modified_s: int = 60, **given: object) -> order_v1.Order:
    return an_order(modified_s=modified_s, upstream_status=ASKED, **given)


def refunded(minor: int, modified_s: int = 60, **given: object) -> order_v1.Order:
    order = an_order(modified_s=modified_s, **given)
    order.payment.refunded_minor = minor
    return order


def kept(claimed: intake_v1.ClaimedOrder) -> intake_v1.OrderOutcome:
    return outcome(claimed, verdict(), allocated(claimed, shipped=False))


def open_reasons(record: record_v1.OrderRecord) -> list[str]:
    return [hold.reason for hold in record.holds if hold.state == OPEN]


async def release(desk: Desk, hold_id: str) -> None:
    request = intake_v1.ReleaseHoldRequest(request_id=desk.request_id(), hold_id=hold_id)
    await desk.call.ReleaseHold(request, None)


@pytest.mark.parametrize("update", [asking(), refunded(1500), refunded(1)])
async def test_a_refund_calls_parcels_off_and_keeps_the_stock(
    desk: Desk, update: order_v1.Order
) -> None:
    number = await desk.accepted()
    await desk.work()

    await desk.submit(update)
    frozen = await desk.record(number)
    (claimed,) = await desk.work(kept)

    record = await desk.record(number)
    assert frozen.state == record_v1.ORDER_STATE_HELD
    assert (claimed.work, claimed.held) == (record_v1.WORK_PROCESS, True)
    assert claimed.order.revision == 2
    assert (record.state, record.work) == (record_v1.ORDER_STATE_HELD, 0)
    assert record.stock_state == record_v1.STOCK_STATE_RESERVED
    assert open_reasons(record) == ["REFUND_REQUESTED"]
    assert not list(record.allocation.shipments)
    told = [
        (step.dimension, step.to)
        for event in await desk.events(number)
        for step in event.transitions
        if step.dimension.startswith("shipment/")
    ]
    assert told[-1] == (f"shipment/{number}-1", "CANCELLED")
    agrees(record, await desk.events(number))


async def test_a_withdrawn_refund_lets_the_parcels_go_again(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work()
    await desk.submit(asking())
    await desk.work(kept)

    await release(desk, (await desk.record(number)).holds[0].hold_id)
    (claimed,) = await desk.work()

    record = await desk.record(number)
    assert (claimed.work, claimed.held) == (record_v1.WORK_PROCESS, False)
    assert record.state == record_v1.ORDER_STATE_ALLOCATED
    assert [s.state for s in record.allocation.shipments] == [
        allocation_v1.SHIPMENT_STATE_ALLOCATED
    ]
    agrees(record, await desk.events(number))


async def test_an_order_that_comes_in_refunded_is_frozen_at_once(desk: Desk) -> None:
    number = await desk.accepted(refunded(1500))

    record = await desk.record(number)
    assert (record.state, record.work) == (record_v1.ORDER_STATE_HELD, 0)
    assert open_reasons(record) == ["REFUND_REQUESTED"]
    agrees(record, await desk.events(number))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (asking(), asking(120, skus={"SKU-1": 1})),
        (asking(), refunded(1500, 120)),
        (refunded(1500), refunded(1500, 120, skus={"SKU-1": 3})),
        (refunded(500), refunded(700, 120)),
    ],
)
async def test_a_frozen_order_stays_frozen_by_the_same_hold_through_updates(
    desk: Desk, first: order_v1.Order, then: order_v1.Order
) -> None:
    number = await desk.accepted()
    await desk.work()
    await desk.submit(first)
    before = await desk.record(number)

    await desk.submit(then)
    await desk.work(kept)

    record = await desk.record(number)
    assert [h.hold_id for h in record.holds] == [h.hold_id for h in before.holds]
    assert open_reasons(record) == ["REFUND_REQUESTED"]
    assert record.stock_state == record_v1.STOCK_STATE_RESERVED
    agrees(record, await desk.events(number))


async def test_a_request_taken_back_by_the_channel_thaws_the_order(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work()
    await desk.submit(asking())

    await desk.submit(an_order(modified_s=120))
    await desk.work()

    record = await desk.record(number)
    assert record.state == record_v1.ORDER_STATE_ALLOCATED
    assert open_reasons(record) == []
    agrees(record, await desk.events(number))


async def test_stock_reserved_for_an_order_frozen_in_work_is_freed_without_its_caller(
    desk: Desk,
) -> None:
    number = await desk.accepted()
    (claimed,) = (await desk.claim("B1")).orders
    await desk.submit(asking())

    results = await desk.finish("B1", outcome(claimed))  # and the caller is never seen again
    (freeing,) = await desk.work(
        lambda c: outcome(c, reservation=inventory_v1.RESERVATION_STATE_RELEASED)
    )

    record = await desk.record(number)
    assert results == [CONFLICT]
    assert (freeing.work, freeing.order.revision) == (record_v1.WORK_RELEASE, 2)
    assert (record.work, record.stock_state) == (0, record_v1.STOCK_STATE_NONE)
    assert record.lifecycle == record_v1.LIFECYCLE_OPEN
    assert record.state == record_v1.ORDER_STATE_HELD
    assert open_reasons(record) == ["REFUND_REQUESTED"]
    assert not (await desk.claim()).orders
    agrees(record, await desk.events(number))


@pytest.mark.parametrize("claimed_first", [False, True])
async def test_a_hold_released_while_stock_is_to_be_freed_works_on_the_order_again(
    desk: Desk, claimed_first: bool
) -> None:
    number = await desk.accepted()
    (claimed,) = (await desk.claim("B1")).orders
    await desk.submit(asking())
    await desk.finish("B1", outcome(claimed))
    freeing = list((await desk.claim("B2")).orders) if claimed_first else []

    await release(desk, (await desk.record(number)).holds[0].hold_id)
    for late in freeing:
        assert await desk.finish("B2", outcome(late, fault="")) == [CONFLICT]
    (again,) = await desk.work()

    record = await desk.record(number)
    assert (again.work, again.order.revision, again.held) == (record_v1.WORK_PROCESS, 3, False)
    assert record.state == record_v1.ORDER_STATE_ALLOCATED
    agrees(record, await desk.events(number))


async def test_an_update_while_stock_is_to_be_freed_keeps_it_to_be_freed(desk: Desk) -> None:
    number = await desk.accepted()
    (claimed,) = (await desk.claim("B1")).orders
    await desk.submit(asking())
    await desk.finish("B1", outcome(claimed))

    await desk.submit(asking(120, skus={"SKU-1": 1}))
    (freeing,) = (await desk.claim("B2")).orders

    assert (freeing.work, freeing.order.revision) == (record_v1.WORK_RELEASE, 3)
    agrees(await desk.record(number), await desk.events(number))
