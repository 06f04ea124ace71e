"""Why the rules service refuses a call."""

from __future__ import annotations

from enum import StrEnum

from services._kit.reasons import Text, declare


class RulesReason(StrEnum):
    """Reasons of this service alone."""

    RULEBOOK_REFUSED = "RULEBOOK_REFUSED"
    RULEBOOK_UNKNOWN = "RULEBOOK_UNKNOWN"
    DECISION_UNKNOWN = "DECISION_UNKNOWN"
    SAME_ORDER_TWICE = "SAME_ORDER_TWICE"


declare(
    {
        RulesReason.RULEBOOK_REFUSED: Text(
            "规则库有 {problems} 处问题，未启用；当前规则继续生效。",
            "The rulebook has {problems} problems and was not activated; the last good one serves.",
        ),
        RulesReason.RULEBOOK_UNKNOWN: Text(
            "没有这个版本的规则库。", "No rulebook with this hash is stored."
        ),
        RulesReason.DECISION_UNKNOWN: Text(
            "该订单尚未判定。", "No decision was made on this order."
        ),
        RulesReason.SAME_ORDER_TWICE: Text(
            "同一批中订单修订重复。", "The same order revision stands twice in the batch."
        ),
    }
)
