"""An independent evaluator of `when` trees: the oracle, and the source of explanations.

Written apart from `closures` and the engine and sharing none of their code, so that they can
disagree. Kleene's three-valued logic (None is unknown); the leaves are remembered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import re2

from services.rules import tree

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison or test as it came out; `holds` is None when a value was absent.

    `left` and `right` are the values compared; `right` is None for tests without one.
    """

    node: tree.Node
    left: Any
    right: Any
    holds: bool | None


@dataclass(slots=True)
class Evaluation:
    """The value of a condition and the leaves it came from, each leaf once."""

    value: bool | None
    leaves: list[Leaf] = field(default_factory=list)


def evaluate(node: tree.Node, facts: Mapping[str, Any]) -> Evaluation:
    """Return the truth of condition `node` on `facts`, every leaf evaluated."""
    walk = _Walk(facts)
    value = walk.truth(node)
    return Evaluation(value, walk.leaves)


def passing_line(node: tree.OverLines, facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the first line for which the body of an `any` is true, `None` where there is none."""
    walk = _Walk(facts)
    return next((line for line in facts.get("lines") or () if walk.true_of(node, line)), None)


class _Walk:
    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = facts
        self._line: Mapping[str, Any] | None = None
        self.leaves: list[Leaf] = []

    def truth(self, node: tree.Node) -> bool | None:
        if isinstance(node, tree.And):
            found = {self.truth(part) for part in node.parts}
            return False if False in found else None if None in found else True
        if isinstance(node, tree.Or):
            found = {self.truth(part) for part in node.parts}
            return True if True in found else None if None in found else False
        if isinstance(node, tree.Not):
            return {True: False, False: True, None: None}[self.truth(node.part)]
        return self._leaf(node)

    def _leaf(self, node: tree.Node) -> bool | None:
        left = right = None
        holds: bool | None
        if isinstance(node, tree.Compare):
            left, right = self.value(node.left), self.value(node.right)
            holds = None if left is None or right is None else _compare(node.op, left, right)
        elif isinstance(node, tree.Member):
            left = self.value(node.item)
            live = [entry for entry, last in node.table.entries if self._live(last)]
            holds = None if left is None else left in live
        elif isinstance(node, tree.Words):
            left = self.value(node.item)
            live = [entry for entry, last in node.table.entries if self._live(last)]
            found = [] if left is None else [word for word in live if left.count(str(word))]
            right = found[0] if found else None
            holds = None if left is None else bool(found)
        elif isinstance(node, tree.Matches):
            left = self.value(node.item)
            holds = None if left is None else bool(re2.findall(node.pattern, left))
        else:
            left = holds = self.value(node)
        if self._line is None:
            self.leaves.append(Leaf(node, left, right, holds))
        return holds

    def value(self, node: tree.Node) -> Any:
        if isinstance(node, tree.Const):
            return node.value
        if isinstance(node, tree.Fact):
            return self._fact(node)
        if isinstance(node, tree.Arithmetic):
            return self._arithmetic(node)
        if isinstance(node, tree.OverLines):
            return self._over_lines(node)
        return self.truth(node)

    def _fact(self, node: tree.Fact) -> Any:
        known = self._line if node.per_line else self._facts
        value = None if known is None else known.get(node.name)
        return value if value is not None and node.kind.admits(value) else None

    def _arithmetic(self, node: tree.Arithmetic) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if left is None or right is None:
            return None
        a, b = Fraction(left), Fraction(right)
        if node.op == "+":
            return a + b
        if node.op == "-":
            return a - b
        if node.op == "*":
            return a * b
        if b == 0:
            return None
        return a / b if node.op == "/" else a - b * (a // b)

    def _over_lines(self, node: tree.OverLines) -> Any:
        lines = self._facts.get("lines")
        if lines is None:
            return None
        values = []
        for line in lines:
            self._line = line
            numeric = node.op == "sum"
            values.append(self.value(node.body) if numeric else self.truth_of(node.body))
        self._line = None
        if node.op == "any":
            return True if True in values else None if None in values else False
        if node.op == "all":
            return False if False in values else None if None in values else True
        if None in values:
            return None
        return sum(values) if node.op == "sum" else sum(1 for value in values if value)

    def true_of(self, node: tree.OverLines, line: Mapping[str, Any]) -> bool:
        self._line = line
        return self.truth_of(node.body) is True

    def truth_of(self, node: tree.Node) -> bool | None:
        return bool(node.value) if isinstance(node, tree.Const) else self.truth(node)

    def _live(self, last: int | None) -> bool:
        return last is None or bool(self._facts["decision.day"] <= last)


def _compare(op: str, left: Any, right: Any) -> bool:
    equal, less = bool(left == right), op not in {"==", "!="} and bool(left < right)
    return {
        "==": equal,
        "!=": not equal,
        "<": less,
        "<=": less or equal,
        ">": not less and not equal,
        ">=": not less,
    }[op]
