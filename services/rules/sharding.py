"""Cuts lowered rules into rulesets the engine can bear."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from services.rules.program import (
    DISTINCT_CONDITIONS,
    MATCHED_AT_ONCE,
    RULES_ON_ONE_CONDITION,
    Shard,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.rules.lower import Condition

    Rule = tuple[int, tuple[Condition, ...]]  # index in the program, conditions


def shards(
    lowered: Sequence[tuple[Condition, ...]], common: Counter[Condition]
) -> tuple[Shard, ...]:
    """Return shards that together hold every rule once.

    Rules that share an equality with a constant go together under it as guard: an order that fails
    it skips them all. A group that outgrows the engine's limits is cut further.
    """
    groups: dict[Condition | None, list[Rule]] = {}
    for index, conditions in enumerate(lowered):
        guard = _guard(conditions, common)
        kept = tuple(c for c in conditions if c != guard) or conditions
        # The commonest condition first: nodes of the network are shared from the left.
        ordered = tuple(sorted(kept, key=lambda c: (-common[c], c.key, c.op, c.value, c.other)))
        groups.setdefault(guard, []).append((index, ordered))
    return tuple(
        _shard(chunk, guard) for guard, rules in groups.items() for chunk in _chunks(rules)
    )


def _guard(conditions: Iterable[Condition], common: Counter[Condition]) -> Condition | None:
    """Return the equality most rules share, if at least two do."""
    equalities = [c for c in conditions if c.op == "==" and not c.other and common[c] > 1]
    if not equalities:
        return None
    return max(equalities, key=lambda c: (common[c], c.key, c.value))


def _chunks(rules: list[Rule]) -> Iterable[list[Rule]]:
    chunk: list[Rule] = []
    first: Counter[Condition] = Counter()
    distinct: Counter[Condition] = Counter()
    for rule in sorted(rules, key=lambda r: (str(r[1][0]), r[0])):
        conditions = rule[1]
        grown = distinct + Counter(conditions)
        full = (
            len(first.keys() | {conditions[0]}) > MATCHED_AT_ONCE
            or len(chunk) >= MATCHED_AT_ONCE
            or len(grown) > DISTINCT_CONDITIONS
            or max(grown.values()) > RULES_ON_ONE_CONDITION
        )
        if full and chunk:
            yield chunk
            chunk, first, grown = [], Counter(), Counter(conditions)
        chunk.append(rule)
        first[conditions[0]] += 1
        distinct = grown
    if chunk:
        yield chunk


def _shard(rules: list[Rule], guard: Condition | None) -> Shard:
    definition = {}
    keys: set[str] = set()
    for index, conditions in rules:
        parts = [c.engine() for c in conditions]
        definition[f"r{index}"] = {"all": [{"m": parts[0] if len(parts) == 1 else {"$and": parts}}]}
        keys.update(c.key for c in conditions)
        keys.update(c.other for c in conditions if c.other)
    if guard is None:
        return Shard(definition, tuple(sorted(keys)))
    return Shard(definition, tuple(sorted(keys)), guard.key, guard.value)
