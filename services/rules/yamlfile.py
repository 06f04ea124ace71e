"""Strict YAML 1.2 with a position on every node.

Built on the parser's events: numbers stay exact (`Decimal`, never float), and what makes YAML
dangerous or surprising (aliases, tags, merge keys, several documents, repeated keys) is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from services.rules.problems import Position, Problem, RulebookError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 256 * 1024
MOST_NODES = 30_000
MOST_DEPTH = 12
MOST_SCALAR = 8_000  # characters

_INT = re.compile(r"[-+]?[0-9]+\Z")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)\Z")
_ODD_NUMBER = re.compile(
    r"[-+]?(?:[0-9][0-9.]*[eE][-+]?[0-9]+|\.(?:inf|Inf|INF)|0[xo][0-9a-fA-F]+)\Z|\.(?:nan|NaN|NAN)\Z"
)
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = {"", "~", "null", "Null", "NULL"}
_INT64 = 2**63

type_name = {str: "text", int: "a whole number", Decimal: "a decimal", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value; `start` is the index of its first character in the file."""

    value: str | int | Decimal | bool | None
    at: Position
    start: int = 0


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    items: tuple[Node, ...]
    at: Position


@dataclass(frozen=True, slots=True)
class Entries:
    """A YAML mapping: key to (position of the key, value)."""

    entries: dict[str, tuple[Position, Node]]
    at: Position


Node = Scalar | Items | Entries


def read_text(file: str, content: bytes) -> str:
    """Return `content` as text; raise `RulebookError` when it is too large or not UTF-8."""
    if len(content) > MOST_BYTES:
        raise _error(Position(file), f"{len(content)} bytes; a rule file has at most {MOST_BYTES}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        begin = content.rfind(b"\n", 0, error.start) + 1
        column = len(content[begin : error.start].decode("utf-8", "replace")) + 1
        bad = content[error.start]
        raise _error(Position(file, line, column), f"not UTF-8: byte 0x{bad:02x}") from None


def read_yaml(file: str, text: str) -> Node:
    """Return the one document in `text`.

    Raises
    ------
    RulebookError
        With one problem, at the place where reading had to stop.
    """
    try:
        return _Composer(file, YAML(typ="safe", pure=True).parse(text)).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)
        raise _error(at, f"not YAML: {error.problem or error.context}") from None
    except (YAMLError, ValueError) as error:
        if isinstance(error, RulebookError):
            raise
        said = str(error).partition("\n")[0]
        raise _error(Position(file), f"not YAML: {said}") from None


def _error(at: Position, message: str) -> RulebookError:
    return RulebookError([Problem(at, message)])


class _Composer:
    """Turns events into nodes; recursion is bounded by `MOST_DEPTH`."""

    def __init__(self, file: str, events: Iterator[Event]) -> None:
        self._file = file
        self._events = events
        self._nodes = 0

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if event.version or event.tags:
                    raise _error(self._at(event), "YAML directives are not allowed")
                if root is not None:
                    raise _error(self._at(event), "a rule file holds one YAML document")
            elif isinstance(
                event, (ScalarEvent, SequenceStartEvent, MappingStartEvent, AliasEvent)
            ):
                root = self._node(event, 0)
        return root if root is not None else Scalar(None, Position(self._file))

    def _at(self, event: Event) -> Position:
        mark = event.start_mark
        return Position(self._file, mark.line + 1, mark.column + 1)

    def _node(self, event: Event, depth: int) -> Node:
        at = self._at(event)
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise _error(at, f"more than {MOST_NODES} values in one file")
        if depth > MOST_DEPTH:
            raise _error(at, f"nested deeper than {MOST_DEPTH} levels")
        if isinstance(event, AliasEvent):
            raise _error(at, "aliases (*name) are not allowed; write the value out")
        if getattr(event, "anchor", None) is not None:
            raise _error(at, "anchors (&name) are not allowed; write the value out")
        tag = getattr(event, "ctag", None)
        if tag is not None and str(tag) not in {"None", ""}:
            raise _error(at, f"tags are not allowed: {str(tag)[:60]}")
        if isinstance(event, ScalarEvent):
            return self._scalar(event, at)
        if isinstance(event, SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self._events), SequenceEndEvent):
                items.append(self._node(inner, depth + 1))
            return Items(tuple(items), at)
        return self._entries(at, depth)

    def _entries(self, at: Position, depth: int) -> Entries:
        entries: dict[str, tuple[Position, Node]] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar) or not isinstance(key.value, str):
                raise _error(key.at, "a key must be text")
            if key.value == "<<":
                raise _error(key.at, "merge keys (<<) are not allowed")
            if key.value in entries:
                first = entries[key.value][0].line
                raise _error(
                    key.at, f'key "{key.value[:60]}" is given twice (first in line {first})'
                )
            entries[key.value] = (key.at, self._node(next(self._events), depth + 1))
        return Entries(entries, at)

    def _scalar(self, event: ScalarEvent, at: Position) -> Scalar:
        text: str = event.value
        if len(text) > MOST_SCALAR:
            raise _error(at, f"a value of {len(text)} characters; at most {MOST_SCALAR}")
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise _error(at, "half of a surrogate pair is no character")
        start = event.start_mark.index
        if event.style:  # quoted or block: text whatever it looks like
            return Scalar(text, at, start)
        return Scalar(_plain(text, at), at, start)


def _plain(text: str, at: Position) -> str | int | Decimal | bool | None:
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.match(text):
        if len(text) > 19 or abs(int(text)) >= _INT64:
            raise _error(at, f"number {text[:24]}… is outside 64 bits")
        return int(text)
    if _DECIMAL.match(text):
        if len(text) > 24:
            raise _error(at, f"number {text[:24]}… has too many digits")
        return Decimal(text)
    if _ODD_NUMBER.match(text):
        raise _error(at, f"write {text[:24]} as a plain decimal number, or quote it as text")
    return text
