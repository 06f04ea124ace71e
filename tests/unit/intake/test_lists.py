"""Lists by page: complete, in order, and only for those they are for."""

from __future__ import annotations

import pytest
from intake_desk import Desk, allocated, an_order, folded, outcome, verdict

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services._kit import auth
from services._kit.errors import Forbidden, Malformed, NotFound


async def take_in(desk: Desk, count: int) -> list[str]:
    given = []
    for i in range(count):
        desk.clock.advance(1)
        given.append(await desk.accepted(an_order(f"A{i}")))
    return given


async def pages(desk: Desk, request: intake_v1.ListOrdersRequest) -> list[list[str]]:
    found = []
    while True:
        page = await desk.call.ListOrders(request, None)
        found.append([record.order.order_number for record in page.records])
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def test_orders_come_newest_first_and_each_once_over_all_pages(desk: Desk) -> None:
    given = await take_in(desk, 7)

    found = await pages(desk, intake_v1.ListOrdersRequest(page_size=3))

    assert [len(page) for page in found] == [3, 3, 1]
    assert [number for page in found for number in page] == given[::-1]


async def test_a_page_token_is_good_for_its_own_query_only(desk: Desk) -> None:
    await take_in(desk, 3)
    first = await desk.call.ListOrders(intake_v1.ListOrdersRequest(page_size=1), None)

    for request in (
        intake_v1.ListOrdersRequest(page_token=first.next_page_token, channel="shop"),
        intake_v1.ListOrdersRequest(page_token="made-up"),
    ):
        with pytest.raises(Malformed) as caught:
            await desk.call.ListOrders(request, None)
        assert caught.value.field == "page_token"


async def test_orders_are_found_by_state_reason_channel_and_time(desk: Desk) -> None:
    given = await take_in(desk, 3)
    await desk.work(
        lambda c: (
            outcome(c, verdict(decision_v1.VERDICT_REVIEW, "R1"), allocated(c, shipped=False))
            if c.order.order_number == given[0]
            else outcome(c)
        )
    )
    held = intake_v1.ListOrdersRequest(states=[record_v1.ORDER_STATE_HELD])
    reason = intake_v1.ListOrdersRequest(hold_reason="WHY_R1")
    other = intake_v1.ListOrdersRequest(channel="elsewhere")
    early = intake_v1.ListOrdersRequest()
    early.accepted_before.FromDatetime(desk.clock.now())

    assert await pages(desk, held) == [[given[0]]]
    assert await pages(desk, reason) == [[given[0]]]
    assert await pages(desk, other) == [[]]
    assert await pages(desk, early) == [[given[1], given[0]]]


async def test_holds_come_the_one_due_first_and_by_queue(desk: Desk) -> None:
    given = await take_in(desk, 3)

    async def hold(number: str, kind: str) -> None:
        claim = await desk.claim(desk.request_id(), max_orders=1)
        (claimed,) = claim.orders
        made = outcome(
            claimed, verdict(decision_v1.VERDICT_REVIEW, kind), allocated(claimed, shipped=False)
        )
        made.decision.findings[0].severity = (
            decision_v1.SEVERITY_CRITICAL if number == given[2] else decision_v1.SEVERITY_LOW
        )
        await desk.finish(claim.batch_id, made)

    for number in given:
        await hold(number, f"R-{number[-1]}")
    request = intake_v1.ListHoldsRequest(page_size=2)
    first = await desk.call.ListHolds(request, None)
    request.page_token = first.next_page_token
    second = await desk.call.ListHolds(request, None)

    found = [hold.order_number for hold in (*first.holds, *second.holds)]
    assert found == [given[2], given[0], given[1]]
    nobody = await desk.call.ListHolds(intake_v1.ListHoldsRequest(queue="nobody"), None)
    assert not nobody.holds


async def test_events_are_paged_first_to_last(desk: Desk) -> None:
    (number,) = await take_in(desk, 1)
    await desk.work()
    request = intake_v1.ListOrderEventsRequest(order_number=number, page_size=2)

    first = await desk.call.ListOrderEvents(request, None)
    request.page_token = first.next_page_token
    second = await desk.call.ListOrderEvents(request, None)

    assert [e.sequence for e in (*first.events, *second.events)] == [1, 2, 3]
    assert second.next_page_token == ""


async def test_a_watch_gives_every_event_once_and_resumes_from_its_cursor(desk: Desk) -> None:
    given = await take_in(desk, 4)
    cursor, before = await watched(desk, "")
    await desk.work()

    _, after = await watched(desk, cursor)

    assert [e.subject for e in before] == given
    assert {e.sequence for e in after} == {2, 3}
    for number in given:
        own = [e for e in (*before, *after) if e.subject == number]
        assert folded(own)["stock"] == "ALLOCATED"


async def test_a_channel_sees_its_own_orders_only(desk: Desk) -> None:
    (number,) = await take_in(desk, 1)
    own = auth.Principal("shop", auth.Role.CHANNEL, authenticated=True)
    stranger = auth.Principal("other", auth.Role.CHANNEL, authenticated=True)
    get = intake_v1.GetOrderRequest(order_number=number, include_recipient=True)

    auth.set_principal(own)
    seen = (await desk.call.GetOrder(get, None)).record
    mine = await pages(desk, intake_v1.ListOrdersRequest())
    auth.set_principal(stranger)
    with pytest.raises(NotFound):
        await desk.call.GetOrder(get, None)
    with pytest.raises(NotFound):
        await desk.events(number)
    cancel = intake_v1.CancelOrderRequest(request_id="x", order_number=number)
    with pytest.raises(NotFound):
        await desk.call.CancelOrder(cancel, None)
    theirs = await pages(desk, intake_v1.ListOrdersRequest())
    counted = await desk.count()
    with pytest.raises(Forbidden):
        await desk.submit(an_order("A9"))
    auth.set_principal(auth.LOCAL)

    assert seen.order.recipient.phone == "13800138000"
    assert (mine, theirs) == ([[number]], [[]])
    assert counted.orders == 0


async def test_a_viewer_sees_no_person_and_no_payload(desk: Desk) -> None:
    (number,) = await take_in(desk, 1)
    auth.set_principal(auth.Principal("v", auth.Role.VIEWER, authenticated=True))

    with pytest.raises(Forbidden):
        await desk.call.GetOrder(
            intake_v1.GetOrderRequest(order_number=number, include_recipient=True), None
        )
    with pytest.raises(Forbidden):
        await desk.call.ListQuarantined(
            intake_v1.ListQuarantinedRequest(include_payload=True), None
        )
    auth.set_principal(auth.LOCAL)


async def test_an_order_is_found_by_its_business_key(desk: Desk) -> None:
    (number,) = await take_in(desk, 1)
    request = intake_v1.GetOrderRequest(channel="shop", external_order_id="A0")

    found = await desk.call.GetOrder(request, None)

    assert found.record.order.order_number == number
    request.external_order_id = "A1"
    with pytest.raises(NotFound) as caught:
        await desk.call.GetOrder(request, None)
    assert caught.value.field == "external_order_id"


async def watched(desk: Desk, cursor: str) -> tuple[str, list[object]]:
    request = intake_v1.WatchEventsRequest(cursor=cursor, until_now=True)
    events = []
    async for batch in desk.call.WatchEvents(request, None):
        events += list(batch.events)
        cursor = batch.cursor
    return cursor, events
