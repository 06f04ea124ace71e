"""Reads one YAML mapping key by key, noting every problem instead of stopping at one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake.mapping.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from services.intake.mapping.problems import Mark, Problems
    from services.intake.mapping.yamltree import Entry, Tree


class Section:
    """One mapping of the file; `close` complains about keys that nobody asked for."""

    def __init__(self, tree: Tree, problems: Problems, what: str) -> None:
        self.mark = tree.mark
        self.what = what
        self.problems = problems
        self._asked: set[str] = set()
        self._entries: dict[str, Entry] = {}
        if isinstance(tree.value, dict):
            self._entries = tree.value
        else:
            problems.add(tree.mark, f"{what} must be a mapping of keys to values")

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def marks(self) -> Iterator[tuple[str, Mark]]:
        """Yield every key with its place."""
        return ((key, entry.key_mark) for key, entry in self._entries.items())

    def mark_of(self, key: str) -> Mark:
        """Return where the value of `key` stands, else where the section begins."""
        entry = self._entries.get(key)
        return entry.tree.mark if entry else self.mark

    def close(self, known: Iterable[str] = ()) -> None:
        """Note each key that was not asked for; `known` widens what is proposed instead."""
        for key, entry in self._entries.items():
            if key not in self._asked:
                hint = did_you_mean(key, self._asked | set(known))
                self.problems.add(entry.key_mark, f'{self.what} has no "{key[:60]}"{hint}')

    def tree(self, key: str, *, required: bool = False) -> Tree | None:
        """Return the value of `key` as it stands; null counts as absent."""
        self._asked.add(key)
        entry = self._entries.get(key)
        if entry is None or entry.tree.value is None:
            if required:
                self.problems.add(self.mark_of(key), f'{self.what} needs "{key}"')
            return None
        return entry.tree

    def explicit(self, key: str) -> Tree | None:
        """Return the value of `key` even where it is null."""
        self._asked.add(key)
        entry = self._entries.get(key)
        return entry.tree if entry else None

    def text(self, key: str, *, required: bool = False) -> str:
        """Return the text of `key`, empty where absent or wrong."""
        tree = self.tree(key, required=required)
        if tree is None:
            return ""
        if not isinstance(tree.value, str):
            self.problems.add(tree.mark, f'"{key}" must be text; quote it')
            return ""
        return tree.value

    def one_of(self, key: str, words: Iterable[str], default: str = "") -> str:
        """Return the text of `key`, which must be one of `words`; required without a default."""
        known = list(words)
        value = self.text(key, required=not default)
        if value and value not in known:
            hint = did_you_mean(value, known) or f"; it is one of {', '.join(known)}"
            self.problems.add(self.mark_of(key), f'"{key}" cannot be "{value[:60]}"{hint}')
            return default or known[0]
        return value or default

    def whole(self, key: str, least: int, most: int) -> int | None:
        """Return the whole number of `key` within [`least`, `most`]."""
        tree = self.tree(key)
        if tree is None:
            return None
        if type(tree.value) is not int or not least <= tree.value <= most:
            self.problems.add(tree.mark, f'"{key}" must be a whole number from {least} to {most}')
            return None
        return tree.value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return the boolean of `key`."""
        tree = self.tree(key)
        if tree is None:
            return default
        if not isinstance(tree.value, bool):
            self.problems.add(tree.mark, f'"{key}" must be true or false')
            return default
        return tree.value

    def section(self, key: str, *, required: bool = False) -> Section | None:
        """Return the mapping under `key`."""
        tree = self.tree(key, required=required)
        return None if tree is None else Section(tree, self.problems, f'"{key}"')

    def items(self, key: str, *, single: bool = False) -> list[Tree]:
        """Return the list under `key`; with `single`, a lone value counts as a list of one."""
        tree = self.tree(key)
        if tree is None:
            return []
        if isinstance(tree.value, list):
            return tree.value
        if single:
            return [tree]
        self.problems.add(tree.mark, f'"{key}" must be a list')
        return []

    def texts(self, key: str) -> list[str]:
        """Return the texts under `key`: a list, or one alone."""
        found = []
        for item in self.items(key, single=True):
            if isinstance(item.value, str):
                found.append(item.value)
            else:
                self.problems.add(item.mark, f'"{key}" holds text only; quote it')
        return found
