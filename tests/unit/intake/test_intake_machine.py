"""Everything at once in any order: what was acknowledged stays, adds up and is told in full."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from intake_desk import Desk, agrees, allocated, an_order, outcome, verdict

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services._kit.clock import ManualClock
from services._kit.errors import Refusal
from services.intake import store

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from services._kit.config import Config

EXTERNAL = st.sampled_from([f"A{i}" for i in range(4)])
OUTCOMES = intake_v1.SubmitOutcome.DESCRIPTOR.values_by_number
RESERVATIONS = st.sampled_from([0, *(n for n in inventory_v1.ReservationState.values() if n)])
UPSTREAM = st.sampled_from(
    [
        order_v1.UPSTREAM_STATUS_UNSPECIFIED,
        order_v1.UPSTREAM_STATUS_UNSPECIFIED,
        order_v1.UPSTREAM_STATUS_UNSPECIFIED,
        order_v1.UPSTREAM_STATUS_CANCELLED,
        order_v1.UPSTREAM_STATUS_REFUND_REQUESTED,
    ]
)


class IntakeMachine(RuleBasedStateMachine):
    """Submits, payments, cancels, claims, outcomes, releases, clocks and restarts."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.loop = asyncio.new_event_loop()
        self.desk: Desk | None = None
        self.answers: dict[str, tuple[bytes, bytes]] = {}  # request id → order, answer
        self.numbers: dict[str, str] = {}  # external id → number
        self.seen = 0
        self.given = dict.fromkeys(OUTCOMES, 0)
        self.claims: list[intake_v1.ClaimOrdersResponse] = []
        self.requests = 0
        self.left: set[str] = set()  # orders whose stock a dead orchestrator left behind

    def run(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(call)

    def fresh(self) -> str:
        self.requests += 1
        return f"q{self.requests}"

    @initialize()
    def start(self) -> None:
        self.desk = self.run(Desk.open(self.config, ManualClock()))
        self.desk.clock.set(_noon())
        self.run(self.desk.intake.database.write(_empty))

    @rule(
        external=EXTERNAL,
        minute=st.integers(0, 3),
        quantity=st.integers(1, 3),
        paid=st.booleans(),
        upstream=UPSTREAM,
        more=st.booleans(),
    )
    def submit(
        self, external: str, minute: int, quantity: int, paid: bool, upstream: int, more: bool
    ) -> None:
        skus = {"SKU-1": quantity} | ({"SKU-2": 1} if more else {})
        order = an_order(
            external, modified_s=minute * 60, skus=skus, paid=paid, upstream_status=upstream
        )
        request_id, body = self.fresh(), order.SerializeToString(deterministic=True)
        result = self.run(self.desk.submit(order, request_id))
        self.seen += 1
        self.given[result.outcome] += 1
        self.answers[request_id] = (body, result.SerializeToString())
        if result.order_number:
            assert self.numbers.setdefault(external, result.order_number) == result.order_number

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def repeat(self, data: Any) -> None:
        request_id = data.draw(st.sampled_from(sorted(self.answers)))
        body, answer = self.answers[request_id]
        result = self.run(self.desk.submit(order_v1.Order.FromString(body), request_id))
        assert result.SerializeToString() == answer

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def reuse(self, data: Any) -> None:
        request_id = data.draw(st.sampled_from(sorted(self.answers)))
        before = self.run(self.desk.count())
        with pytest.raises(Refusal, match="another body"):
            self.run(self.desk.submit(an_order("never", skus={"X": 7}), request_id))
        assert self.run(self.desk.count()) == before

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), minor=st.sampled_from([1, 500, 5000]))
    def pay(self, data: Any, minor: int) -> None:
        request = intake_v1.RecordPaymentRequest(
            request_id=self.fresh(), order_number=self._number(data)
        )
        request.amount.currency, request.amount.amount_minor = "CNY", minor
        self._try(self.desk.call.RecordPayment(request, None))

    @precondition(lambda self: self.numbers)
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        request = intake_v1.CancelOrderRequest(
            request_id=self.fresh(), order_number=self._number(data)
        )
        self._try(self.desk.call.CancelOrder(request, None))

    @rule(most=st.integers(1, 3))
    def claim(self, most: int) -> None:
        claim = self.run(self.desk.claim(self.fresh(), max_orders=most))
        if claim.orders:
            self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(
        data=st.data(),
        kind=st.sampled_from(["pass", "pass", "review", "reject", "fault", "short", "nothing"]),
        reservation=RESERVATIONS,
    )
    def finish(self, data: Any, kind: str, reservation: int) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        claimed = data.draw(st.sampled_from(list(claim.orders)))
        number = claimed.order.order_number
        before = self.run(self.desk.record(number))
        made = self._outcome(claimed, kind, reservation)
        (result,) = self.run(self.desk.finish(claim.batch_id, made))
        again = self.run(self.desk.finish(claim.batch_id, made))
        after = self.run(self.desk.record(number))
        if result != intake_v1.FINISH_RESULT_APPLIED:
            assert after.order.revision == before.order.revision
            assert after.decision == before.decision
        if before.order.revision != claimed.order.revision:
            assert result != intake_v1.FINISH_RESULT_APPLIED
        self._note_left(claimed, made, result)
        conflict = intake_v1.FINISH_RESULT_CONFLICT
        assert again == [conflict if result == conflict else intake_v1.FINISH_RESULT_REPEATED]

    @precondition(lambda self: self.numbers)
    @rule(data=st.data(), reject=st.booleans())
    def decide_hold(self, data: Any, reject: bool) -> None:
        record = self.run(self.desk.record(self._number(data)))
        still = [h for h in record.holds if h.state == record_v1.HOLD_STATE_OPEN]
        if not still:
            return
        resolution = intake_v1.HOLD_RESOLUTION_REJECT if reject else 0
        request = intake_v1.ReleaseHoldRequest(
            request_id=self.fresh(), hold_id=still[0].hold_id, resolution=resolution
        )
        answer = self.run(self.desk.call.ReleaseHold(request, None))
        if not reject and len(still) == 1:
            assert answer.record.work == record_v1.WORK_PROCESS
            assert answer.record.order.revision == record.order.revision + 1

    @rule(minutes=st.sampled_from([1, 29, 31]))
    def wait(self, minutes: int) -> None:
        self.desk.clock.advance(minutes * 60)
        self.run(self.desk.intake.expiry.look())

    @rule()
    def restart(self) -> None:
        clock = self.desk.clock
        self.run(self.desk.close())
        self.desk = self.run(Desk.open(self.config, clock))

    @invariant()
    def everything_in_is_something(self) -> None:
        assert sum(self.given.values()) == self.seen
        if self.desk is not None:
            count = self.run(self.desk.count())
            accepted = self.given[intake_v1.SUBMIT_OUTCOME_ACCEPTED]
            assert count.orders == accepted == len(self.numbers)
            assert sum(s.orders for s in count.by_state) == count.orders

    @invariant()
    def events_tell_how_every_order_stands(self) -> None:
        for number in self.numbers.values():
            record = self.run(self.desk.record(number))
            agrees(record, self.run(self.desk.events(number)))
            _is_sound(record)

    @invariant()
    def stock_left_behind_is_found_by_work_to_come(self) -> None:
        for number in self.left:
            record = self.run(self.desk.record(number))
            faults = [h.reason for h in record.holds if h.state == record_v1.HOLD_STATE_OPEN]
            assert record.work or "PROCESSING_FAULT" in faults, record

    @invariant()
    def no_order_is_in_two_open_batches(self) -> None:
        if self.desk is None:
            return
        members, batches = store.members, store.batches
        query = (
            sa.select(members.c.order_number, sa.func.count())
            .join(batches, batches.c.batch_id == members.c.batch_id)
            .where(members.c.result == 0, batches.c.finished.is_(False))
            .group_by(members.c.order_number)
            .having(sa.func.count() > 1)
        )
        assert self.run(self.desk.intake.database.read(lambda c: c.execute(query).all())) == []

    def teardown(self) -> None:
        if self.desk is not None:
            self._all_work_ends()
            self.run(self.desk.close())
        self.loop.close()

    def _all_work_ends(self) -> None:
        """Whatever happened, work that is worked on runs out: nothing is left behind."""
        for _ in range(30):
            self.desk.clock.advance(31)
            claim = self.run(self.desk.claim(self.fresh()))
            if not claim.orders:
                break
            firm = inventory_v1.RESERVATION_STATE_CONFIRMED
            made = [self._outcome(c, "pass", firm) for c in claim.orders]
            self.run(self.desk.finish(claim.batch_id, *made))
        assert self.run(self.desk.count()).unfinished == 0

    def _note_left(
        self, claimed: intake_v1.ClaimedOrder, made: intake_v1.OrderOutcome, result: int
    ) -> None:
        """Remember what was reserved in vain; nobody here frees it as the orchestrator would."""
        number = claimed.order.order_number
        if made.fault:
            return
        if result == intake_v1.FINISH_RESULT_APPLIED:
            self.left.discard(number)
        elif result == intake_v1.FINISH_RESULT_CONFLICT and made.HasField("allocation"):
            self.left.add(number)

    def _outcome(
        self, claimed: intake_v1.ClaimedOrder, kind: str, reservation: int
    ) -> intake_v1.OrderOutcome:
        if kind == "fault":
            return outcome(claimed, fault="LOST")
        if claimed.work in {record_v1.WORK_RELEASE, record_v1.WORK_EXPIRE}:
            return outcome(claimed, reservation=reservation)
        if claimed.work == record_v1.WORK_CONFIRM_PAYMENT:
            allocation = allocated(claimed, shipped=not claimed.held)
            return outcome(claimed, allocation=allocation, reservation=reservation)
        if kind == "reject":
            return outcome(claimed, verdict(decision_v1.VERDICT_REJECT, "R9"))
        leased = None
        if claimed.HasField("lease"):
            leased = self.desk.clock.now() + timedelta(minutes=30)
        every = tuple(line.line_no for line in claimed.order.lines)
        short = {"short": every[:1], "nothing": every}.get(kind, ())
        review = kind == "review"
        return outcome(
            claimed,
            verdict(decision_v1.VERDICT_REVIEW, "R1") if review else verdict(),
            allocated(
                claimed,
                shipped=not review and leased is None and not claimed.held,
                leased_until=leased,
                unfilled=short,
            ),
        )

    def _number(self, data: Any) -> str:
        return data.draw(st.sampled_from(sorted(self.numbers.values())))

    def _try(self, call: Coroutine[Any, Any, Any]) -> None:
        try:
            self.run(call)
        except Refusal as refusal:
            if refusal.reason not in {"ORDER_FINAL", "WRONG_STATE", "ALREADY_SHIPPED"}:
                raise


def _is_sound(record: record_v1.OrderRecord) -> None:
    """Check what must hold of any order at any time."""
    kept = {record_v1.STOCK_STATE_RESERVED, record_v1.STOCK_STATE_ALLOCATED}
    if record.lifecycle != record_v1.LIFECYCLE_OPEN:
        # A finished order holds no stock, or is queued to give it back.
        assert record.stock_state not in kept or record.work == record_v1.WORK_RELEASE
        assert all(h.state != record_v1.HOLD_STATE_OPEN for h in record.holds)
    for line in record.progress:
        assert 0 <= line.cancelled <= line.ordered
        assert line.allocated <= line.ordered - line.cancelled
    held = any(h.state == record_v1.HOLD_STATE_OPEN for h in record.holds)
    assert (record.state == record_v1.ORDER_STATE_HELD) == held


def _noon() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def _empty(connection: sa.Connection) -> None:
    """Forget the examples before: PostgreSQL keeps one schema for all of them."""
    for table in store.metadata.sorted_tables:
        connection.execute(table.delete())


def test_intake_keeps_its_promises_in_any_order(config: Config) -> None:
    examples = 12 if config.database_url else 25

    run_state_machine_as_test(
        lambda: IntakeMachine(config),
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
