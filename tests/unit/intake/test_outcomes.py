"""What each outcome does to its order, and that its events tell it."""

from __future__ import annotations

import pytest
from intake_desk import Desk, agrees, allocated, an_order, outcome, verdict

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services._kit.errors import Conflict, FailedPrecondition, Malformed

REVIEW, REJECT = decision_v1.VERDICT_REVIEW, decision_v1.VERDICT_REJECT


def state(record: record_v1.OrderRecord) -> str:
    return record_v1.OrderState.Name(record.state).removeprefix("ORDER_STATE_")


def reviewed(claimed: intake_v1.ClaimedOrder, *rules: str) -> intake_v1.OrderOutcome:
    """Send it to review and keep its stock."""
    return outcome(claimed, verdict(REVIEW, *rules), allocated(claimed, shipped=False))


async def release(
    desk: Desk, hold_id: str, resolution: int = 0, request_id: str = ""
) -> intake_v1.ReleaseHoldResponse:
    request = intake_v1.ReleaseHoldRequest(
        request_id=request_id or desk.request_id(),
        hold_id=hold_id,
        resolution=resolution,  # type: ignore[arg-type]
        comment="looked at",
    )
    return await desk.call.ReleaseHold(request, None)


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


async def test_a_passed_order_is_allocated_and_at_rest(desk: Desk) -> None:
    number = await desk.accepted()

    await desk.work()

    record = await desk.record(number)
    events = await desk.events(number)
    assert (state(record), record.work) == ("ALLOCATED", 0)
    assert [e.type.rpartition(".")[2] for e in events] == ["accepted", "decided", "allocated"]
    told = {d.name: d.value for d in events[-1].details}
    assert (told["warehouse_ids"], told["cost_minor"]) == ("W1", "100")
    assert {p.line_no: p.allocated for p in record.progress} == {1: 2, 2: 1}
    agrees(record, events)


async def test_no_line_with_stock_is_a_backorder_counted_by_reason(desk: Desk) -> None:
    number = await desk.accepted()

    await desk.work(lambda c: outcome(c, verdict(), allocated(c, unfilled=(1, 2))))

    record, count = await desk.record(number), await desk.count()
    assert state(record) == "BACKORDERED"
    assert count.unfilled_lines == 2
    assert {r.reason: r.count for r in count.by_reason} == {"OUT_OF_STOCK": 2}
    agrees(record, await desk.events(number))


async def test_each_finding_opens_a_hold_with_its_reason_queue_and_clock(desk: Desk) -> None:
    number = await desk.accepted()

    await desk.work(lambda c: reviewed(c, "R1", "R2"))

    record = await desk.record(number)
    assert (state(record), record.stock_state) == ("HELD", record_v1.STOCK_STATE_RESERVED)
    assert [(h.rule_id, h.reason, h.rulebook_hash) for h in record.holds] == [
        ("R1", "WHY_R1", "book"),
        ("R2", "WHY_R2", "book"),
    ]
    assert {h.due_at.seconds - h.opened_at.seconds for h in record.holds} == {3600}
    assert {h.message.zh for h in record.holds} == {"原因"}
    agrees(record, await desk.events(number))


async def test_the_last_release_queues_the_order_with_its_waivers(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work(lambda c: reviewed(c, "R1", "R2"))
    one, two = (await desk.record(number)).holds

    await release(desk, one.hold_id)
    between = await desk.record(number)
    await release(desk, two.hold_id)
    (claimed,) = await desk.work(
        lambda c: outcome(c, verdict(decision_v1.VERDICT_PASS, "R1", waived=["R1"]), allocated(c))
    )

    record = await desk.record(number)
    assert (state(between), between.work, between.order.revision) == ("HELD", 0, 1)
    assert list(claimed.waived_rules) == ["R1", "R2"]
    assert (claimed.order.revision, claimed.order.content_revision) == (2, 1)
    assert state(record) == "ALLOCATED"
    agrees(record, await desk.events(number))


async def test_a_waiver_ends_with_the_content_it_was_given_for(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work(lambda c: reviewed(c, "R1"))
    await release(desk, (await desk.record(number)).holds[0].hold_id)

    await desk.submit(an_order(modified_s=60, skus={"SKU-1": 50}))
    (claimed,) = (await desk.claim()).orders

    assert list(claimed.waived_rules) == []


async def test_an_update_makes_open_holds_obsolete(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work(lambda c: reviewed(c, "R1"))

    await desk.submit(an_order(modified_s=60, skus={"SKU-1": 1}))

    record = await desk.record(number)
    assert [h.state for h in record.holds] == [record_v1.HOLD_STATE_OBSOLETE]
    assert state(record) != "HELD"
    agrees(record, await desk.events(number))


async def test_a_rejected_hold_rejects_the_order_and_frees_its_stock(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work(lambda c: reviewed(c, "R1", "R2"))
    hold = (await desk.record(number)).holds[0]

    await release(desk, hold.hold_id, intake_v1.HOLD_RESOLUTION_REJECT)
    (claimed,) = await desk.work(
        lambda c: outcome(c, reservation=inventory_v1.RESERVATION_STATE_RELEASED)
    )

    record = await desk.record(number)
    assert claimed.work == record_v1.WORK_RELEASE
    assert (state(record), record.closing_reason) == ("REJECTED", "WHY_R1")
    assert record.stock_state == record_v1.STOCK_STATE_NONE
    assert {h.state for h in record.holds} == {
        record_v1.HOLD_STATE_REJECTED,
        record_v1.HOLD_STATE_OBSOLETE,
    }
    agrees(record, await desk.events(number))


async def test_a_decided_hold_cannot_be_decided_again(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work(lambda c: reviewed(c, "R1"))
    hold = (await desk.record(number)).holds[0]

    first = await release(desk, hold.hold_id, request_id="once")
    again = await release(desk, hold.hold_id, request_id="once")
    with pytest.raises(FailedPrecondition):
        await release(desk, hold.hold_id)

    assert again == first


async def test_a_rejecting_verdict_ends_the_order_at_rest(desk: Desk) -> None:
    number = await desk.accepted()

    await desk.work(lambda c: outcome(c, verdict(REJECT, "R9")))

    record = await desk.record(number)
    assert (state(record), record.work, record.closing_reason) == ("REJECTED", 0, "WHY_R9")
    agrees(record, await desk.events(number))


async def test_a_fault_is_held_for_a_person_and_worked_on_again_after(desk: Desk) -> None:
    number = await desk.accepted()

    await desk.work(lambda c: outcome(c, fault="SOLVER_LOST"))
    held = await desk.record(number)
    await release(desk, held.holds[0].hold_id)
    await desk.work()

    record = await desk.record(number)
    assert (state(held), held.holds[0].reason) == ("HELD", "PROCESSING_FAULT")
    assert "SOLVER_LOST" in held.holds[0].message.en
    assert state(record) == "ALLOCATED"
    agrees(record, await desk.events(number))


async def test_a_fault_while_freeing_stock_is_tried_again_later(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work()
    await cancel(desk, number)

    await desk.work(lambda c: outcome(c, fault="FULFILMENT_AWAY"))
    at_once = await desk.claim("B1")
    desk.clock.advance(30)
    later = await desk.claim("B2")

    assert not at_once.orders
    assert [c.work for c in later.orders] == [record_v1.WORK_RELEASE]


async def test_a_review_without_a_finding_still_holds(desk: Desk) -> None:
    number = await desk.accepted()

    await desk.work(lambda c: outcome(c, verdict(REVIEW), allocated(c, shipped=False)))

    record = await desk.record(number)
    assert (state(record), record.holds[0].reason) == ("HELD", "UNEXPLAINED_VERDICT")


async def test_an_unknown_verdict_never_passes(desk: Desk) -> None:
    number = await desk.accepted()

    await desk.work(
        lambda c: outcome(c, verdict(decision_v1.VERDICT_UNSPECIFIED), allocated(c, shipped=False))
    )

    assert state(await desk.record(number)) == "HELD"


async def test_a_process_outcome_without_a_decision_is_refused(desk: Desk) -> None:
    await desk.accepted()
    (claimed,) = (await desk.claim()).orders

    with pytest.raises(Malformed) as caught:
        await desk.finish("B1", outcome(claimed, allocation=allocated(claimed)))

    assert caught.value.field == "outcomes[0].decision"


async def test_a_cancelled_order_gives_its_stock_back_once(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work()

    first = await cancel(desk, number, "once")
    again = await cancel(desk, number, "once")
    with pytest.raises(FailedPrecondition, match="ended"):
        await cancel(desk, number)
    await desk.work(lambda c: outcome(c, reservation=inventory_v1.RESERVATION_STATE_RELEASED))

    record = await desk.record(number)
    assert first == again
    assert (state(record), record.closing_reason) == ("CANCELLED", "buyer's wish")
    assert record.stock_state == record_v1.STOCK_STATE_NONE
    agrees(record, await desk.events(number))


async def test_a_cancel_on_a_stale_etag_is_aborted(desk: Desk) -> None:
    number = await desk.accepted()
    etag = (await desk.record(number)).etag
    await desk.work()

    with pytest.raises(Conflict):
        await cancel(desk, number, etag=etag)
    record = await cancel(desk, number, etag=(await desk.record(number)).etag)

    assert state(record) == "CANCELLED"


async def test_an_order_cancelled_in_work_keeps_no_stock(desk: Desk) -> None:
    number = await desk.accepted()
    (claimed,) = (await desk.claim("B1")).orders
    await cancel(desk, number)

    results = await desk.finish("B1", outcome(claimed))
    (again,) = (await desk.claim("B2")).orders

    record = await desk.record(number)
    assert results == [intake_v1.FINISH_RESULT_CONFLICT]
    assert again.work == record_v1.WORK_RELEASE
    assert record.stock_state == record_v1.STOCK_STATE_NONE
    agrees(record, await desk.events(number))


async def test_stock_given_back_on_conflict_is_no_longer_shown(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.work()
    await desk.submit(an_order(modified_s=60, skus={"SKU-1": 1}))
    (claimed,) = (await desk.claim("B1")).orders
    await desk.submit(an_order(modified_s=90, skus={"SKU-1": 2}))

    await desk.finish("B1", outcome(claimed))

    record = await desk.record(number)
    assert record.stock_state == record_v1.STOCK_STATE_NONE
    agrees(record, await desk.events(number))
