"""What a rulebook becomes for the engine: plain data, sent whole to the worker process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from services.rules.tree import Node

MATCHED_AT_ONCE = 60  # first conditions of a shard that one order may match; over 64 fails
DISTINCT_CONDITIONS = 400  # of a shard; 512 under one node hang
RULES_ON_ONE_CONDITION = 200  # 256 crash


@dataclass(frozen=True, slots=True)
class Atom:
    """One whole number the engine sees, under the name `key`.

    `node` is a fact or a feature. A text fact is sent as its place in `codes`, -1 for any other
    text; truth is sent as 0 or 1; a number stays itself.
    """

    key: str
    node: Node
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shard:
    """One ruleset of the engine; skipped when atom `guard` is not `guard_value`.

    `definition` maps a rule's key to its engine definition; `keys` are the atoms it reads.
    """

    definition: dict[str, Any]
    keys: tuple[str, ...]
    guard: str = ""
    guard_value: int = 0


@dataclass(frozen=True, slots=True)
class ProgramRule:
    """One rule as the worker knows it: its tree, and the atoms it depends on."""

    id: str
    when: Node
    keys: frozenset[str]
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class Program:
    """A lowered rulebook. Rule i of `rules` is called ``r{i}`` in the shards."""

    hash: str
    rules: tuple[ProgramRule, ...]
    atoms: tuple[Atom, ...]
    shards: tuple[Shard, ...]
