"""The `when` language: what it means, and what it refuses and where."""

from __future__ import annotations

from fractions import Fraction

import pytest

from services.rules.language import ExpressionErrors, condition
from services.rules.tree import Compare, Const, show, walk

MEANT = {
    "amount > 5000.01": "amount > 5000.01",
    "5000 < amount": "amount > 5000",
    "vip == true": "vip",
    "vip != true": "not vip",
    "not vip and n in [1, 2]": "(not vip) and (n in [1, 2])",
    "n not in [1]": "not (n in [1])",
    "not n == 1": "not (n == 1)",
    "n + m * 2 > 3": "(n + (m * 2)) > 3",
    "n - m - 1 > 0": "((n - m) - 1) > 0",
    "vip or n > 1 and m > 1": "vip or ((n > 1) and (m > 1))",
    "vip and vip": "vip",
    "any(lines, qty % 6 != 0 and gift)": "any(lines, ((qty % 6) != 0) and gift)",
    "count(lines) > 3": "count(lines, true) > 3",
    "words(street, lists.vague)": "words(street, lists.vague)",
    r'matches(street, "\d+号")': r'matches(street, "\d+号")',
}

REFUSED = [
    ("", 0, "expected a value"),
    ("amout > 1", 0, 'did you mean "amount"'),
    ("amount > params.limt", 9, 'did you mean "params.limit"'),
    ("words(street, lists.vage)", 14, 'did you mean "lists.vague"'),
    ("channel == 'olst'", 8, 'did you mean "olist"'),
    ("mach(street, 'x')", 0, 'did you mean "matches"'),
    ("amount > 1.005", 7, "finer than 0.01"),
    ("load_g > amount", 7, "cannot compare"),
    ("load_g + n > 1", 7, "cannot add"),
    ("amount * amount > 1", 7, "cannot multiply"),
    ("street > 3", 7, "cannot compare text with a number"),
    ("street > 'a'", 7, "needs numbers"),
    ("n", 0, "expected a condition"),
    ("not 1", 4, "expected a condition"),
    ("1 == 1", 2, "always the same"),
    ("true", 0, "always the same"),
    ("1 < n < 3", 6, "do not chain"),
    ("n > 1)", 5, "unexpected ')'"),
    ("n = 1", 2, "write =="),
    ("n > 1 && vip", 6, "write and"),
    ("n ＞ 1", 2, "full-width"),
    ("n / 0 > 1", 2, "division by zero"),
    ("n > 99999999999999999999", 4, "too large"),
    ("qty > 1", 0, "belongs to a line"),
    ("any(lines, any(lines, gift))", 11, "cannot be nested"),
    ("sum(lines, gift) > 1", 0, "sum needs a number"),
    ("matches(street, '[')", 16, "refused by RE2"),
    ("matches(street, '(a{500}){500}')", 16, "refused by RE2"),
    (r"matches(street, '(a)\1')", 16, "refused by RE2"),
    ("matches(street, street)", 16, "pattern in quotes"),
    ("street in lists.codes", 10, "are not text"),
    ("n.__class__ == 1", 0, "unknown"),
    ("__import__('os')", 0, "unknown function"),
    ("street.encode('x') == 1", 0, "unknown function"),
    ("lambda: 0", 6, "unexpected character ':'"),
    ("[n for n in m]", 3, "expected ']'"),
    ("'unclosed", 0, "closing quote"),
    ("(" * 200 + "n" + ")" * 200, 40, "nested deeper"),
    ("n" + " + n" * 200 + " > 1", 258, "in a row"),
    ("n > 1" + " " * 3000, 0, "at most 2000"),
]


@pytest.mark.parametrize("source", MEANT)
def test_reads_an_expression_as_meant(source: str, scope) -> None:
    assert show(condition(source, scope)) == MEANT[source]


@pytest.mark.parametrize(("source", "offset", "says"), REFUSED, ids=[r[2] for r in REFUSED])
def test_refuses_what_is_not_in_the_language(source, offset, says, scope) -> None:
    with pytest.raises(ExpressionErrors) as caught:
        condition(source, scope)

    assert says in str(caught.value)
    assert caught.value.errors[0].offset == offset


def test_reports_the_mistakes_of_all_parts() -> None:
    from services.rules.scope import Scope

    with pytest.raises(ExpressionErrors) as caught:
        condition("a > 1 and (b or c < 2)", Scope({}))

    assert [error.offset for error in caught.value.errors] == [0, 11, 16]


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("amount > 5000.01", 500_001),
        ("amount > 5000", 500_000),
        ("amount > -0.5", -50),
        ("amount > 2 * 25", 5_000),
        ("amount > params.limit", 10_000),
        ("amount / discount > 0.5", Fraction(1, 2)),
        ("load_g > 5", 5),
        ("n > 5", 5),
    ],
)
def test_a_literal_takes_the_unit_of_the_other_side(source: str, value: object, scope) -> None:
    tree = condition(source, scope)

    assert isinstance(tree, Compare)
    assert isinstance(tree.right, Const)
    assert tree.right.value == value


def test_every_deep_expression_the_limits_allow_can_be_walked(scope) -> None:
    deep = "not (" * 18 + "n" + " + n" * 60 + " > 1" + ")" * 18

    tree = condition(deep, scope)

    assert sum(1 for _ in walk(tree)) == 18 + 1 + 60 + 61 + 1
