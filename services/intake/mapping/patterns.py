"""Patterns of a mapping file: RE2, so that no payload can make one run for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import re2

if TYPE_CHECKING:
    from collections.abc import Callable

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 8 << 20


def compile_pattern(pattern: str) -> Any:
    """Return the compiled `pattern`; ValueError where it is none."""
    if len(pattern) > 1_000:
        raise ValueError("a pattern has at most 1,000 characters")
    try:
        return re2.compile(pattern, _OPTIONS)
    except re2.error as error:
        said = error.args[0] if error.args else error
        raise ValueError(said.decode() if isinstance(said, bytes) else str(said)) from None


def full_matcher(pattern: str) -> Callable[[str], bool]:
    """Return whether a text as a whole matches `pattern`."""
    compiled = compile_pattern(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def extractor(pattern: str) -> Callable[[str], str | None]:
    """Return the first group of `pattern` in a text, `None` where it does not match."""
    compiled = compile_pattern(pattern)
    if compiled.groups != 1:
        raise ValueError("a pattern to extract with has exactly one group in brackets")

    def extract(text: str) -> str | None:
        match = compiled.search(text)
        return None if match is None else match.group(1)

    return extract
