"""Payments and their clock: stock made firm in time, tried again, or let go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from intake_desk import Desk, agrees, allocated, an_order, outcome, verdict

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services._kit.errors import Malformed

REVIEW, REJECT = decision_v1.VERDICT_REVIEW, decision_v1.VERDICT_REJECT


def state(record: record_v1.OrderRecord) -> str:
    return record_v1.OrderState.Name(record.state).removeprefix("ORDER_STATE_")


def leased(desk: Desk, claimed: intake_v1.ClaimedOrder) -> intake_v1.OrderOutcome:
    """Pass it and keep its stock for half an hour."""
    ends = desk.clock.now() + timedelta(minutes=30)
    return outcome(claimed, verdict(), allocated(claimed, shipped=False, leased_until=ends))


async def expired(desk: Desk, number: str, reservation: int) -> record_v1.OrderRecord:
    """Let the timer ask, and fulfilment answer."""
    await desk.intake.expiry.look()
    await desk.work(lambda c: outcome(c, reservation=reservation))
    return await desk.record(number)


async def pay(
    desk: Desk, number: str, minor: int, request_id: str = "", currency: str = "CNY"
) -> record_v1.OrderRecord:
    request = intake_v1.RecordPaymentRequest(
        request_id=request_id or desk.request_id(), order_number=number
    )
    request.amount.currency, request.amount.amount_minor = currency, minor
    request.paid_at.FromDatetime(datetime(2026, 3, 1, 4, 0, tzinfo=UTC))
    return (await desk.call.RecordPayment(request, None)).record


async def cancel(
    desk: Desk, number: str, request_id: str = "", etag: str = ""
) -> record_v1.OrderRecord:
    request = intake_v1.CancelOrderRequest(
        request_id=request_id or desk.request_id(),
        order_number=number,
        reason="buyer's wish",
        etag=etag,
    )
    return (await desk.call.CancelOrder(request, None)).record


async def test_payment_makes_leased_stock_firm(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))
    await desk.work(lambda c: leased(desk, c))
    waiting = await desk.record(number)

    await pay(desk, number, 1500)
    (claimed,) = await desk.work(
        lambda c: outcome(
            c, allocation=allocated(c), reservation=inventory_v1.RESERVATION_STATE_CONFIRMED
        )
    )

    record = await desk.record(number)
    assert state(waiting) == "AWAITING_PAYMENT"
    assert claimed.work == record_v1.WORK_CONFIRM_PAYMENT
    assert claimed.HasField("paid_at")
    assert (state(record), record.HasField("pay_by")) == ("ALLOCATED", False)
    agrees(record, await desk.events(number))


async def test_payment_after_the_lease_was_lost_tries_again(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))
    await desk.work(lambda c: leased(desk, c))
    await pay(desk, number, 1500)

    await desk.work(lambda c: outcome(c, reservation=inventory_v1.RESERVATION_STATE_EXPIRED))
    (claimed,) = await desk.work()

    record = await desk.record(number)
    assert claimed.work == record_v1.WORK_PROCESS
    assert not claimed.HasField("lease")
    assert state(record) == "ALLOCATED"
    agrees(record, await desk.events(number))


async def test_payment_that_comes_while_the_order_is_in_work_is_not_forgotten(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))
    (claimed,) = (await desk.claim("B1")).orders
    await pay(desk, number, 1500)

    await desk.finish("B1", leased(desk, claimed))

    record = await desk.record(number)
    assert record.work == record_v1.WORK_CONFIRM_PAYMENT
    assert record.order.revision == 2
    agrees(record, await desk.events(number))


async def test_payment_of_a_held_order_confirms_its_stock_and_ships_nothing(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))
    ends = desk.clock.now() + timedelta(minutes=30)
    await desk.work(
        lambda c: outcome(c, verdict(REVIEW, "R1"), allocated(c, shipped=False, leased_until=ends))
    )

    await pay(desk, number, 1500)
    (claimed,) = await desk.work(
        lambda c: outcome(
            c,
            allocation=allocated(c, shipped=False),
            reservation=inventory_v1.RESERVATION_STATE_CONFIRMED,
        )
    )

    record = await desk.record(number)
    assert (claimed.work, claimed.held) == (record_v1.WORK_CONFIRM_PAYMENT, True)
    assert (state(record), record.stock_state) == ("HELD", record_v1.STOCK_STATE_RESERVED)
    agrees(record, await desk.events(number))


async def test_part_payments_add_up_and_too_much_is_booked_and_told(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))

    part = await pay(desk, number, 1000)
    full = await pay(desk, number, 700)

    told = {d.name: d.value for d in (await desk.events(number))[-1].details}
    assert part.payment_state == record_v1.PAYMENT_STATE_PARTLY_PAID
    assert full.payment_state == record_v1.PAYMENT_STATE_PAID
    assert full.order.payment.paid_minor == 1700
    assert told["overpaid_minor"] == "200"


async def test_a_payment_counts_once_per_request_id_and_once_when_told_again(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))

    await pay(desk, number, 1500, "once")
    await pay(desk, number, 1500, "once")
    await desk.submit(an_order(modified_s=60))  # the channel tells of the same money

    assert (await desk.record(number)).order.payment.paid_minor == 1500


async def test_a_payment_in_another_currency_is_refused(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))

    with pytest.raises(Malformed) as caught:
        await pay(desk, number, 1500, currency="USD")

    assert caught.value.field == "amount.currency"


async def test_an_unpaid_order_expires_when_fulfilment_says_so(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))
    await desk.work(lambda c: leased(desk, c))
    desk.clock.advance(30 * 60 - 1)
    early = await desk.intake.expiry.look()
    desk.clock.advance(1)

    record = await expired(desk, number, inventory_v1.RESERVATION_STATE_EXPIRED)

    assert early == 0
    assert (state(record), record.closing_reason) == ("EXPIRED", "NOT_PAID_IN_TIME")
    assert record.work == 0
    agrees(record, await desk.events(number))


async def test_a_lease_that_has_not_ended_yet_is_asked_about_again(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))
    await desk.work(lambda c: leased(desk, c))
    desk.clock.advance(30 * 60)

    record = await expired(desk, number, inventory_v1.RESERVATION_STATE_LEASED)
    desk.clock.advance(60)

    assert state(record) == "AWAITING_PAYMENT"
    assert await desk.intake.expiry.look() == 1


async def test_payment_at_the_last_second_beats_the_timer(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))
    await desk.work(lambda c: leased(desk, c))
    desk.clock.advance(30 * 60)
    await desk.intake.expiry.look()

    await pay(desk, number, 1500)

    (claimed,) = (await desk.claim()).orders
    assert claimed.work == record_v1.WORK_CONFIRM_PAYMENT


async def test_a_paid_or_ended_order_never_expires(desk: Desk) -> None:
    await desk.accepted(an_order("A1"))
    ended = await desk.accepted(an_order("A2", paid=False))
    await cancel(desk, ended)
    desk.clock.advance(24 * 3600)

    assert await desk.intake.expiry.look() == 0


@pytest.mark.parametrize(
    ("paid_minor", "shown"), [(200, "PARTLY_PAID"), (0, "PAID"), (1500, "PAID")]
)
async def test_a_presale_told_as_paid_has_paid_what_its_amount_says(
    desk: Desk, paid_minor: int, shown: str
) -> None:
    order = an_order(upstream_status=order_v1.UPSTREAM_STATUS_PAID)
    order.payment.mode = order_v1.PAYMENT_MODE_DEPOSIT_BALANCE
    order.payment.paid_minor = paid_minor

    record = await desk.record(await desk.accepted(order))

    assert record_v1.PaymentState.Name(record.payment_state) == f"PAYMENT_STATE_{shown}"
