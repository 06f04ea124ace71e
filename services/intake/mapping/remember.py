"""Answers kept for texts that come again and again: prices, codes, words of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_REMEMBERED = 20_000  # answers of one function; beyond, it begins anew
LONGEST = 64  # characters; longer texts hardly come twice

T = TypeVar("T")


def remembered(function: Callable[[Any], T]) -> Callable[[Any], T]:
    """Return `function`, which depends on its argument alone, answering texts from memory.

    Faults are not kept. Never for personal data, which must not stay in memory.
    """
    known: dict[str, T] = {}

    def ask(raw: Any) -> T:
        if type(raw) is not str:
            return function(raw)
        try:
            return known[raw]
        except KeyError:
            answer = function(raw)
        if len(raw) <= LONGEST:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            known[raw] = answer
        return answer

    return ask
