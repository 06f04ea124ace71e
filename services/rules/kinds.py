"""Kinds of values: what a fact, a literal or an expression is, and in which unit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

Value = bool | int | Fraction | str
"""A value of the language. Money is a whole number of minor units (fen)."""

MOST_NUMBER = 2**62  # a fact beyond it is no fact; leaves the engine's int64 room on both sides
MINOR_PER_MAJOR = {"CNY": 100}  # literals of these units are written in the major unit


class Base(Enum):
    """The families of values."""

    BOOL = "true or false"
    NUMBER = "a number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of values with its unit, or the words it may take.

    `unit` is "" for a pure number; `whole` says that values are integers in the smallest unit;
    `words` lists the values of an enumerated text, empty for free text.
    """

    base: Base
    unit: str = ""
    whole: bool = True
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.base is Base.NUMBER and self.unit:
            return f"a number in {self.unit}"
        if self.words:
            return "one of " + ", ".join(self.words)
        return self.base.value

    def admits(self, value: object) -> bool:
        """Say whether `value` is a proper value; None, NaN and every float are not."""
        if self.base is Base.BOOL:
            return type(value) is bool
        if self.base is Base.TEXT:
            return type(value) is str
        return type(value) is int and -MOST_NUMBER < value < MOST_NUMBER


BOOL = Kind(Base.BOOL)
INT = Kind(Base.NUMBER)
RATIO = Kind(Base.NUMBER, whole=False)
MONEY = Kind(Base.NUMBER, unit="CNY")
TEXT = Kind(Base.TEXT)


def quantity(unit: str) -> Kind:
    """Return the kind of whole numbers in `unit` ("g", "ml", "s", "m", "bp")."""
    return Kind(Base.NUMBER, unit=unit)


def enumerated(*words: str) -> Kind:
    """Return the kind of texts that are one of `words`."""
    return Kind(Base.TEXT, words=words)
