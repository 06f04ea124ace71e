"""What an outcome does to its order, by the kind of work that was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services.intake.convert import MICROS
from services.intake.holding import (
    HOLDING,
    close_hold,
    drop_holds,
    hold_for,
    hold_for_finding,
)
from services.intake.lifecycle import end, queue
from services.intake.payment import OUTSTANDING, is_leased_mode
from services.intake.reasons import IntakeReason
from services.intake.stock import clear_allocation, take_allocation, tell_stock
from services.intake.transitions import LIFECYCLE

if TYPE_CHECKING:
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from services.intake.stored import StoredOrder

RETRY_S = 30  # before work that a fault left undone is handed out again
ASK_AGAIN_S = 60  # before fulfilment is asked again about a lease that has not ended

FIRM = frozenset(
    {
        inventory_v1.RESERVATION_STATE_CONFIRMED,
        inventory_v1.RESERVATION_STATE_SHIPPED,
        inventory_v1.RESERVATION_STATE_FROZEN,
    }
)


def apply_outcome(
    stored: StoredOrder, work: int, outcome: intake_v1.OrderOutcome, at_us: int
) -> None:
    """Write down `outcome` of `work`; the order is what was handed out."""
    if outcome.fault:
        _take_fault(stored, work, outcome.fault, at_us)
    elif work == record_v1.WORK_PROCESS:
        _take_decision(stored, outcome, at_us)
    elif work == record_v1.WORK_CONFIRM_PAYMENT:
        _take_confirmation(stored, outcome, at_us)
    elif work == record_v1.WORK_EXPIRE:
        _take_expiry(stored, outcome.reservation, at_us)
    else:
        _take_release(stored, at_us)


def _take_fault(stored: StoredOrder, work: int, fault: str, at_us: int) -> None:
    if work == record_v1.WORK_RELEASE:
        # Freeing stock needs nobody's judgement: it is tried again later.
        stored.values.work_us = at_us + RETRY_S * MICROS
        return
    hold = hold_for(stored, IntakeReason.PROCESSING_FAULT, at_us, detail=fault)
    queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
    _tell_held(stored, hold, at_us, fault=fault)


def _take_decision(stored: StoredOrder, outcome: intake_v1.OrderOutcome, at_us: int) -> None:
    decision = outcome.decision
    stored.outcome.decision.CopyFrom(decision)
    stored.outcome_changed = True
    deciding = [f for f in decision.findings if not f.waived]
    stored.emit(
        "decided",
        at_us,
        details=[
            ("verdict", decision_v1.Verdict.Name(decision.verdict).removeprefix("VERDICT_")),
            ("revision", outcome.revision),
            ("decision_id", decision.decision_id),
            ("rulebook_hash", decision.rulebook_hash),
            ("rule_ids", ",".join(f.rule_id for f in deciding)),
            ("reasons", ",".join(f.reason for f in deciding)),
            ("waived_rule_ids", ",".join(f.rule_id for f in decision.findings if f.waived)),
            ("score", decision.score or ""),
        ],
        reason=deciding[0].message if deciding and deciding[0].HasField("message") else None,
    )
    if decision.verdict == decision_v1.VERDICT_REJECT:
        _reject(stored, decision, at_us)
        return
    held = decision.verdict != decision_v1.VERDICT_PASS
    _take_holds(stored, decision, at_us, held=held)
    take_allocation(stored, outcome, at_us)
    queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
    _look_at_payment(stored, at_us)
    tell_stock(stored, at_us)


def _reject(stored: StoredOrder, decision: decision_v1.Decision, at_us: int) -> None:
    """End the order; its stock was freed with the decision, so nothing is left to do."""
    finding = next(
        (f for f in decision.findings if f.verdict == decision_v1.VERDICT_REJECT and not f.waived),
        None,
    )
    clear_allocation(stored)
    stored.revise()
    stored.move(LIFECYCLE, record_v1.LIFECYCLE_REJECTED)
    drop_holds(stored, at_us)
    reason = finding.reason if finding else IntakeReason.REJECTED_BY_RULES.value
    stored.values.closing_reason = reason
    stored.values.pay_by_us = 0
    queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
    stored.emit(
        "rejected",
        at_us,
        details=[("reason", reason), ("rule_id", finding.rule_id if finding else "")],
        reason=finding.message if finding and finding.HasField("message") else None,
    )


def _take_holds(
    stored: StoredOrder, decision: decision_v1.Decision, at_us: int, *, held: bool
) -> None:
    """Open the holds that the findings ask for; rules that no longer ask let go of theirs."""
    asking = [f for f in decision.findings if not f.waived and f.verdict in HOLDING]
    rules = {f.rule_id for f in asking} if held else set()
    for hold in list(stored.open_holds.values()):
        if hold.rule_id and hold.rule_id not in rules:
            close_hold(stored, hold, record_v1.HOLD_STATE_OBSOLETE, at_us)
    if not held:
        return
    known = {hold.rule_id for hold in stored.open_holds.values() if hold.rule_id}
    for finding in asking:
        if finding.rule_id not in known:
            known.add(finding.rule_id)
            hold = hold_for_finding(stored, finding, decision.rulebook_hash, at_us)
            _tell_held(stored, hold, at_us)
    if not stored.open_holds:
        hold = hold_for(stored, IntakeReason.UNEXPLAINED_VERDICT, at_us)
        _tell_held(stored, hold, at_us)


def _tell_held(stored: StoredOrder, hold: record_v1.Hold, at_us: int, *, fault: str = "") -> None:
    stored.emit(
        "held",
        at_us,
        details=[
            ("hold_id", hold.hold_id),
            ("reason", hold.reason),
            ("rule_id", hold.rule_id),
            ("queue", hold.queue),
            ("fault", fault),
        ],
        reason=hold.message,
    )


def _look_at_payment(stored: StoredOrder, at_us: int) -> None:
    """Queue what a payment calls for that came while the order was being worked on."""
    values = stored.values
    if is_leased_mode(values.payment_mode, values.payment):
        return
    values.pay_by_us = 0
    kept = values.stock == record_v1.STOCK_STATE_RESERVED and not stored.open_holds
    if not values.leased and not (kept and values.payment not in OUTSTANDING):
        return
    stored.revise()
    queue(stored, record_v1.WORK_CONFIRM_PAYMENT, at_us)


def _take_confirmation(stored: StoredOrder, outcome: intake_v1.OrderOutcome, at_us: int) -> None:
    """Take a lease made firm; where it had ended, the paid order is tried again."""
    if outcome.reservation in FIRM and outcome.HasField("allocation"):
        take_allocation(stored, outcome, at_us)
        stored.values.leased, stored.values.pay_by_us = False, 0
        queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
        tell_stock(stored, at_us)
        return
    if outcome.reservation not in FIRM:
        clear_allocation(stored)
    stored.values.leased = False
    stored.revise()
    queue(stored, record_v1.WORK_PROCESS, at_us)
    stored.emit("lease_lost", at_us, details=[("reservation", _reservation(outcome.reservation))])


def _take_expiry(stored: StoredOrder, reservation: int, at_us: int) -> None:
    """End the unpaid order unless fulfilment keeps its stock; part of the money holds it."""
    values = stored.values
    if reservation in FIRM or values.payment not in OUTSTANDING:
        values.pay_by_us, values.leased = 0, False
        queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
        stored.emit("kept", at_us, details=[("reservation", _reservation(reservation))])
    elif reservation == inventory_v1.RESERVATION_STATE_LEASED:
        values.pay_by_us = at_us + ASK_AGAIN_S * MICROS
        queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
        stored.emit("kept", at_us, details=[("reservation", _reservation(reservation))])
    elif values.paid_minor:
        clear_allocation(stored)
        values.pay_by_us = 0
        hold = hold_for(stored, IntakeReason.PARTLY_PAID_EXPIRED, at_us)
        queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
        _tell_held(stored, hold, at_us)
    else:
        clear_allocation(stored)
        end(stored, record_v1.LIFECYCLE_EXPIRED, IntakeReason.NOT_PAID_IN_TIME, at_us, "")
        queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
        stored.emit("rested", at_us)


def _take_release(stored: StoredOrder, at_us: int) -> None:
    """Note that nothing is kept; an order still open rests until its holds are decided."""
    clear_allocation(stored)
    if stored.is_final or stored.open_holds:
        queue(stored, record_v1.WORK_UNSPECIFIED, at_us)
    else:
        stored.revise()
        queue(stored, record_v1.WORK_PROCESS, at_us)
    cause = "ENDED" if stored.is_final else "SUPERSEDED"
    stored.emit("stock_released", at_us, details=[("cause", cause)])


def _reservation(state: int) -> str:
    name = inventory_v1.ReservationState.Name(state)  # type: ignore[arg-type]  # a plain number
    return name.removeprefix("RESERVATION_STATE_")
