"""The typed tree of a `when` expression: what every evaluator works on.

Trees are data: frozen, hashable (equal sub-expressions are computed once), picklable. Every name is
resolved: parameters are constants, lists are carried whole with their expiry dates.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from services.rules.kinds import BOOL, INT, Kind, Value

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Const:
    """A literal or a parameter, in the smallest unit; `shown` is how the author wrote it."""

    value: Value
    kind: Kind
    shown: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the order, or of the line at hand when `per_line`."""

    name: str
    kind: Kind
    per_line: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left op right` on numbers; op is one of ``+ - * / %``. Division by zero is unknown."""

    op: str
    left: Node
    right: Node
    kind: Kind


@dataclass(frozen=True, slots=True)
class Compare:
    """`left op right`; op is one of ``== != < <= > >=``; both sides have one unit."""

    op: str
    left: Node
    right: Node
    kind: Kind = BOOL


@dataclass(frozen=True, slots=True)
class WordList:
    """A list from `lists/`: (value, last day as ordinal or None) in file order."""

    name: str
    entries: tuple[tuple[Value, int | None], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """`item in list`: the item equals an entry that has not expired on the decision's day."""

    item: Node
    table: WordList
    kind: Kind = BOOL


@dataclass(frozen=True, slots=True)
class Words:
    """`words(item, list)`: the text contains an entry that has not expired."""

    item: Node
    table: WordList
    kind: Kind = BOOL


@dataclass(frozen=True, slots=True)
class Matches:
    """`matches(item, pattern)`: RE2 finds `pattern` somewhere in the text."""

    item: Node
    pattern: str
    kind: Kind = BOOL


@dataclass(frozen=True, slots=True)
class Not:
    """Negation; not unknown is unknown."""

    part: Node
    kind: Kind = BOOL


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction: false when any part is, else unknown when any part is."""

    parts: tuple[Node, ...]
    kind: Kind = BOOL


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction: true when any part is, else unknown when any part is."""

    parts: tuple[Node, ...]
    kind: Kind = BOOL


@dataclass(frozen=True, slots=True)
class OverLines:
    """`any`, `all`, `count` or `sum` of `body` over the order's lines."""

    op: str
    body: Node
    kind: Kind = INT


Node = (
    Const | Fact | Arithmetic | Compare | Member | Words | Matches | Not | And | Or | OverLines
)  # fmt: skip


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and everything below it, parents first."""
    yield node
    for slot in fields(node):
        below = getattr(node, slot.name)
        if isinstance(below, Node):
            yield from walk(below)
        elif isinstance(node, And | Or) and slot.name == "parts":
            for part in below:
                yield from walk(part)


def facts_of(node: Node) -> frozenset[str]:
    """Return the names of the order facts `node` reads; line facts count as ``lines``."""
    found = set()
    for each in walk(node):
        if isinstance(each, Fact):
            found.add(f"line.{each.name}" if each.per_line else each.name)
        elif isinstance(each, OverLines):
            found.add("lines")
    return frozenset(found)


def show(node: Node) -> str:  # noqa: PLR0911  # one return for each kind of node
    """Return `node` as an expression people can read."""
    match node:
        case Const():
            return node.shown
        case Fact():
            return node.name
        case Arithmetic() | Compare():
            return f"{_inner(node.left)} {node.op} {_inner(node.right)}"
        case Member():
            return f"{_inner(node.item)} in {node.table.name}"
        case Words():
            return f"words({show(node.item)}, {node.table.name})"
        case Matches():
            return f'matches({show(node.item)}, "{node.pattern}")'
        case Not():
            return f"not {_inner(node.part)}"
        case And():
            return " and ".join(map(_inner, node.parts))
        case Or():
            return " or ".join(map(_inner, node.parts))
        case OverLines():
            return f"{node.op}(lines, {show(node.body)})"


def _inner(node: Node) -> str:
    bracketed = isinstance(node, Arithmetic | Compare | And | Or | Not | Member)
    return f"({show(node)})" if bracketed else show(node)
