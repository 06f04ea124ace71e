"""Conditions of a mapping file: `when: {StockCode: {matches: "C.*"}, Quantity: {below: 0}}`.

All entries must hold. Text is compared without regard to case.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from services.intake.mapping.reasons import Fault
from services.intake.mapping.section import Section
from services.intake.mapping.values import decimal_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.intake.mapping.context import Context
    from services.intake.mapping.problems import Mark
    from services.intake.mapping.yamltree import Tree

    Getter = Callable[[Any, Any], Any]
    Test = Callable[[Any], bool]

TESTS = ("is", "is_not", "matches", "missing", "below", "above", "equals")
MOST_NUMBER = 10**15


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold; called with (scope, root).

    Attributes
    ----------
    holds
        All of it.
    single
        What is read, its name and the test, where the condition asks one thing only.
    names
        Everything it reads.
    """

    holds: Callable[[Any, Any], bool]
    single: tuple[Getter, str, Test] | None
    names: tuple[str, ...]

    def __call__(self, here: Any, root: Any) -> bool:
        """Return whether it holds."""
        return self.holds(here, root)


def compile_condition(
    tree: Tree | None,
    context: Context,
    getter_of: Callable[[str, Mark], Getter | None] | None = None,
) -> Condition | None:
    """Return whether the condition at `tree` holds for (scope, root); `None` where absent.

    Parameters
    ----------
    getter_of
        How a name in the condition is read; unset: it is a path of the payload.
    """
    if tree is None:
        return None
    section = Section(tree, context.problems, '"when"')
    parts: list[Callable[[Any, Any], bool]] = []
    singles: list[tuple[Getter, str, Test]] = []
    for name, mark in section.marks():
        value = section.tree(name)
        getter = _path_getter(name, mark, context) if getter_of is None else getter_of(name, mark)
        test = None if value is None else _test(value, context)
        if value is None:
            context.problems.add(mark, f'"{name}" needs a test: one of {", ".join(TESTS)}')
        if getter is not None and test is not None:
            parts.append(_part(name, getter, test))
            singles.append((getter, name, test))
    if not parts:
        return None
    if len(parts) == 1:
        return Condition(parts[0], singles[0], (singles[0][1],))
    names = tuple(name for _, name, _ in singles)
    return Condition(lambda here, root: all(part(here, root) for part in parts), None, names)


def _path_getter(name: str, mark: Mark, context: Context) -> Getter | None:
    path = context.path(name, mark)
    return None if path is None else path.get


def _part(name: str, getter: Getter, test: Test) -> Callable[[Any, Any], bool]:
    def holds(here: Any, root: Any) -> bool:
        raw = getter(here, root)
        try:
            return test(raw)
        except Fault as fault:
            fault.path = name
            raise

    return holds


def _test(tree: Tree, context: Context) -> Test | None:
    if not isinstance(tree.value, dict):
        return _is_one_of(_words(tree, context))
    section = Section(tree, context.problems, "a test")
    tests: list[Test | None] = []
    for name in ("is", "is_not"):
        words = section.tree(name)
        if words is not None:
            is_one = _is_one_of(_words(words, context))
            tests.append(is_one if name == "is" else _not(is_one))
    matches = context.pattern(section, "matches")
    if matches is not None:
        tests.append(_matches(matches))
    if "missing" in section:
        wanted = section.flag("missing", default=True)
        tests.append(lambda raw: (raw is None) is wanted)
    for name in ("below", "above", "equals"):
        limit = section.whole(name, -MOST_NUMBER, MOST_NUMBER)
        if limit is not None:
            tests.append(_compared(name, Decimal(limit)))
    section.close(TESTS)
    found = [test for test in tests if test is not None]
    if not found:
        context.problems.add(tree.mark, f"a test is one of {', '.join(TESTS)}")
        return None
    return found[0] if len(found) == 1 else lambda raw: all(test(raw) for test in found)


def _words(tree: Tree, context: Context) -> frozenset[str]:
    items = tree.value if isinstance(tree.value, list) else [tree]
    words = set()
    for item in items:
        if isinstance(item.value, (dict, list)) or item.value is None:
            context.problems.add(item.mark, "a text or a number is expected")
        else:
            words.add(str(item.value).casefold())
    return frozenset(words)


def _is_one_of(words: frozenset[str]) -> Test:
    def holds(raw: Any) -> bool:
        if type(raw) is str:
            return raw.casefold() in words
        return raw is not None and str(raw).casefold() in words

    return holds


def _not(test: Test) -> Test:
    return lambda raw: not test(raw)


def _matches(matches: Callable[[str], bool]) -> Test:
    return lambda raw: raw is not None and matches(text_of(raw))


def _compared(name: str, limit: Decimal) -> Test:
    if name == "below":
        return lambda raw: raw is not None and decimal_of(raw) < limit
    if name == "above":
        return lambda raw: raw is not None and decimal_of(raw) > limit
    return lambda raw: raw is not None and decimal_of(raw) == limit
