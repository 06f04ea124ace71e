"""A run neither loses nor doubles payloads, and its figures add up."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub_client.errors import InternalError, InvalidArgumentError, UnavailableError
from orderhub_client.run.batches import MAX_BYTES, batches
from orderhub_client.run.plans import Day
from orderhub_client.run.progress import Silent
from orderhub_client.run.sending import Numbered
from orderhub_client.run.settle import StuckError, wait_until_at_rest
from orderhub_client.run.submit import Submitted, Submitter
from orderhub_client.run.summary import Routes, Summary, routes_of, summarise
from orderhub_client.sources.payload import Payload
from orderhub_client.sources.text import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCEPTED = intake_v1.SUBMIT_OUTCOME_ACCEPTED
DUPLICATE = intake_v1.SUBMIT_OUTCOME_DUPLICATE
REFUSED = intake_v1.SUBMIT_OUTCOME_REFUSED
QUARANTINED = intake_v1.SUBMIT_OUTCOME_QUARANTINED


def payload(body: bytes, lane: str = "", line: int = 0) -> Payload:
    return Payload(f"x:{body.decode()}", body, lane or body.decode(), line)


def submitter(hub: Any, **options: Any) -> Submitter:
    given = {"batch": 3, "in_flight": 4, "patience_s": 20.0, "progress": Silent()} | options
    return Submitter(hub, "x", **given)


def summary(submitted: Submitted, seconds: float = 2.0) -> Summary:
    counts = intake_v1.CountOrdersResponse(
        by_state=[intake_v1.StateCount(state=record_v1.ORDER_STATE_HELD, orders=2)],
        by_reason=[intake_v1.ReasonCount(reason="HIGH_AMOUNT", count=2)],
        events=9,
        allocation_cost_minor=100,
        nearest_cost_minor=130,
    )
    return summarise("x", submitted, counts=counts, seconds=seconds, routes=Routes(), scenario=None)


def test_every_payload_is_taken_once(fake_intake: Any, serve: Any) -> None:
    intake = fake_intake()
    bodies = [b"order %d" % i for i in range(50)]

    with serve(intake) as hub:
        found = submitter(hub).submit(map(payload, bodies))

    assert found.outcomes == Counter({ACCEPTED: 50})
    assert sorted(intake.bodies) == sorted(bodies)


def test_an_answer_lost_after_the_commit_is_no_duplicate(fake_intake: Any, serve: Any) -> None:
    intake = fake_intake(drop_answers=5)

    with serve(intake) as hub:
        found = submitter(hub).submit(payload(b"order %d" % i) for i in range(40))

    assert found.outcomes == Counter({ACCEPTED: 40})
    assert len(intake.bodies) == 40


def test_a_payload_that_comes_twice_is_counted_once_as_duplicate(
    fake_intake: Any, serve: Any
) -> None:
    with serve(fake_intake()) as hub:
        first = submitter(hub).submit([payload(b"a"), payload(b"a"), payload(b"b")])
        again = submitter(hub).submit([payload(b"a"), payload(b"b")])

    assert first.outcomes == Counter({ACCEPTED: 2, DUPLICATE: 1})
    assert again.outcomes == Counter({DUPLICATE: 2})


def test_payloads_of_a_lane_arrive_in_the_sources_order(fake_intake: Any, serve: Any) -> None:
    intake = fake_intake()
    given = [
        payload(b"%s %d" % (lane, i), lane.decode()) for i in range(30) for lane in (b"a", b"b")
    ]

    with serve(intake) as hub:
        submitter(hub).submit(given)

    for lane in (b"a", b"b"):
        mine = [body for body in intake.bodies if body.startswith(lane)]
        assert mine == [b"%s %d" % (lane, i) for i in range(30)]


def test_one_refused_payload_does_not_take_its_neighbours_along(
    fake_intake: Any, serve: Any
) -> None:
    intake = fake_intake()
    given = [payload(b"a"), payload(b"poison", line=7), payload(b"bad"), payload(b"c")]

    with serve(intake) as hub:
        found = submitter(hub, in_flight=1, batch=10).submit(given)

    assert found.outcomes == Counter({ACCEPTED: 2, QUARANTINED: 1, REFUSED: 1})
    assert found.reasons == Counter({"BAD": 1})
    assert [entry.line for entry in found.refused] == [7]
    assert intake.bodies == [b"a", b"c"]


def test_a_call_refused_as_a_whole_is_not_sent_piece_by_piece(fake_intake: Any, serve: Any) -> None:
    intake = fake_intake()

    with serve(intake) as hub, pytest.raises(InvalidArgumentError) as caught:
        Submitter(hub, "unknown", batch=50, in_flight=1, patience_s=5, progress=Silent()).submit(
            payload(b"order %d" % i) for i in range(50)
        )

    assert caught.value.violations[0].field == "channel"
    assert intake.calls == [50]


def test_a_run_ends_when_intake_stays_away(fake_intake: Any, serve: Any) -> None:
    intake = fake_intake(drop_answers=1_000_000)

    with serve(intake) as hub, pytest.raises(UnavailableError, match="killed after the commit"):
        submitter(hub, patience_s=0.3).submit(payload(b"order %d" % i) for i in range(1_000))


def test_a_source_that_breaks_off_ends_the_run_and_its_threads(
    fake_intake: Any, serve: Any, tmp_path: Path
) -> None:
    def broken() -> Iterator[Payload]:
        yield payload(b"a")
        raise SourceError(tmp_path, "not JSON", 2)

    with serve(fake_intake()) as hub, pytest.raises(SourceError, match="not JSON"):
        submitter(hub).submit(broken())

    assert not [t for t in threading.enumerate() if t.name.startswith("submit")]


def test_waits_until_nothing_is_unfinished(fake_intake: Any, serve: Any) -> None:
    with serve(fake_intake(unfinished=(3, 2, 2, 0))) as hub:
        counts = wait_until_at_rest(hub, "x", patience_s=10, progress=Silent())

    assert counts.unfinished == 0


def test_says_how_many_orders_are_stuck(fake_intake: Any, serve: Any) -> None:
    with serve(fake_intake(unfinished=(5,))) as hub, pytest.raises(StuckError, match="5 of 0"):
        wait_until_at_rest(hub, "x", patience_s=0.2, progress=Silent())


def test_a_fault_of_the_hub_is_not_retried(fake_intake: Any, serve: Any) -> None:
    with serve(fake_intake()) as hub, pytest.raises(Exception, match="UNIMPLEMENTED") as caught:
        hub.get_order("1")

    assert not isinstance(caught.value, InternalError | UnavailableError)


@given(st.lists(st.integers(1, MAX_BYTES + 10), max_size=12), st.integers(1, 4))
def test_batches_keep_order_and_limits(lengths: list[int], size: int) -> None:
    given = [
        Numbered(str(i), Payload("", b"", "", length))  # the length, without the bytes
        for i, length in enumerate(lengths)
    ]

    class Sized(bytes):
        def __len__(self) -> int:
            return self.length

        length = 0

    def sized(numbered: Numbered) -> Numbered:
        body = Sized()
        body.length = numbered.payload.line
        return Numbered(numbered.request_id, Payload("", body, ""))

    made = [[len(n.payload.body) for n in batch] for batch in batches(map(sized, given), size)]

    assert [length for batch in made for length in batch] == lengths
    assert all(len(batch) <= size for batch in made)
    assert all(sum(batch) <= MAX_BYTES or len(batch) == 1 for batch in made)


@given(st.dictionaries(st.sampled_from([1, 2, 3, 4, 5]), st.integers(0, 99)), st.floats(0.001, 1e4))
def test_what_came_in_is_what_became_of_it(outcomes: dict[int, int], seconds: float) -> None:
    found = summary(Submitted(Counter(outcomes)), seconds)

    assert found.orders_in == found.accepted + found.updated + found.duplicates + found.quarantined
    assert found.orders_in + found.refused == sum(outcomes.values())
    assert found.accepted == outcomes.get(1, 0)
    assert (found.orders_per_s is None) == (found.accepted == 0)


def test_the_rate_is_accepted_orders_by_seconds() -> None:
    found = summary(Submitted(Counter({ACCEPTED: 30, DUPLICATE: 70})), 2.0)

    assert found.orders_per_s == 15.0
    assert found.by_state == {"HELD": 2}
    assert found.by_reason == {"HIGH_AMOUNT": 2}
    assert found.allocation.nearest_cost_minor == 130


def test_plans_are_added_up() -> None:
    stop = routing_v1.PlannedStop()
    plans = [
        routing_v1.RoutePlan(
            routes=[routing_v1.PlannedRoute(stops=[stop] * 3), routing_v1.PlannedRoute()],
            unserved=[routing_v1.UnservedStop()],
            distance_m=1_000,
            state=routing_v1.PLAN_STATE_DONE,
        ),
        routing_v1.RoutePlan(routes=[routing_v1.PlannedRoute(stops=[stop])], distance_m=500),
    ]

    found = routes_of(plans, 5.0)

    assert (found.plans, found.stops_planned, found.stops_unserved) == (2, 4, 1)
    assert found.distance_m == 1_500
    assert found.by_warehouse[0]["state"] == "DONE"


def test_the_same_shipments_ask_for_the_same_plan_in_any_order() -> None:
    day = Day("W", "2020-01-01", ("S1", "S2"))

    assert day.request_id(5) == Day("W", "2020-01-01", ("S2", "S1")).request_id(5)
    assert day.request_id(5) != Day("W", "2020-01-01", ("S1", "S2", "S3")).request_id(5)
    assert day.request_id(5) != Day("W", "2020-01-02", ("S1", "S2")).request_id(5)
