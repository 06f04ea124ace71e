"""The tests written into rule files, and the harmless order they start from."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from services.rules.kinds import Base, Kind
from services.rules.lexer import ExpressionError
from services.rules.numbers import in_unit, literal
from services.rules.problems import did_you_mean
from services.rules.reading import Record
from services.rules.registry import FEATURE_PREFIX, LINE_FACTS, ORDER_FACTS
from services.rules.rulebook import InlineTest
from services.rules.yamlfile import Entries, Items, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.rules.kinds import Value
    from services.rules.problems import Problems
    from services.rules.rulebook import Rulebook
    from services.rules.scope import Scope
    from services.rules.yamlfile import Node

EXPECTATIONS = ("hit", "miss", "unknown", "not_applicable")
MOST_TEST_LINES = 50

Facts = dict[str, object]
Given = tuple[tuple[str, "Value | None"], ...]


def inline_tests(rule: Record, scope: Scope) -> tuple[InlineTest, ...]:
    """Return the tests of one rule, values in the smallest unit."""
    found = []
    for item in rule.items("tests", required=False):
        record = Record(item, rule.problems, "test")
        name = record.text("name")
        expect = record.one_of("expect", EXPECTATIONS)
        given = record.record("given", required=False)
        record.close()
        values: list[tuple[str, Value | None]] = []
        lines: tuple[Given, ...] | None = None
        for key, at, node in given.pairs() if given else ():
            if key == "lines":
                lines = _lines(node, scope, rule.problems)
            elif key not in scope.facts:
                hint = did_you_mean(key, [*scope.facts, "lines"])
                rule.problems.add(at, f'unknown field "{key[:60]}"{hint}')
            else:
                values.append((key, _value(key, node, scope.facts[key], rule.problems)))
        found.append(InlineTest(name, tuple(values), lines, expect, record.at))
    return tuple(found)


def example_facts(rulebook: Rulebook, test: InlineTest) -> Facts:
    """Return the facts of the example order with those the test gives; None takes one away."""
    facts: Facts = {spec.name: spec.example for spec in ORDER_FACTS}
    for feature in rulebook.features:
        facts[FEATURE_PREFIX + feature.name] = int(feature.event == "order")
    facts.update(test.given)
    line = {spec.name: spec.example for spec in LINE_FACTS}
    given = test.lines if test.lines is not None else ((),)
    facts["lines"] = [_without_none({**line, **dict(each)}) for each in given]
    return _without_none(facts)


def _without_none(facts: Mapping[str, object]) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}


def _lines(node: Node, scope: Scope, problems: Problems) -> tuple[Given, ...]:
    if not isinstance(node, Items) or len(node.items) > MOST_TEST_LINES:
        problems.add(node.at, f"lines must be a list of at most {MOST_TEST_LINES} mappings")
        return ()
    found = []
    for item in node.items:
        line = []
        for key, at, value in Record(item, problems, "line").pairs():
            if key not in scope.line_facts:
                hint = did_you_mean(key, scope.line_facts)
                problems.add(at, f'a line has no field "{key[:60]}"{hint}')
            else:
                line.append((key, _value(key, value, scope.line_facts[key], problems)))
        found.append(tuple(line))
    return tuple(found)


def _value(name: str, node: Node, kind: Kind, problems: Problems) -> Value | None:
    if not isinstance(node, Scalar):
        what = "a mapping" if isinstance(node, Entries) else "a list"
        problems.add(node.at, f"{name} must be {kind}, not {what}")
        return None
    value = node.value
    if value is None:
        return None
    if kind.base is Base.NUMBER and (type(value) is int or isinstance(value, Decimal)):
        try:
            return in_unit(literal(Decimal(value), 0), kind, 0).value
        except ExpressionError as error:
            problems.add(node.at, str(error))
            return None
    if not kind.admits(value) or (kind.words and value not in kind.words):
        problems.add(node.at, f"{name} must be {kind}")
        return None
    return value  # type: ignore[return-value]  # admitted by its kind
