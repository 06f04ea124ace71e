"""From what the engine found to one decision, by a fixed lattice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.rules import explain
from services.rules.rulebook import DECISIONS, ENGINE_FAULT, FACT_MISSING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from services.rules.rulebook import Effect, Rule, Rulebook
    from services.rules.worker import Outcome

ENGINE_RULE = "ENGINE"
"""Stands for the engine where a finding or a waiver names a rule."""

HIT, MISSING, FAULT = "hit", "fact_missing", "engine_fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found on an order. `rule` is None when the engine itself failed."""

    rule: Rule | None
    outcome: str  # HIT, MISSING or FAULT
    decision: str
    reason: str
    score: int
    values: tuple[tuple[str, str], ...]
    waived: bool

    @property
    def rule_id(self) -> str:
        """The rule's id, or the engine's."""
        return self.rule.id if self.rule else ENGINE_RULE


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on one order with everything that led to it."""

    decision: str
    score: int
    findings: tuple[Finding, ...]  # strongest first
    effects: tuple[Effect, ...]
    not_applicable: tuple[str, ...]
    shadow_hits: tuple[str, ...]


def decide(
    rulebook: Rulebook,
    outcome: Outcome | None,
    facts: Mapping[str, Any],
    day: date,
    waived: Collection[str] = (),
) -> Verdict:
    """Return the verdict on one order; without an `outcome` the engine has failed on it.

    The strongest decision of the findings stands. A waived finding is kept but neither decides,
    scores nor has effects; a shadow rule is only named. A hit which the reference evaluator denies
    counts as a fault of the engine.
    """
    absent = rulebook.absent_sources(facts)
    findings: list[Finding] = []
    shadow: list[str] = []
    if outcome is None:
        findings.append(_fault(waived))
    else:
        rules = rulebook.evaluated
        for index in (*outcome.hits, *outcome.unknown):
            rule = rules[index]
            if not rule.effective_on(day):
                continue
            if rule.stage == "shadow":
                shadow += [rule.id] if index in outcome.hits else []
                continue
            truth, _ = explain.trace(rule.when, facts)
            if truth is not (True if index in outcome.hits else None):
                findings.append(_fault(waived, rule))
            elif truth:
                findings.append(_hit(rule, facts, rule.id in waived))
            else:
                findings.append(_missing(rule, facts, rule.id in waived))
    counting = [finding for finding in findings if not finding.waived]
    decision = max((f.decision for f in counting), key=DECISIONS.index, default="pass")
    findings.sort(key=lambda f: (-DECISIONS.index(f.decision), -f.score, f.rule_id))
    return Verdict(
        decision=decision,
        score=sum(finding.score for finding in counting),
        findings=tuple(findings),
        effects=tuple(
            dict.fromkeys(
                effect
                for finding in counting
                if finding.rule and finding.outcome == HIT
                for effect in finding.rule.then.effects
            )
        ),
        not_applicable=not_applicable(rulebook, absent),
        shadow_hits=tuple(shadow),
    )


def not_applicable(rulebook: Rulebook, absent: frozenset[str]) -> tuple[str, ...]:
    """Return the ids of the rules that need a fact from one of the `absent` sources."""
    if not absent:
        return ()
    return tuple(
        rule.id
        for rule, sources in zip(rulebook.evaluated, rulebook.sources, strict=True)
        if not sources.isdisjoint(absent)
    )


def _hit(rule: Rule, facts: Mapping[str, Any], waived: bool) -> Finding:
    then, values = rule.then, explain.values(rule.when, facts)
    return Finding(rule, HIT, then.decision, then.reason, then.score, values, waived)


def _missing(rule: Rule, facts: Mapping[str, Any], waived: bool) -> Finding:
    values = tuple((name, "") for name in explain.absent_facts(rule.when, facts))
    return Finding(rule, MISSING, "review", FACT_MISSING, 0, values, waived)


def _fault(waived: Collection[str], rule: Rule | None = None) -> Finding:
    covered = (rule.id if rule else ENGINE_RULE) in waived
    return Finding(rule, FAULT, "review", ENGINE_FAULT, 0, (), covered)
