"""Payloads of channels: taken in, kept aside or calling off; and the counts add up."""

from __future__ import annotations

from typing import Any

import pytest
from intake_desk import Desk, agrees

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services._kit.errors import Malformed
from services.intake.cancellation import PAGE

ACCEPTED = intake_v1.SUBMIT_OUTCOME_ACCEPTED
UPDATED = intake_v1.SUBMIT_OUTCOME_UPDATED
DUPLICATE = intake_v1.SUBMIT_OUTCOME_DUPLICATE
QUARANTINED = intake_v1.SUBMIT_OUTCOME_QUARANTINED


def order(external_id: str, minute: int = 0, **skus: int) -> dict[str, Any]:
    return {"kind": "order", "id": external_id, "minute": minute, "skus": skus or {"A": 2}}


def cancel(external_id: str, *lines: tuple[str, int, int], **given: Any) -> dict[str, Any]:
    return {"kind": "cancel", "id": external_id, "lines": lines, **given}


async def test_every_payload_becomes_something(desk: Desk) -> None:
    results = await desk.send(
        order("1", A=2, B=3),
        {"kind": "bad", "id": "2"},
        cancel("C1", ("A", 1, 500)),
        cancel("C2", ("Z", 1, 500)),
        order("1", A=2, B=3),
    )

    assert [r.outcome for r in results] == [ACCEPTED, QUARANTINED, UPDATED, QUARANTINED, DUPLICATE]
    assert results[2].order_number == results[0].order_number
    assert [r.reason for r in results] == [
        "",
        "UNKNOWN_SKU",
        "",
        "ORIGINAL_NOT_FOUND",
        "ALREADY_KNOWN",
    ]
    assert all(r.message.zh and r.message.en for r in results[1:])


async def test_the_same_file_again_accepts_nothing_and_changes_nothing(desk: Desk) -> None:
    file = [
        order("1", A=2),
        {"kind": "bad", "id": "2"},
        cancel("C1", ("A", 1, 500)),
        cancel("C2", ("Z", 9, 500)),
    ]
    first = await desk.send(*file)
    record = await desk.record(first[0].order_number)

    again = await desk.send(*file)

    assert [r.outcome for r in again] == [DUPLICATE, QUARANTINED, DUPLICATE, QUARANTINED]
    assert again[1].quarantine_id == first[1].quarantine_id
    assert await desk.record(first[0].order_number) == record
    listed = await desk.call.ListQuarantined(intake_v1.ListQuarantinedRequest(), None)
    assert len(listed.quarantined) == 2
    assert (await desk.count()).orders == 1


async def test_a_payload_with_a_request_id_gets_the_same_answer(desk: Desk) -> None:
    first = await desk.send(order("1"), request_ids=["r1"])

    again = await desk.send(order("1"), request_ids=["r1"])

    assert again == first


async def test_a_reused_request_id_is_refused_alone(desk: Desk) -> None:
    await desk.send(order("1"), request_ids=["r1"])

    reused, fresh = await desk.send(order("2"), order("3"), request_ids=["r1", "r3"])

    assert reused.outcome == intake_v1.SUBMIT_OUTCOME_REFUSED
    assert reused.reason == "REQUEST_ID_REUSED"
    assert fresh.outcome == ACCEPTED


async def test_an_unknown_channel_is_refused_with_those_known(desk: Desk) -> None:
    request = intake_v1.SubmitPayloadsRequest(channel="plian")
    request.payloads.add(body=b"{}")

    with pytest.raises(Malformed) as caught:
        await desk.call.SubmitPayloads(request, None)

    assert caught.value.field == "channel"
    assert caught.value.facts["known"] == "plain"


async def test_a_mapped_order_over_a_limit_is_kept_aside_with_its_field(desk: Desk) -> None:
    (result,) = await desk.send(order("1", A=0))

    assert (result.outcome, result.field) == (QUARANTINED, "order.lines[0].quantity")


async def test_a_payload_kept_aside_is_shown_whole_where_asked(desk: Desk) -> None:
    await desk.send({"kind": "bad", "id": "2", "phone": "13800138000"})

    plain = await desk.call.ListQuarantined(intake_v1.ListQuarantinedRequest(), None)
    whole = await desk.call.ListQuarantined(
        intake_v1.ListQuarantinedRequest(include_payload=True, channel="plain"), None
    )

    assert plain.quarantined[0].payload == b""
    assert b"13800138000" in whole.quarantined[0].payload
    assert plain.quarantined[0].external_order_id == "2"


async def test_cancelled_pieces_are_taken_off_what_is_worked_on(desk: Desk) -> None:
    (taken,) = await desk.send(order("1", A=5, B=1))
    await desk.work()

    await desk.send(cancel("C1", ("A", 3, 500), ("B", 1, 500)))
    (claimed,) = await desk.work()

    record = await desk.record(taken.order_number)
    assert [(line.sku, line.quantity) for line in claimed.order.lines] == [("A", 2)]
    assert [(p.ordered, p.cancelled, p.allocated) for p in record.progress] == [
        (5, 3, 2),
        (1, 1, 0),
    ]
    agrees(record, await desk.events(taken.order_number))


async def test_all_pieces_cancelled_ends_the_order(desk: Desk) -> None:
    (taken,) = await desk.send(order("1", A=2, B=1))

    await desk.send(cancel("C1", ("A", 2, 500)))
    await desk.send(cancel("C2", ("B", 1, 500)))

    record = await desk.record(taken.order_number)
    assert record.state == record_v1.ORDER_STATE_CANCELLED
    assert record.closing_reason == "ALL_LINES_CANCELLED"
    agrees(record, await desk.events(taken.order_number))


async def test_the_newest_earlier_order_with_every_line_is_meant(desk: Desk) -> None:
    old, mid, late = await desk.send(
        order("1", 0, A=9, B=9), order("2", 10, A=9, B=9), order("3", 20, A=9)
    )

    both = await desk.send(cancel("C1", ("A", 1, 500), ("B", 1, 500)))
    one = await desk.send(cancel("C2", ("A", 1, 500)))
    rest = await desk.send(cancel("C3", ("A", 9, 500), ("B", 1, 500)))

    assert both[0].order_number == mid.order_number
    assert one[0].order_number == late.order_number
    assert rest[0].order_number == old.order_number


@pytest.mark.parametrize(
    "said",
    [
        cancel("C1", ("A", 3, 500)),
        cancel("C1", ("A", 1, 499)),
        cancel("C1", ("A", 1, 500), ("B", 1, 500)),
        cancel("C1", ("A", 1, 500), customer="somebody-else"),
        cancel("C1", ("A", 1, 500), customer=""),
    ],
    ids=["too many", "other price", "one line missing", "other customer", "nobody"],
)
async def test_what_matches_no_order_whole_changes_none(desk: Desk, said: dict[str, Any]) -> None:
    (taken,) = await desk.send(order("1", A=2))

    (result,) = await desk.send(said)

    assert (result.outcome, result.reason) == (QUARANTINED, "ORIGINAL_NOT_FOUND")
    assert (await desk.record(taken.order_number)).event_count == 1


async def test_an_order_placed_later_is_not_the_one_meant(desk: Desk) -> None:
    await desk.send(order("1", 2 * 24 * 60, A=2))

    (result,) = await desk.send(cancel("C1", ("A", 1, 500)))

    assert result.reason == "ORIGINAL_NOT_FOUND"


async def test_the_original_is_found_beyond_the_first_page(desk: Desk) -> None:
    orders = [order(str(i), i, **({"GOLD": 1} if i == 0 else {"A": 1})) for i in range(PAGE + 5)]
    results = await desk.send(*orders)

    (found,) = await desk.send(cancel("C1", ("GOLD", 1, 500)))

    assert found.order_number == results[0].order_number


async def test_skus_are_translated_as_the_channel_calls_them(desk: Desk) -> None:
    await desk.send(order("0", Tee=1))  # the names are in memory now
    request = intake_v1.PutSkuMappingsRequest()
    request.mappings.add(channel="plain", channel_sku="Tee", sku="TY-001")
    await desk.call.PutSkuMappings(request, None)

    (taken,) = await desk.send(order("1", Tee=1))

    listed = await desk.call.ListSkuMappings(intake_v1.ListSkuMappingsRequest(), None)
    assert (await desk.record(taken.order_number)).order.lines[0].sku == "TY-001"
    assert list(listed.mappings) == list(request.mappings)


async def test_counts_add_up_over_everything_that_happens(desk: Desk) -> None:
    results = [
        *await desk.send(*(order(str(i), A=1 + i) for i in range(6)), {"kind": "bad", "id": "x"}),
        *await desk.send(*(order(str(i), A=1 + i) for i in range(9))),
    ]
    await desk.work()

    count = await desk.count()

    by = {o: sum(r.outcome == o for r in results) for o in (ACCEPTED, DUPLICATE, QUARANTINED)}
    assert by == {ACCEPTED: 9, DUPLICATE: 6, QUARANTINED: 1}
    assert count.orders == sum(s.orders for s in count.by_state) == 9
    assert {r.reason: r.count for r in count.by_reason} == {"UNKNOWN_SKU": 1}
    assert count.allocation_cost_minor == 900
    assert count.nearest_cost_minor == 9 * 120
    assert count.events == 27


async def test_a_phone_in_the_wrong_field_is_not_shown_to_everybody(desk: Desk) -> None:
    await desk.send({"kind": "bad", "id": "2", "sku": "13812349999"})

    request = intake_v1.ListQuarantinedRequest()
    reply = await desk.call.ListQuarantined(request, None)

    (kept,) = reply.quarantined
    assert kept.message.en.startswith("unknown")
    assert "13812349999" not in kept.message.en + kept.message.zh
