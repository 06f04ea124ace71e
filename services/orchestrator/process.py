"""What is done with a batch of claimed orders, from verdict to outcome.

Every call is idempotent by order number and revision, so a batch may be worked on again from the
start after a crash, or twice at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from orderhub.rules.v1 import rules_pb2 as rules_v1
from services._kit import logs
from services.orchestrator import convert
from services.orchestrator.resilience import call_in_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.orchestrator.peers import Peers

log = logs.logger("orchestrator.process")

PROCESSING_FAULT = "PROCESSING_FAULT"
OUTSTANDING = (record_v1.PAYMENT_STATE_UNPAID, record_v1.PAYMENT_STATE_PARTLY_PAID)

Claimed = intake_v1.ClaimedOrder
Outcomes = dict[str, intake_v1.OrderOutcome]


def process(batch_id: str, orders: Sequence[Claimed], peers: Peers) -> int:
    """Take `orders` through rules and fulfilment and write down what became of them.

    Returns
    -------
    int
        Orders whose outcome intake took; the others changed meanwhile and come again.
    """
    batch = Batch(batch_id, orders, peers)
    batch.judge()
    batch.confirm()
    batch.allocate()
    batch.release()
    return batch.finish()


class Batch:
    """The outcomes of one batch while they come together."""

    def __init__(self, batch_id: str, orders: Sequence[Claimed], peers: Peers) -> None:
        self.batch_id = batch_id
        self.peers = peers
        self.orders = {claimed.order.order_number: claimed for claimed in orders}
        self.outcomes: Outcomes = {
            number: intake_v1.OrderOutcome(order_number=number, revision=claimed.order.revision)
            for number, claimed in self.orders.items()
        }

    def _with(self, *works: record_v1.Work.ValueType) -> list[Claimed]:
        return [c for c in self.orders.values() if c.work in works and not self._faulty(c)]

    def _outcome(self, claimed: Claimed) -> intake_v1.OrderOutcome:
        return self.outcomes[claimed.order.order_number]

    def _faulty(self, claimed: Claimed) -> bool:
        return bool(self._outcome(claimed).fault)

    def judge(self) -> None:
        """Ask rules for the verdicts."""

        def evaluate(part: Sequence[Claimed]) -> Sequence[decision_v1.Decision]:
            request = rules_v1.EvaluateOrdersRequest(
                batch_id=self.batch_id, orders=[convert.to_judge(claimed) for claimed in part]
            )
            return self.peers.call(self.peers.rules.EvaluateOrders, request).decisions

        judged = self._with(record_v1.WORK_PROCESS)
        for claimed, decision in zip(judged, call_in_parts(judged, evaluate), strict=True):
            if decision is None:
                self._outcome(claimed).fault = PROCESSING_FAULT
            else:
                self._outcome(claimed).decision.CopyFrom(decision)

    def confirm(self) -> None:
        """Make the leases of paid orders firm."""

        def confirm(part: Sequence[Claimed]) -> Sequence[inventory_v1.ReservationOutcome]:
            request = inventory_v1.ConfirmReservationsRequest(
                batch_id=self.batch_id, orders=[convert.to_confirm(claimed) for claimed in part]
            )
            return self.peers.call(self.peers.inventory.ConfirmReservations, request).outcomes

        self._take_states(self._with(record_v1.WORK_CONFIRM_PAYMENT), confirm)

    def allocate(self) -> None:
        """Give stock to every order that keeps or gets some."""

        def allocate(part: Sequence[Claimed]) -> Sequence[allocation_v1.OrderAllocation]:
            request = allocation_v1.AllocateOrdersRequest(
                batch_id=self.batch_id,
                orders=[
                    convert.to_allocate(claimed, reserve_only=self._reserve_only(claimed))
                    for claimed in part
                ],
            )
            return self.peers.call(self.peers.allocation.AllocateOrders, request).allocations

        wanting = [
            claimed
            for claimed in self._with(record_v1.WORK_PROCESS, record_v1.WORK_CONFIRM_PAYMENT)
            if self._outcome(claimed).decision.verdict != decision_v1.VERDICT_REJECT
        ]
        for claimed, found in zip(wanting, call_in_parts(wanting, allocate), strict=True):
            outcome = self._outcome(claimed)
            if found is None:
                outcome.fault = PROCESSING_FAULT
            else:
                outcome.allocation.CopyFrom(found)

    def _reserve_only(self, claimed: Claimed) -> bool:
        """Whether the stock is only kept: unpaid, held, or judged worth a second look."""
        if claimed.work == record_v1.WORK_CONFIRM_PAYMENT:
            return claimed.held
        verdict = self._outcome(claimed).decision.verdict
        # A presale has no lease: its stock waits for the balance, whose window may be weeks away.
        unpaid = claimed.payment_state in OUTSTANDING or claimed.HasField("lease")
        return verdict != decision_v1.VERDICT_PASS or unpaid or claimed.held

    def release(self) -> None:
        """Free the stock of what was rejected, called off or not paid in time."""
        causes = {
            number: cause
            for number, claimed in self.orders.items()
            if (cause := self._release_cause(claimed)) is not None
        }

        def release(part: Sequence[Claimed]) -> Sequence[inventory_v1.ReservationOutcome]:
            request = inventory_v1.ReleaseReservationsRequest(
                batch_id=self.batch_id,
                orders=[convert.to_release(c, causes[c.order.order_number]) for c in part],
            )
            return self.peers.call(self.peers.inventory.ReleaseReservations, request).outcomes

        self._take_states([self.orders[number] for number in causes], release)

    def _release_cause(self, claimed: Claimed) -> inventory_v1.ReleaseCause.ValueType | None:
        if self._faulty(claimed):
            return None
        if claimed.work == record_v1.WORK_RELEASE:
            return inventory_v1.RELEASE_CAUSE_CANCELLED
        if claimed.work == record_v1.WORK_EXPIRE:
            return inventory_v1.RELEASE_CAUSE_EXPIRED
        if self._outcome(claimed).decision.verdict == decision_v1.VERDICT_REJECT:
            return inventory_v1.RELEASE_CAUSE_REJECTED
        return None

    def _take_states(
        self,
        orders: Sequence[Claimed],
        call: Callable[[Sequence[Claimed]], Sequence[inventory_v1.ReservationOutcome]],
    ) -> None:
        for claimed, answer in zip(orders, call_in_parts(orders, call), strict=True):
            if answer is None:
                self._outcome(claimed).fault = PROCESSING_FAULT
            else:
                self._outcome(claimed).reservation = answer.state

    def finish(self) -> int:
        """Write the outcomes down; give back the stock of orders that changed meanwhile."""
        outcomes = list(self.outcomes.values())
        results = call_in_parts(outcomes, self._finished)
        refused = [outcome for outcome, took in zip(outcomes, results, strict=True) if took is None]
        # Too large, or of a shape intake does not take: a person sees the order instead.
        faults = [
            intake_v1.OrderOutcome(
                order_number=outcome.order_number,
                revision=outcome.revision,
                fault=PROCESSING_FAULT,
            )
            for outcome in refused
        ]
        taken = dict(zip((o.order_number for o in outcomes), results, strict=True))
        taken |= {
            fault.order_number: result
            for fault, result in zip(faults, call_in_parts(faults, self._finished), strict=True)
        }
        changed = [
            self.orders[number]
            for number, result in taken.items()
            if result == intake_v1.FINISH_RESULT_CONFLICT
        ]
        if changed:
            log.info("orders changed while in work", batch=self.batch_id, orders=len(changed))
            self.peers.call(
                self.peers.inventory.ReleaseReservations,
                inventory_v1.ReleaseReservationsRequest(
                    batch_id=self.batch_id,
                    orders=[
                        convert.to_release(c, inventory_v1.RELEASE_CAUSE_SUPERSEDED)
                        for c in changed
                    ],
                ),
            )
        return len(taken) - len(changed)

    def _finished(
        self, part: Sequence[intake_v1.OrderOutcome]
    ) -> Sequence[intake_v1.FinishResult.ValueType]:
        request = intake_v1.FinishBatchRequest(batch_id=self.batch_id, outcomes=part)
        return self.peers.call(self.peers.intake.FinishBatch, request).results
