"""The time an unpaid order has: it runs once, and money that came is never lost with it."""

from __future__ import annotations

from datetime import timedelta

from intake_desk import Desk, agrees, allocated, an_order, outcome, verdict

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1

EXPIRED = inventory_v1.RESERVATION_STATE_EXPIRED


async def leased(desk: Desk) -> intake_v1.ClaimedOrder:
    """Have the order's stock kept for as long as intake asks."""

    def keep(claimed: intake_v1.ClaimedOrder) -> intake_v1.OrderOutcome:
        ends = desk.clock.now() + timedelta(seconds=claimed.lease.seconds)
        return outcome(claimed, verdict(), allocated(claimed, shipped=False, leased_until=ends))

    (claimed,) = await desk.work(keep)
    return claimed


async def partly_paid_and_late(desk: Desk) -> str:
    number = await desk.accepted(an_order(paid=False))
    await leased(desk)
    paid = an_order(paid=False, modified_s=60)
    paid.payment.paid_minor = paid.total_minor - 1
    await desk.submit(paid)
    desk.clock.advance(31 * 60)
    await desk.intake.expiry.look()
    await desk.work(lambda c: outcome(c, reservation=EXPIRED))
    return number


async def test_updates_never_lengthen_the_time_to_pay(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))
    first = (await desk.record(number)).pay_by
    leases = [(await leased(desk)).lease.seconds]

    for nth in (1, 2):
        desk.clock.advance(10 * 60)
        await desk.submit(an_order(paid=False, modified_s=60 * nth, skus={"SKU-1": nth}))
        leases.append((await leased(desk)).lease.seconds)

    assert leases == [1800, 1200, 600]
    assert (await desk.record(number)).pay_by == first


async def test_an_order_handed_out_too_late_to_pay_keeps_stock_for_a_moment_only(
    desk: Desk,
) -> None:
    number = await desk.accepted(an_order(paid=False))
    desk.clock.advance(40 * 60)

    claimed = await leased(desk)
    desk.clock.advance(2)

    assert claimed.lease.seconds == 1
    assert await desk.intake.expiry.look() == 1
    agrees(await desk.record(number), await desk.events(number))


async def test_part_of_the_money_when_time_is_over_is_held_for_people_and_frees_the_stock(
    desk: Desk,
) -> None:
    number = await partly_paid_and_late(desk)

    record = await desk.record(number)
    (hold,) = record.holds
    assert (record.state, record.lifecycle) == (
        record_v1.ORDER_STATE_HELD,
        record_v1.LIFECYCLE_OPEN,
    )
    assert (hold.reason, hold.queue) == ("PARTLY_PAID_EXPIRED", "after-sales")
    assert hold.message.zh
    assert hold.sop.en
    assert (record.stock_state, record.work) == (record_v1.STOCK_STATE_NONE, 0)
    assert not record.HasField("pay_by")
    agrees(record, await desk.events(number))


async def test_a_late_part_payer_let_go_on_gets_a_fresh_time_to_pay(desk: Desk) -> None:
    number = await partly_paid_and_late(desk)
    hold = (await desk.record(number)).holds[0]

    request = intake_v1.ReleaseHoldRequest(request_id="r", hold_id=hold.hold_id)
    await desk.call.ReleaseHold(request, None)
    claimed = await leased(desk)

    record = await desk.record(number)
    assert (claimed.work, claimed.lease.seconds) == (record_v1.WORK_PROCESS, 1800)
    assert record.state == record_v1.ORDER_STATE_AWAITING_PAYMENT
    agrees(record, await desk.events(number))
