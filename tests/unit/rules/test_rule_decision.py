"""The decision lattice, enumerated."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from services.rules.decide import ENGINE_RULE, decide
from services.rules.rulebook import DECISIONS
from services.rules.worker import Outcome

DAY = date(2026, 11, 22)
FACTS = {"channel": "generic", "order.amount": 50_000, "decision.day": 20_000}
WHEN = "order.amount > 1"


@pytest.mark.parametrize("hits", list(itertools.product([False, True], repeat=5)))
def test_the_strongest_hit_decides(hits, files, rule_text) -> None:
    from services.rules.loading import load

    texts = [
        rule_text.replace("AMT-001", f"TST-00{i}").replace("decision: review", f"decision: {name}")
        for i, name in enumerate(DECISIONS)
    ]
    book = load(files | {"orders/amount.yaml": "".join(texts).encode()})
    outcome = Outcome(tuple(i for i, hit in enumerate(hits) if hit))

    verdict = decide(book, outcome, FACTS, DAY)

    hit = [name for name, is_hit in zip(DECISIONS, hits, strict=True) if is_hit]
    assert verdict.decision == (hit[-1] if hit else "pass")
    assert [finding.decision for finding in verdict.findings] == list(reversed(hit))
    assert verdict.score == 30 * len(hit)


def test_a_waived_rule_is_recorded_and_does_not_decide(book_of) -> None:
    book = book_of(WHEN, then="reject")

    verdict = decide(book, Outcome((0,)), FACTS, DAY, waived=["TST-001"])

    assert (verdict.decision, verdict.score) == ("pass", 0)
    assert [(f.rule_id, f.waived) for f in verdict.findings] == [("TST-001", True)]


def test_a_shadow_rule_is_named_and_does_not_decide(book_of) -> None:
    verdict = decide(book_of(WHEN, stage="shadow"), Outcome((0,)), FACTS, DAY)

    assert (verdict.decision, verdict.findings, verdict.shadow_hits) == ("pass", (), ("TST-001",))


def test_a_fault_of_the_engine_is_a_review(book_of) -> None:
    verdict = decide(book_of(WHEN), None, FACTS, DAY)

    assert verdict.decision == "review"
    assert [(f.rule_id, f.reason) for f in verdict.findings] == [(ENGINE_RULE, "ENGINE_FAULT")]


def test_a_missing_fact_is_a_review_that_names_it(book_of) -> None:
    verdict = decide(book_of(WHEN), Outcome((), (0,)), {"channel": "generic"}, DAY)

    assert verdict.decision == "review"
    assert verdict.findings[0].reason == "FACT_MISSING"
    assert verdict.findings[0].values == (("order.amount", ""),)


def test_a_hit_that_the_reference_denies_is_a_fault_not_a_verdict(book_of) -> None:
    book = book_of("order.amount > 1000", then="reject")

    verdict = decide(book, Outcome((0,)), FACTS, DAY)

    assert verdict.decision == "review"
    assert verdict.findings[0].reason == "ENGINE_FAULT"


@pytest.mark.parametrize(
    ("day", "decision"),
    [
        (date(2026, 10, 31), "pass"),
        (date(2026, 11, 1), "review"),
        (date(2026, 11, 30), "review"),
        (date(2026, 12, 1), "pass"),
    ],
)
def test_a_rule_decides_from_its_first_to_its_last_day(day, decision, files, rule_text) -> None:
    from services.rules.loading import load

    text = rule_text.replace(
        "priority: 100", "priority: 100\n  effective: {from: 2026-11-01, to: 2026-11-30}"
    )
    book = load(files | {"orders/amount.yaml": text.encode()})

    assert decide(book, Outcome((0,)), FACTS, day).decision == decision


def test_rules_that_need_what_the_channel_lacks_are_listed(book_of) -> None:
    book = book_of("recipient.has_house_number", "f.orders_phone_10m > 1", "order.amount > 1")

    verdict = decide(book, Outcome(), {"channel": "bare"}, DAY)

    assert verdict.not_applicable == ("TST-001", "TST-002")
    assert verdict.decision == "pass"
