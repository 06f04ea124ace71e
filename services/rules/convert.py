"""Verdicts, rulebooks and problems to wire messages. The only file that knows both."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp

from orderhub.common.v1 import text_pb2 as text_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from orderhub.rules.v1 import rules_pb2 as rules_v1
from services.rules import explain
from services.rules.decide import FAULT, HIT, MISSING, Finding, Verdict
from services.rules.registry import FEATURE_KIND, FEATURE_PREFIX, ORDER_FACTS, PRIVATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.rules.check import Checked
    from services.rules.problems import Problem
    from services.rules.rulebook import Bilingual, Effect, Rule, Rulebook
    from services.rules.shelf import Activation, Stored

VERDICTS = {
    "pass": decision_v1.VERDICT_PASS,
    "review": decision_v1.VERDICT_REVIEW,
    "hold": decision_v1.VERDICT_HOLD,
    "freeze": decision_v1.VERDICT_FREEZE,
    "reject": decision_v1.VERDICT_REJECT,
}
OUTCOMES = {
    HIT: decision_v1.RULE_OUTCOME_HIT,
    MISSING: decision_v1.RULE_OUTCOME_FACT_MISSING,
    FAULT: decision_v1.RULE_OUTCOME_ENGINE_FAULT,
}
SEVERITIES = {
    "low": decision_v1.SEVERITY_LOW,
    "medium": decision_v1.SEVERITY_MEDIUM,
    "high": decision_v1.SEVERITY_HIGH,
    "critical": decision_v1.SEVERITY_CRITICAL,
}
_TRUTHS = {
    True: decision_v1.RULE_OUTCOME_HIT,
    False: decision_v1.RULE_OUTCOME_MISS,
    None: decision_v1.RULE_OUTCOME_FACT_MISSING,
}
_KINDS = {spec.name: spec.kind for spec in ORDER_FACTS}


def timestamp(at_us: int) -> Timestamp:
    """Return an instant given in microseconds since 1970."""
    return Timestamp(seconds=at_us // 1_000_000, nanos=at_us % 1_000_000 * 1_000)


def micros(instant: datetime) -> int:
    """Return an aware instant in microseconds since 1970."""
    delta = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def decision_to_pb(
    verdict: Verdict, rulebook: Rulebook, order_number: str, revision: int, at_us: int
) -> decision_v1.Decision:
    """Return `verdict` as the answer for one order revision."""
    return decision_v1.Decision(
        decision_id=f"{order_number}/{revision}",  # one decision for each, ever
        order_number=order_number,
        revision=revision,
        verdict=VERDICTS[verdict.decision],
        score=verdict.score,
        findings=[_finding(finding, rulebook) for finding in verdict.findings],
        effects=[_effect(effect) for effect in verdict.effects],
        not_applicable=verdict.not_applicable,
        rulebook_hash=rulebook.hash,
        decided_at=timestamp(at_us),
    )


def trace_to_pb(rule: Rule, facts: Mapping[str, Any], *, applies: bool) -> decision_v1.RuleTrace:
    """Return how `rule` comes out on `facts`, leaf by leaf."""
    if not applies:
        return decision_v1.RuleTrace(
            rule_id=rule.id, outcome=decision_v1.RULE_OUTCOME_NOT_APPLICABLE
        )
    truth, leaves = explain.trace(rule.when, facts)
    return decision_v1.RuleTrace(
        rule_id=rule.id,
        outcome=_TRUTHS[truth],
        leaves=[
            decision_v1.TraceLeaf(
                expression=leaf.expression,
                actual=leaf.actual,
                expected=leaf.expected,
                holds=leaf.holds is True,
                distance=leaf.distance,
            )
            for leaf in leaves
        ],
    )


def facts_to_pb(facts: Mapping[str, Any]) -> list[decision_v1.FactValue]:
    """Return the facts of a decision by name; lines are left to the traces."""
    found = []
    for name in sorted(facts):
        if name in PRIVATE or name == "lines":
            continue
        kind = FEATURE_KIND if name.startswith(FEATURE_PREFIX) else _KINDS.get(name)
        if kind is not None:
            found.append(decision_v1.FactValue(name=name, value=explain.shown(facts[name], kind)))
    return found


def rulebook_to_pb(
    rulebook: Rulebook, activation: Activation | None = None, *, active: bool = False
) -> rules_v1.Rulebook:
    """Return `rulebook` with its rules."""
    message = rules_v1.Rulebook(hash=rulebook.hash, rule_count=len(rulebook.rules), active=active)
    _fill(message, activation)
    message.rules.extend(
        rules_v1.RuleInfo(
            rule_id=rule.id,
            title=_text(rule.title),
            owner=rule.owner,
            stage=rule.stage,
            verdict=VERDICTS[rule.then.decision],
            reason=rule.then.reason,
        )
        for rule in rulebook.rules
    )
    return message


def stored_to_pb(stored: Stored, active_hash: str) -> rules_v1.Rulebook:
    """Return a stored rulebook as listings show it, without its rules."""
    message = rules_v1.Rulebook(
        hash=stored.hash, rule_count=stored.rule_count, active=stored.hash == active_hash
    )
    _fill(message, stored.last)
    return message


def checked_to_pb(checked: Checked) -> rules_v1.CheckRulebookResponse:
    """Return the result of a check."""
    return rules_v1.CheckRulebookResponse(
        problems=problems_to_pb(checked.problems),
        rulebook=rulebook_to_pb(checked.rulebook) if checked.rulebook else None,
        tests=rules_v1.RuleTestSummary(
            run=len(checked.tests), failed=len(checked.failures), failures=checked.failures
        ),
    )


def problems_to_pb(problems: Iterable[Problem]) -> list[rules_v1.RulebookProblem]:
    """Return problems with their places."""
    return [
        rules_v1.RulebookProblem(
            path=problem.at.file,
            line=problem.at.line,
            column=problem.at.column,
            message=problem.message,
        )
        for problem in problems
    ]


def _finding(finding: Finding, rulebook: Rulebook) -> decision_v1.Finding:
    reason, rule = rulebook.reason(finding.reason), finding.rule
    message = decision_v1.Finding(
        rule_id=finding.rule_id,
        reason=finding.reason,
        verdict=VERDICTS[finding.decision],
        outcome=OUTCOMES[finding.outcome],
        score=finding.score,
        message=_text(reason.text),
        values=[decision_v1.FactValue(name=name, value=value) for name, value in finding.values],
        waived=finding.waived,
        severity=SEVERITIES[reason.severity],
        queue=reason.queue,
        sop=_text(reason.sop),
        owner=rule.owner if rule else reason.owner,
    )
    if rule and finding.outcome == HIT and rule.then.suggest.zh:
        message.suggestion.CopyFrom(_text(rule.then.suggest))
    return message


def _effect(effect: Effect) -> decision_v1.Effect:
    value = str(effect.value).lower() if isinstance(effect.value, bool) else str(effect.value)
    return decision_v1.Effect(name=effect.kind, value=value)


def _text(text: Bilingual) -> text_v1.LocalizedText:
    return text_v1.LocalizedText(zh=text.zh, en=text.en)


def _fill(message: rules_v1.Rulebook, activation: Activation | None) -> None:
    if activation is not None:
        message.activated_at.CopyFrom(timestamp(activation.at_us))
        message.activated_by = activation.actor
        message.comment = activation.comment
        message.epoch = activation.epoch
