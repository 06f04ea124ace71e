"""Explanations carry figures, and never a personal value."""

from __future__ import annotations

import pytest

from services.rules.explain import absent_facts, trace, values

FACTS = {
    "channel": "generic",
    "order.amount": 8_800,
    "recipient.street": "附近小区秘密",
    "recipient.phone": "13912345678",
    "decision.day": 20_000,
    "lines": [{"qty": 3}],
}


@pytest.mark.parametrize(
    ("amount", "holds", "distance"),
    [
        (8_800, False, "12.00 CNY below the limit"),
        (10_000, False, "exactly at the limit"),
        (10_001, True, "0.01 CNY above the limit"),
    ],
)
def test_says_how_far_a_value_is_from_its_threshold(amount, holds, distance, book_of) -> None:
    rule = book_of("order.amount > params.limit").rules[0]

    truth, leaves = trace(rule.when, FACTS | {"order.amount": amount})

    assert truth is holds
    assert (leaves[0].expression, leaves[0].expected) == (
        "order.amount > params.limit",
        "100.00 CNY",
    )
    assert leaves[0].distance == distance


def test_shows_every_leaf_also_those_that_did_not_matter(book_of) -> None:
    rule = book_of("order.is_vip and order.amount > 1 or count(lines) > 5").rules[0]

    truth, leaves = trace(rule.when, FACTS)

    assert truth is None
    assert [(leaf.expression, leaf.holds) for leaf in leaves] == [
        ("order.is_vip", None),
        ("order.amount > 1", True),
        ("count(lines, true) > 5", False),
    ]


@pytest.mark.parametrize(
    "when",
    [
        'recipient.street == "附近小区秘密"',
        "words(recipient.street, lists.vague)",
        'matches(recipient.street, "秘.")',
        'recipient.phone in ["13912345678"]',
    ],
)
def test_hides_personal_values(when: str, book_of) -> None:
    rule = book_of(when).rules[0]

    truth, leaves = trace(rule.when, FACTS)

    assert truth is True
    assert leaves[0].actual == "***"
    assert values(rule.when, FACTS) == ()


def test_names_the_facts_that_are_absent_or_malformed(book_of) -> None:
    rule = book_of("order.is_vip and order.freight > 1 and any(lines, price > 1)").rules[0]

    assert absent_facts(rule.when, FACTS | {"order.freight": 1.5}) == (
        "order.is_vip",
        "order.freight",
        "price",
    )


def test_a_line_rule_names_the_lines_value_and_the_threshold(book_of) -> None:
    rule = book_of("any(lines, qty > 50)").rules[0]

    found = dict(values(rule.when, FACTS | {"lines": [{"qty": 2}, {"qty": 100_000}]}))

    assert found["lines.qty"] == "100000"


def test_a_threshold_that_was_not_passed_decides_nothing_and_is_not_named(book_of) -> None:
    rule = book_of("order.amount > params.limit").rules[0]

    assert "params.limit" not in dict(values(rule.when, FACTS))
    assert dict(values(rule.when, FACTS | {"order.amount": 10_001}))["params.limit"] == "100.00 CNY"
