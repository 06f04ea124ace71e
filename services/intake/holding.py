"""Holds: opened by findings and faults, made obsolete by changes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orderhub.common.v1 import text_pb2 as text_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services.intake.convert import MICROS, timestamp
from services.intake.reasons import IntakeReason, localized
from services.intake.transitions import HOLD

if TYPE_CHECKING:
    from enum import StrEnum

    from services.intake.stored import StoredOrder

# When a hold should be decided; the wire's words: a day, the same shift, the hour, now.
CLOCKS = {
    decision_v1.SEVERITY_LOW: timedelta(days=1),
    decision_v1.SEVERITY_MEDIUM: timedelta(hours=8),
    decision_v1.SEVERITY_HIGH: timedelta(hours=1),
    decision_v1.SEVERITY_CRITICAL: timedelta(minutes=15),
}
REFUND_CLOCK = timedelta(hours=2)
HOLDING = frozenset(
    {decision_v1.VERDICT_REVIEW, decision_v1.VERDICT_HOLD, decision_v1.VERDICT_FREEZE}
)
OPERATIONS, AFTER_SALES, RISK_REVIEW = "operations", "after-sales", "risk-review"
_ABOUT_MONEY = frozenset({IntakeReason.REFUND_REQUESTED, IntakeReason.PARTLY_PAID_EXPIRED})
_SOPS = {
    IntakeReason.PROCESSING_FAULT: text_v1.LocalizedText(
        zh="查看故障代码；修复原因后释放拦截，订单会自动重新处理。",
        en="Look the fault code up; mend its cause and release: the order is worked on again.",
    ),
    IntakeReason.REFUND_REQUESTED: text_v1.LocalizedText(
        zh="两小时内答复买家：同意则拒绝该订单并退款，买家撤回则释放拦截。",
        en="Answer the buyer within two hours: reject to refund, release if it was withdrawn.",
    ),
    IntakeReason.PARTLY_PAID_EXPIRED: text_v1.LocalizedText(
        zh="联系买家：愿意补齐余款则释放拦截，重新留货并开始新的付款时限；否则拒绝该订单并退还已付款。",
        en="Ask the buyer: release to keep stock for a new term if the rest will be paid, else "
        "reject and give the money back.",
    ),
    IntakeReason.UNEXPLAINED_VERDICT: text_v1.LocalizedText(
        zh="人工核对订单后释放或拒绝，并通知规则负责人。",
        en="Check the order, release or reject it, and tell the owner of the rules.",
    ),
}


def hold_for_finding(
    order: StoredOrder, finding: decision_v1.Finding, rulebook_hash: str, at_us: int
) -> record_v1.Hold:
    """Open the hold that `finding` asks for, on the order's present revision."""
    severity = finding.severity if finding.severity in CLOCKS else decision_v1.SEVERITY_MEDIUM
    hold = _new(order, finding.reason, at_us, severity, CLOCKS[severity])
    hold.rule_id = finding.rule_id
    hold.rulebook_hash = rulebook_hash
    hold.verdict = finding.verdict
    hold.queue = finding.queue or RISK_REVIEW
    hold.owner = finding.owner
    hold.message.CopyFrom(finding.message)
    hold.sop.CopyFrom(finding.sop)
    order.move_hold(hold, record_v1.HOLD_STATE_OPEN)
    return hold


def hold_for(
    order: StoredOrder, reason: IntakeReason, at_us: int, *, detail: str = ""
) -> record_v1.Hold:
    """Open a hold of intake's own: no rule asked for it, and no waiver lifts it.

    Parameters
    ----------
    detail
        A code that explains it, as a fault's; never personal.
    """
    refund = reason is IntakeReason.REFUND_REQUESTED
    severity = decision_v1.SEVERITY_HIGH
    hold = _new(order, reason, at_us, severity, REFUND_CLOCK if refund else CLOCKS[severity])
    hold.verdict = decision_v1.VERDICT_FREEZE if refund else decision_v1.VERDICT_HOLD
    hold.queue = AFTER_SALES if reason in _ABOUT_MONEY else OPERATIONS
    hold.message.CopyFrom(localized(reason))
    if detail:
        hold.message.zh += f"（{detail}）"
        hold.message.en += f" ({detail})"
    hold.sop.CopyFrom(_SOPS[reason])
    order.move_hold(hold, record_v1.HOLD_STATE_OPEN)
    return hold


def close_hold(
    order: StoredOrder,
    hold: record_v1.Hold,
    state: int,
    at_us: int,
    *,
    actor: str = "",
    comment: str = "",
) -> None:
    """Close an open hold."""
    HOLD.check(hold.state, state)
    hold.closed_at.CopyFrom(timestamp(at_us))
    hold.closed_by = actor
    hold.comment = comment
    order.move_hold(hold, state)


def drop_holds(order: StoredOrder, at_us: int, *, but: IntakeReason | None = None) -> None:
    """Make every open hold obsolete, save those for `but`: the order changed or ended."""
    for hold in list(order.open_holds.values()):
        if hold.reason != but:
            close_hold(order, hold, record_v1.HOLD_STATE_OBSOLETE, at_us)


def is_frozen(order: StoredOrder) -> bool:
    """Return whether a refund of the order waits for an answer."""
    return any(h.reason == IntakeReason.REFUND_REQUESTED for h in order.open_holds.values())


def _new(
    order: StoredOrder, reason: StrEnum | str, at_us: int, severity: int, clock: timedelta
) -> record_v1.Hold:
    order.values.holds += 1
    return record_v1.Hold(
        hold_id=f"{order.values.order_number}-H{order.values.holds}",
        order_number=order.values.order_number,
        revision=order.values.revision,
        reason=str(reason),
        severity=severity,  # type: ignore[arg-type]  # a plain number is the enumeration
        opened_at=timestamp(at_us),
        due_at=timestamp(at_us + int(clock.total_seconds()) * MICROS),
    )
