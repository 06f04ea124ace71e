"""Compiles typed trees into Python closures: the features the engine is given.

Three-valued: a closure returns None when the value is unknown, because a fact is absent or a
divisor is zero. No text of a rule is ever executed; a closure only combines closures.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import re2

from services.rules.checker import pattern_options
from services.rules.tree import (
    And,
    Arithmetic,
    Compare,
    Const,
    Fact,
    Matches,
    Member,
    Node,
    Not,
    Or,
    OverLines,
    Words,
)

Facts = Mapping[str, Any]
Closure = Callable[[Facts, Facts], Any]
"""(facts of the order, facts of the line at hand) → value or None."""

NO_LINE: Facts = {}

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPUTE: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": Fraction,
    "%": operator.mod,
}


def compiled(node: Node) -> Closure:  # noqa: PLR0911  # one return for each kind of node
    """Return the closure that computes `node`."""
    match node:
        case Const(value=value):
            return lambda facts, line: value
        case Fact():
            return _fact(node)
        case Arithmetic():
            return _arithmetic(node)
        case Compare():
            return _compare(node)
        case Member():
            return _member(node)
        case Words():
            return _words(node)
        case Matches():
            return _matches(node)
        case Not(part=part):
            inner = compiled(part)
            return lambda facts, line: None if (v := inner(facts, line)) is None else not v
        case And(parts=parts):
            return _joined([compiled(part) for part in parts], decisive=False)
        case Or(parts=parts):
            return _joined([compiled(part) for part in parts], decisive=True)
        case OverLines():
            return _over_lines(node)


def _fact(node: Fact) -> Closure:
    name, admits = node.name, node.kind.admits
    if node.per_line:
        return lambda facts, line: v if admits(v := line.get(name)) else None
    return lambda facts, line: v if admits(v := facts.get(name)) else None


def _compare(node: Compare) -> Closure:
    left, right, test = compiled(node.left), compiled(node.right), _COMPARE[node.op]

    def compare(facts: Facts, line: Facts) -> bool | None:
        a, b = left(facts, line), right(facts, line)
        return None if a is None or b is None else test(a, b)

    return compare


def _arithmetic(node: Arithmetic) -> Closure:
    left, right, compute = compiled(node.left), compiled(node.right), _COMPUTE[node.op]
    divides = node.op in "/%"

    def arithmetic(facts: Facts, line: Facts) -> Any:
        a, b = left(facts, line), right(facts, line)
        if a is None or b is None or (divides and b == 0):
            return None
        return compute(a, b)

    return arithmetic


def _member(node: Member) -> Closure:
    item, until = compiled(node.item), dict(node.table.entries)

    def member(facts: Facts, line: Facts) -> bool | None:
        value = item(facts, line)
        if value is None:
            return None
        if value not in until:
            return False
        last = until[value]
        return last is None or bool(facts["decision.day"] <= last)

    return member


def _words(node: Words) -> Closure:
    item, entries = compiled(node.item), node.table.entries

    def words(facts: Facts, line: Facts) -> bool | None:
        text = item(facts, line)
        if text is None:
            return None
        day: int = facts["decision.day"]
        return any(word in text and (last is None or day <= last) for word, last in entries)

    return words


def _matches(node: Matches) -> Closure:
    item, search = compiled(node.item), re2.compile(node.pattern, pattern_options()).search

    def matches(facts: Facts, line: Facts) -> bool | None:
        text = item(facts, line)
        return None if text is None else search(text) is not None

    return matches


def _joined(parts: list[Closure], *, decisive: bool) -> Closure:
    """Return and (`decisive` false) or or (true) over `parts`, stopping at a decisive value."""

    def joined(facts: Facts, line: Facts) -> bool | None:
        unknown = False
        for part in parts:
            value = part(facts, line)
            if value is None:
                unknown = True
            elif value == decisive:
                return decisive
        return None if unknown else not decisive

    return joined


def _over_lines(node: OverLines) -> Closure:
    body, op = compiled(node.body), node.op

    def over_lines(facts: Facts, _line: Facts) -> Any:
        lines = facts.get("lines")
        if lines is None:
            return None
        values = [body(facts, line) for line in lines]
        if op in {"any", "all"}:
            decisive = op == "any"
            if decisive in values:
                return decisive
            return None if None in values else not decisive
        return None if None in values else sum(values)

    return over_lines
