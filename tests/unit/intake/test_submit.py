"""Identity: new orders, repeats, updates and contradictions, and that they add up."""

from __future__ import annotations

import pytest
from intake_desk import Desk, agrees, an_order, outcome

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services._kit.errors import Malformed

ACCEPTED = intake_v1.SUBMIT_OUTCOME_ACCEPTED
UPDATED = intake_v1.SUBMIT_OUTCOME_UPDATED
DUPLICATE = intake_v1.SUBMIT_OUTCOME_DUPLICATE
QUARANTINED = intake_v1.SUBMIT_OUTCOME_QUARANTINED
REFUSED = intake_v1.SUBMIT_OUTCOME_REFUSED


async def test_an_order_taken_in_is_what_was_sent(desk: Desk) -> None:
    sent = an_order()

    number = await desk.accepted(sent)

    request = intake_v1.GetOrderRequest(order_number=number, include_recipient=True)
    order = (await desk.call.GetOrder(request, None)).record.order
    assert order.recipient == sent.recipient
    assert order.destination == sent.destination
    assert [(line.sku, line.quantity) for line in order.lines] == [("SKU-1", 2), ("SKU-2", 1)]
    assert [line.line_no for line in order.lines] == [1, 2]
    assert (order.order_number, order.revision, order.content_revision) == (number, 1, 1)
    assert number == "20260301000001"


async def test_the_person_is_left_out_unless_asked_for(desk: Desk) -> None:
    number = await desk.accepted()

    record = await desk.record(number)
    events = await desk.events(number)

    assert not record.order.HasField("recipient")
    told = b"".join(event.SerializeToString() for event in events)
    assert b"13800138000" not in told
    assert "王小明".encode() not in told


async def test_a_request_repeated_gets_the_same_bytes(desk: Desk) -> None:
    first = await desk.submit(an_order(), "once")
    desk.clock.advance(6 * 24 * 3600)

    again = await desk.submit(an_order(), "once")

    assert again.SerializeToString() == first.SerializeToString()
    assert (await desk.count()).orders == 1


async def test_a_request_id_with_another_body_is_refused(desk: Desk) -> None:
    await desk.submit(an_order("A1"), "once")

    with pytest.raises(Malformed) as caught:
        await desk.submit(an_order("A2"), "once")

    assert caught.value.reason == "REQUEST_ID_REUSED"
    assert caught.value.field == "request_id"
    assert (await desk.count()).orders == 1


async def test_the_same_content_again_is_a_duplicate(desk: Desk) -> None:
    number = await desk.accepted()

    again = await desk.submit(an_order())
    later = await desk.submit(an_order(modified_s=60))

    assert (again.outcome, again.order_number) == (DUPLICATE, number)
    assert (later.outcome, later.order_number) == (DUPLICATE, number)
    assert (await desk.record(number)).event_count == 1


async def test_an_older_version_is_a_duplicate_even_after_a_newer_repeat(desk: Desk) -> None:
    await desk.accepted(an_order(modified_s=10))
    await desk.submit(an_order(modified_s=30))  # nothing new, but the newest

    between = await desk.submit(an_order(modified_s=20, skus={"SKU-9": 1}))

    assert (between.outcome, between.reason) == (DUPLICATE, "OLDER_VERSION")


async def test_a_newer_version_updates_and_queues_the_order_again(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work()

    result = await desk.submit(an_order(modified_s=60, skus={"SKU-1": 5}))

    record = await desk.record(number)
    assert (result.outcome, result.order_number) == (UPDATED, number)
    assert record.work == record_v1.WORK_PROCESS
    assert (record.order.revision, record.order.content_revision) == (2, 2)
    assert {p.line_no: (p.ordered, p.cancelled) for p in record.progress} == {1: (5, 0), 2: (1, 1)}
    agrees(record, await desk.events(number))


async def test_a_line_keeps_its_number_when_an_earlier_one_goes(desk: Desk) -> None:
    number = await desk.accepted(an_order(skus={"SKU-1": 1, "SKU-2": 1, "SKU-3": 1}))

    await desk.submit(an_order(modified_s=60, skus={"SKU-3": 4, "SKU-4": 1}))

    lines = (await desk.record(number)).order.lines
    assert {line.sku: line.line_no for line in lines} == {"SKU-3": 3, "SKU-4": 4}


async def test_a_new_address_alone_is_an_update(desk: Desk) -> None:
    number = await desk.accepted()
    moved = an_order(modified_s=60)
    moved.recipient.street = "淮海中路 2 号"

    result = await desk.submit(moved)

    request = intake_v1.GetOrderRequest(order_number=number, include_recipient=True)
    record = (await desk.call.GetOrder(request, None)).record
    assert result.outcome == UPDATED
    assert record.order.recipient.street == "淮海中路 2 号"
    assert record.order.content_revision == 2


async def test_other_content_of_the_same_instant_is_kept_aside(desk: Desk) -> None:
    number = await desk.accepted(an_order(modified_s=10))

    result = await desk.submit(an_order(modified_s=10, skus={"SKU-9": 1}))
    again = await desk.submit(an_order(modified_s=10, skus={"SKU-9": 1}))

    assert (result.outcome, result.reason) == (QUARANTINED, "CONFLICTING")
    assert again.quarantine_id == result.quarantine_id
    assert (await desk.record(number)).order.revision == 1


async def test_a_channel_cancels_its_order(desk: Desk) -> None:
    number = await desk.accepted()
    cancelled = an_order(modified_s=60, upstream_status=order_v1.UPSTREAM_STATUS_CANCELLED)

    result = await desk.submit(cancelled)
    later = await desk.submit(
        an_order(modified_s=90, skus={"X": 1}, upstream_status=order_v1.UPSTREAM_STATUS_CANCELLED)
    )
    revived = await desk.submit(an_order(modified_s=120, skus={"X": 2}))

    record = await desk.record(number)
    assert result.outcome == UPDATED
    assert (record.state, record.work) == (
        record_v1.ORDER_STATE_CANCELLED,
        record_v1.WORK_RELEASE,
    )
    assert (later.outcome, later.reason) == (DUPLICATE, "ORDER_FINAL")
    assert (revived.outcome, revived.reason) == (QUARANTINED, "ORDER_FINAL")
    assert "CANCELLED" in revived.message.en


async def test_an_order_that_comes_in_cancelled_ends_at_once(desk: Desk) -> None:
    number = await desk.accepted(an_order(upstream_status=order_v1.UPSTREAM_STATUS_CANCELLED))

    record = await desk.record(number)

    assert record.state == record_v1.ORDER_STATE_CANCELLED
    agrees(record, await desk.events(number))


async def test_a_refund_request_freezes_the_order_for_two_hours_at_most(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work()

    await desk.submit(
        an_order(modified_s=60, upstream_status=order_v1.UPSTREAM_STATUS_REFUND_REQUESTED)
    )

    record = await desk.record(number)
    (hold,) = record.holds
    assert record.state == record_v1.ORDER_STATE_HELD
    assert hold.reason == "REFUND_REQUESTED"
    assert hold.due_at.seconds - hold.opened_at.seconds == 2 * 3600
    agrees(record, await desk.events(number))


async def test_two_submits_of_one_order_in_one_call_are_taken_in_turn(desk: Desk) -> None:
    first, second, third = await desk.submit_all(
        an_order("A1"), an_order("A1", modified_s=60, skus={"SKU-1": 9}), an_order("A1")
    )

    assert [first.outcome, second.outcome, third.outcome] == [ACCEPTED, UPDATED, DUPLICATE]
    assert first.order_number == second.order_number == third.order_number
    record = await desk.record(first.order_number)
    assert record.order.lines[0].quantity == 9


async def test_a_malformed_order_never_fails_its_neighbours(desk: Desk) -> None:
    bad = an_order("A2")
    bad.lines[1].quantity = 0

    results = await desk.submit_all(an_order("A1"), bad, an_order("A3"))

    assert [r.outcome for r in results] == [ACCEPTED, REFUSED, ACCEPTED]
    assert results[1].field == "order.lines[1].quantity"
    assert results[1].error.code == 3  # INVALID_ARGUMENT
    assert results[1].message.zh
    assert (await desk.count()).orders == 2


async def test_validate_only_says_what_would_happen_and_takes_nothing_in(desk: Desk) -> None:
    request = intake_v1.SubmitOrderRequest(request_id="r", order=an_order(), validate_only=True)

    result = (await desk.call.SubmitOrder(request, None)).result

    assert (result.outcome, result.order_number) == (ACCEPTED, "")
    assert (await desk.count()).orders == 0
    assert (await desk.accepted()).endswith("000001")


async def test_payment_told_by_the_channel_confirms_what_is_leased(desk: Desk) -> None:
    number = await desk.accepted(an_order(paid=False))
    (claimed,) = (await desk.claim()).orders
    lease = claimed.lease.seconds
    await desk.finish("B1", _reserved(desk, claimed))
    waiting = (await desk.record(number)).state

    await desk.submit(an_order(modified_s=60))

    record = await desk.record(number)
    assert lease == 30 * 60
    assert waiting == record_v1.ORDER_STATE_AWAITING_PAYMENT
    assert record.work == record_v1.WORK_CONFIRM_PAYMENT
    assert (record.order.revision, record.order.content_revision) == (2, 1)
    agrees(record, await desk.events(number))


def _reserved(desk: Desk, claimed: intake_v1.ClaimedOrder) -> intake_v1.OrderOutcome:
    from datetime import timedelta

    from intake_desk import allocated, verdict

    ends = desk.clock.now() + timedelta(minutes=30)
    return outcome(claimed, verdict(), allocated(claimed, shipped=False, leased_until=ends))
