"""Says in figures why a rule did or did not hit, without ever showing a personal value."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from services.rules.kinds import MINOR_PER_MAJOR, Base
from services.rules.reference import Leaf, evaluate, passing_line
from services.rules.registry import PRIVATE
from services.rules.tree import Compare, Const, Fact, Node, OverLines, facts_of, show, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.rules.kinds import Kind

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class TraceLeaf:
    """One leaf for people; `holds` is None when a value was absent."""

    expression: str
    actual: str
    expected: str
    holds: bool | None
    distance: str


def trace(when: Node, facts: Mapping[str, Any]) -> tuple[bool | None, tuple[TraceLeaf, ...]]:
    """Return the truth of `when` on `facts` by the reference evaluator, and its leaves."""
    evaluation = evaluate(when, facts)
    return evaluation.value, tuple(_leaf(leaf) for leaf in evaluation.leaves)


def values(when: Node, facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the non-personal values `when` was decided by, by name, "" where one is absent.

    The order's facts it reads; the thresholds that were passed; of its lines, the value of the
    first line that passed.
    """
    found: dict[str, str] = {}
    for node in walk(when):
        if isinstance(node, Fact) and not node.per_line and node.name not in PRIVATE:
            value = facts.get(node.name)
            found[node.name] = shown(value, node.kind) if node.kind.admits(value) else ""
    for leaf in evaluate(when, facts).leaves:
        found |= _passed(leaf, facts)
    return tuple(found.items())


def _passed(leaf: Leaf, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what a test that held adds: the threshold, or the values of the line that passed."""
    if not leaf.holds:
        return {}
    if isinstance(leaf.node, OverLines) and leaf.node.op == "any":
        line = passing_line(leaf.node, facts) or {}
        return _of_line(leaf.node, line) | _thresholds(leaf.node.body)
    return _thresholds(leaf.node)


def _of_line(node: OverLines, line: Mapping[str, Any]) -> dict[str, str]:
    return {
        f"lines.{each.name}": shown(line[each.name], each.kind)
        for each in walk(node.body)
        if isinstance(each, Fact)
        and each.per_line
        and each.name not in PRIVATE
        and each.kind.admits(line.get(each.name))
    }


def _thresholds(node: Node) -> dict[str, str]:
    return {
        show(each): shown(each.value, each.kind)
        for each in walk(node)
        if isinstance(each, Const) and show(each).startswith("params.")
    }


def absent_facts(when: Node, facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the facts `when` reads that `facts` lacks or has malformed."""
    found: dict[str, None] = {}
    for node in walk(when):
        if isinstance(node, Fact):
            at = facts.get("lines") or () if node.per_line else (facts,)
            if any(not node.kind.admits(each.get(node.name)) for each in at):
                found[node.name] = None
    if "lines" in facts_of(when) and "lines" not in facts:
        found["lines"] = None
    return tuple(found)


def shown(value: Any, kind: Kind) -> str:
    """Return `value` as people write it: money in the major unit with its currency."""
    if value is None:
        return ""
    if kind.base is Base.BOOL:
        return "true" if value else "false"
    if kind.base is Base.TEXT:
        return str(value)
    minor = MINOR_PER_MAJOR.get(kind.unit)
    if minor:
        return f"{_decimal(Fraction(value) / minor, 2)} {kind.unit}"
    plain = _decimal(Fraction(value), 0 if Fraction(value).denominator == 1 else 4)
    return f"{plain} {kind.unit}".strip()


def _decimal(value: Fraction, digits: int) -> str:
    scaled = round(value * 10**digits)
    whole, rest = divmod(abs(scaled), 10**digits)
    sign = "-" if scaled < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def _leaf(leaf: Leaf) -> TraceLeaf:
    node = leaf.node
    private = not PRIVATE.isdisjoint(facts_of(node))
    if not isinstance(node, Compare):
        inner = getattr(node, "item", node)
        actual = HIDDEN if private and leaf.left is not None else shown(leaf.left, inner.kind)
        return TraceLeaf(show(node), actual, shown_word(leaf.right), leaf.holds, "")
    kind = node.left.kind
    actual = HIDDEN if private and leaf.left is not None else shown(leaf.left, kind)
    expected = HIDDEN if private and leaf.right is not None else shown(leaf.right, kind)
    distance = "" if private else _distance(leaf, kind, node.op)
    return TraceLeaf(show(node), actual, expected, leaf.holds, distance)


def shown_word(word: Any) -> str:
    """Return the word of a list that a text contains; lists are no personal data."""
    return "" if word is None else str(word)


def _distance(leaf: Leaf, kind: Kind, op: str) -> str:
    """Return how far a number is from its threshold, e.g. ``12.00 CNY below the limit``."""
    if kind.base is not Base.NUMBER or leaf.left is None or leaf.right is None or op in "==!=":
        return ""
    gap = Fraction(leaf.left) - Fraction(leaf.right)
    if gap == 0:
        return "exactly at the limit"
    side = "above" if gap > 0 else "below"
    return f"{shown(abs(gap), kind)} {side} the limit"
