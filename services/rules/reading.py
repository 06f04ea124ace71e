"""Reads mappings of a rule file field by field, noting every problem instead of stopping at one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from services.rules.problems import did_you_mean
from services.rules.yamlfile import Entries, Items, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.rules.problems import Position, Problems


class Record:
    """One mapping; asking for a key says that it is known, `close` complains about the rest."""

    def __init__(self, node: Node, problems: Problems, what: str) -> None:
        self.at = node.at
        self.what = what
        self.problems = problems
        self._asked: set[str] = set()
        self._entries: dict[str, tuple[Position, Node]] = {}
        if isinstance(node, Entries):
            self._entries = node.entries
        else:
            problems.add(node.at, f"{what} must be a mapping")

    def close(self) -> None:
        """Report keys nobody asked for."""
        for key, (at, _) in self._entries.items():
            if key not in self._asked:
                hint = did_you_mean(key, self._asked)
                self.problems.add(at, f'{self.what} has no field "{key[:60]}"{hint}')

    def where(self, key: str) -> Position:
        """Return where the value of `key` stands, or the record when it is absent."""
        found = self._entries.get(key)
        return found[1].at if found else self.at

    def node(self, key: str, *, required: bool = True) -> Node | None:
        """Return the node of `key`; an explicit null counts as absent."""
        self._asked.add(key)
        found = self._entries.get(key)
        if found is None or (isinstance(found[1], Scalar) and found[1].value is None):
            if required:
                self.problems.add(found[0] if found else self.at, f"{self.what} needs {key}")
            return None
        return found[1]

    def scalar(self, key: str, *, required: bool = True) -> Scalar | None:
        """Return the single value of `key`."""
        node = self.node(key, required=required)
        if node is None or isinstance(node, Scalar):
            return node
        self.problems.add(node.at, f"{key} must be a single value")
        return None

    def text(self, key: str, *, required: bool = True, most: int = 500) -> str:
        """Return the text of `key`, "" when absent or wrong."""
        scalar = self.scalar(key, required=required)
        if scalar is None:
            return ""
        if not isinstance(scalar.value, str):
            self.problems.add(scalar.at, f"{key} must be text; quote it")
            return ""
        if required and not scalar.value.strip():
            self.problems.add(scalar.at, f"{key} is empty")
        if len(scalar.value) > most:
            self.problems.add(scalar.at, f"{key} has more than {most} characters")
            return ""
        return scalar.value.strip()

    def one_of(self, key: str, words: Iterable[str], default: str | None = None) -> str:
        """Return the text of `key`, which must be one of `words`."""
        known = list(words)
        value = self.text(key, required=default is None)
        if not value:
            return default or known[0]
        if value not in known:
            hint = did_you_mean(value, known) or f"; it is one of {', '.join(known[:12])}"
            self.problems.add(self.where(key), f'{key} "{value[:60]}" is unknown{hint}')
            return known[0]
        return value

    def whole(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """Return the whole number of `key` within [least, most]."""
        scalar = self.scalar(key, required=default is None)
        fallback = least if default is None else default
        if scalar is None:
            return fallback
        if type(scalar.value) is not int:
            self.problems.add(scalar.at, f"{key} must be a whole number")
            return fallback
        if not least <= scalar.value <= most:
            self.problems.add(scalar.at, f"{key} must be between {least} and {most}")
            return fallback
        return scalar.value

    def number(self, key: str, *, required: bool = True) -> Decimal | None:
        """Return the number of `key`, exact."""
        scalar = self.scalar(key, required=required)
        if scalar is None:
            return None
        if type(scalar.value) is int or isinstance(scalar.value, Decimal):
            return Decimal(scalar.value)
        self.problems.add(scalar.at, f"{key} must be a number")
        return None

    def flag(self, key: str) -> bool:
        """Return the boolean of `key`, false when absent."""
        scalar = self.scalar(key, required=False)
        if scalar is None:
            return False
        if type(scalar.value) is not bool:
            self.problems.add(scalar.at, f"{key} must be true or false")
            return False
        return scalar.value

    def day(self, key: str, *, required: bool = False) -> date | None:
        """Return the date of `key`, written 2026-11-01."""
        value = self.text(key, required=required)
        if not value:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.problems.add(self.where(key), f"{key} must be a date such as 2026-11-01")
            return None

    def record(self, key: str, *, required: bool = True) -> Record | None:
        """Return the mapping of `key`."""
        node = self.node(key, required=required)
        if node is None:
            return None
        if not isinstance(node, Entries):
            self.problems.add(node.at, f"{key} must be a mapping")
            return None
        return Record(node, self.problems, key)

    def pairs(self) -> list[tuple[str, Position, Node]]:
        """Return all entries: key, position of the key, value; all keys count as known."""
        self._asked.update(self._entries)
        return [(key, at, node) for key, (at, node) in self._entries.items()]

    def items(self, key: str, *, required: bool = True) -> tuple[Node, ...]:
        """Return the sequence of `key`."""
        node = self.node(key, required=required)
        if node is None:
            return ()
        if not isinstance(node, Items):
            self.problems.add(node.at, f"{key} must be a list")
            return ()
        return node.items


def sequence(node: Node, problems: Problems, what: str) -> tuple[Node, ...]:
    """Return the items of a file that must be a list."""
    if isinstance(node, Items):
        return node.items
    problems.add(node.at, f"{what} must be a list (lines beginning with -)")
    return ()
