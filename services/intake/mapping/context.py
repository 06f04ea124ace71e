"""What every part of a mapping file is compiled with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from services.intake.mapping.paths import Path, compile_path
from services.intake.mapping.patterns import extractor, full_matcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from services.intake.mapping.problems import Mark, Problems
    from services.intake.mapping.section import Section
    from services.intake.mapping.yamltree import Tree


F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Context:
    """The channel's own settings, and where problems are noted.

    Attributes
    ----------
    absent
        Texts which mean that there is no value.
    zone
        Of times without an offset.
    columns
        Names of the declared columns, where the channel declares any: a path of the order or
        of a line then begins with one of them.
    """

    problems: Problems
    absent: frozenset[str]
    zone: ZoneInfo
    columns: frozenset[str] = frozenset()

    def path(self, text: str, mark: Mark, *, each: bool = False) -> Path | None:
        """Return the path in `text`, noting what is wrong with it; `each` allows `[]` in it."""
        try:
            path = compile_path(text, self.absent)
        except ValueError as error:
            self.problems.add(mark, str(error))
            return None
        if path.iterates and not each:
            self.problems.add(mark, f'"{text}": [] stands only in a sum')
            return None
        first = path.steps[0]
        if self.columns and not path.from_root and first not in self.columns:
            self.problems.add(mark, f'"{first}" is not among the columns')
            return None
        return path

    def path_of(self, tree: Tree, *, each: bool = False) -> Path | None:
        """Return the path written at `tree`."""
        if not isinstance(tree.value, str):
            self.problems.add(tree.mark, "a path is text")
            return None
        return self.path(tree.value, tree.mark, each=each)

    def pattern(self, section: Section, key: str) -> Callable[[str], bool] | None:
        """Return whether a whole text matches the pattern under `key`; `None` where absent."""
        return self._compiled(section, key, full_matcher)

    def extract(self, section: Section, key: str) -> Callable[[str], str | None] | None:
        """Return what the pattern under `key` takes from a text; `None` where absent."""
        return self._compiled(section, key, extractor)

    def _compiled(self, section: Section, key: str, make: Callable[[str], F]) -> F | None:
        text = section.text(key)
        if not text:
            return None
        try:
            return make(text)
        except ValueError as error:
            self.problems.add(section.mark_of(key), f'"{key}" is no RE2 pattern: {error}')
            return None
