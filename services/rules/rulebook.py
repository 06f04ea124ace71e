"""The rulebook in memory: frozen, typed, known by the hash of its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from services.rules.registry import (
    FEATURE_PREFIX,
    LINE_FACTS,
    ORDER_FACTS,
    PRESENCE,
    PRIVATE,
    SOURCES,
)
from services.rules.tree import Const, Node, WordList, facts_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from services.rules.kinds import Value
    from services.rules.problems import Position
    from services.rules.rates import Rates
    from services.rules.velocity import Feature

DECISIONS = ("pass", "review", "hold", "freeze", "reject")
"""The lattice, weakest first: the strongest decision of all hits stands."""

STAGES = ("draft", "shadow", "active", "retired")
ENGINE_FAULT = "ENGINE_FAULT"
FACT_MISSING = "FACT_MISSING"
SYSTEM_REASONS = (ENGINE_FAULT, FACT_MISSING)
DEFAULT_CHANNEL = "default"
SEVERITIES = ("low", "medium", "high", "critical")

_SOURCE_OF = {spec.name: spec.source for spec in ORDER_FACTS} | {
    f"line.{spec.name}": spec.source for spec in LINE_FACTS
}


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in Chinese and English."""

    zh: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an order is stopped, and what to do about it."""

    code: str
    text: Bilingual
    sop: Bilingual
    queue: str
    severity: str
    owner: str


@dataclass(frozen=True, slots=True)
class Channel:
    """What a channel does not provide: `without` never, `optional` perhaps, order by order."""

    name: str = DEFAULT_CHANNEL
    without: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Effect:
    """An instruction for a later step; `value` is a flag, a text or minor units by `kind`."""

    kind: str
    value: bool | int | str


@dataclass(frozen=True, slots=True)
class Then:
    """What a hit means."""

    decision: str
    reason: str
    score: int
    suggest: Bilingual
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class InlineTest:
    """An example in the rule file; `given` overrides facts of the harmless example order."""

    name: str
    given: tuple[tuple[str, Value | None], ...]
    lines: tuple[tuple[tuple[str, Value | None], ...], ...] | None
    expect: str
    at: Position


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, typed and resolved. `when` is the tree, `source` the author's text."""

    id: str
    title: Bilingual
    owner: str
    stage: str
    priority: int
    effective_from: date | None
    effective_to: date | None
    source: str
    when: Node
    then: Then
    tests: tuple[InlineTest, ...]
    at: Position

    def effective_on(self, day: date) -> bool:
        """Say whether the rule is in force on `day` (both ends included)."""
        began = self.effective_from is None or self.effective_from <= day
        return began and (self.effective_to is None or day <= self.effective_to)


@dataclass(frozen=True)
class Rulebook:
    """One version of the rules with everything they refer to."""

    hash: str
    rules: tuple[Rule, ...]  # by priority, then id
    params: tuple[tuple[str, Const], ...]
    lists: tuple[WordList, ...]
    reasons: tuple[Reason, ...]
    features: tuple[Feature, ...]
    channels: tuple[Channel, ...]
    rates: Rates

    @cached_property
    def evaluated(self) -> tuple[Rule, ...]:
        """The rules that run: active ones decide, shadow ones are recorded."""
        return tuple(rule for rule in self.rules if rule.stage in {"active", "shadow"})

    @cached_property
    def sources(self) -> tuple[frozenset[str], ...]:
        """The sources of facts that each evaluated rule needs."""
        return tuple(self.sources_of(rule.when) for rule in self.evaluated)

    @cached_property
    def private(self) -> tuple[tuple[Rule, frozenset[str]], ...]:
        """The evaluated rules that read personal facts, with the sources each needs."""
        return tuple(
            (rule, sources)
            for rule, sources in zip(self.evaluated, self.sources, strict=True)
            if not PRIVATE.isdisjoint(facts_of(rule.when))
        )

    @cached_property
    def _reason(self) -> dict[str, Reason]:
        return {reason.code: reason for reason in self.reasons}

    def reason(self, code: str) -> Reason:
        """Return the reason called `code`; a loaded rulebook has all its rules use."""
        return self._reason[code]

    @cached_property
    def _channel(self) -> dict[str, Channel]:
        return {channel.name: channel for channel in self.channels}

    def absent_sources(self, facts: Mapping[str, object]) -> frozenset[str]:
        """Return the sources of facts that an order with `facts` is not expected to have.

        Those its channel never provides, and those the channel may leave out and this order does.
        """
        known = self._channel
        channel = known.get(str(facts.get("channel", "")), known.get(DEFAULT_CHANNEL, Channel()))
        lacking = {source for source in channel.optional if PRESENCE[source] not in facts}
        return channel.without | lacking

    def sources_of(self, node: Node) -> frozenset[str]:
        """Return the sources of all facts `node` reads."""
        found: set[str] = set()
        for name in facts_of(node):
            if name.startswith(FEATURE_PREFIX):
                found |= self.feature(name.removeprefix(FEATURE_PREFIX)).sources
            elif name != "lines":
                found.add(_SOURCE_OF[name])
        return frozenset(found) & frozenset(SOURCES)

    def feature(self, name: str) -> Feature:
        """Return the velocity feature called `name`."""
        return next(feature for feature in self.features if feature.name == name)


def content_hash(files: Mapping[str, bytes]) -> str:
    """Return the version of a set of files: equal for equal names and bytes, in any order."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()
