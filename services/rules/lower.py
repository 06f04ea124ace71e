"""Lowers a rulebook to the subset of durable-rules that is known to be right.

The engine sees whole numbers only and is asked for conjunctions of ``atom op literal`` and
``atom op atom``. Everything else (``or``, ``not``, text, lists, patterns, lines, arithmetic)
becomes a feature, computed once per order and shared by the rules that mention it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.rules.kinds import MOST_NUMBER, Base
from services.rules.program import Atom, Program, ProgramRule
from services.rules.sharding import shards
from services.rules.tree import And, Compare, Const, Fact, Node, Not, OverLines

if TYPE_CHECKING:
    from services.rules.rulebook import Rulebook

_ENGINE_OP = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One engine condition: atom `key` `op` the number `value` or the atom `other`."""

    key: str
    op: str
    value: int = 0
    other: str = ""

    def engine(self) -> dict[str, Any]:
        """Return it as durable-rules reads it."""
        right: Any = {"$m": self.other} if self.other else self.value
        return {self.key: right} if self.op == "==" else {_ENGINE_OP[self.op]: {self.key: right}}


def lower(rulebook: Rulebook) -> Program:
    """Return the program of all active and shadow rules of `rulebook`."""
    atoms = _Atoms()
    lowered: list[tuple[Condition, ...]] = []
    for rule in rulebook.evaluated:
        parts = rule.when.parts if isinstance(rule.when, And) else (rule.when,)
        lowered.append(tuple(dict.fromkeys(atoms.condition(part) for part in parts)))
    rules = tuple(
        ProgramRule(
            id=rule.id,
            when=rule.when,
            keys=frozenset(c.key for c in conditions) | {c.other for c in conditions if c.other},
            sources=sources,
        )
        for rule, conditions, sources in zip(
            rulebook.evaluated, lowered, rulebook.sources, strict=True
        )
    )
    common = Counter(c for conditions in lowered for c in conditions)
    return Program(rulebook.hash, rules, atoms.all(), shards(lowered, common))


@dataclass(slots=True)
class _Atoms:
    """Gives each distinct fact and feature one key, and each compared text one code."""

    keys: dict[Node, str] = field(default_factory=dict)
    codes: dict[Node, dict[str, int]] = field(default_factory=dict)

    def all(self) -> tuple[Atom, ...]:
        return tuple(
            Atom(key, node, tuple(self.codes.get(node, ()))) for node, key in self.keys.items()
        )

    def key(self, node: Node) -> str:
        return self.keys.setdefault(node, f"a{len(self.keys)}")

    def condition(self, node: Node) -> Condition:
        if isinstance(node, Not) and isinstance(node.part, Fact):
            return Condition(self.key(node.part), "==", 0)
        if isinstance(node, Compare):
            found = self._native(node)
            if found is not None:
                return found
        return Condition(self.key(node), "==", 1)

    def _native(self, node: Compare) -> Condition | None:
        left, right = node.left, node.right
        if not isinstance(left, Fact | OverLines):
            return None
        if isinstance(right, Const) and isinstance(right.value, str):
            codes = self.codes.setdefault(left, {})
            code = codes.setdefault(right.value, len(codes))
            return Condition(self.key(left), node.op, code)
        numeric = left.kind.base is Base.NUMBER and left.kind.whole
        if numeric and isinstance(right, Const) and isinstance(right.value, int):
            return Condition(self.key(left), node.op, right.value)
        if numeric and isinstance(left, Fact) and isinstance(right, Fact) and right.kind.whole:
            return Condition(self.key(left), node.op, other=self.key(right))
        return None


def clamped(value: int) -> int:
    """Return `value` within the engine's numbers; comparison with a literal is unchanged.

    Literals are strictly inside ±2^62, so a sum beyond it compares like 2^62 itself.
    """
    return max(-MOST_NUMBER, min(MOST_NUMBER, value))
