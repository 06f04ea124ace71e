"""The untyped tree a `when` expression is read into, before names and units are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true or false."""

    value: Decimal | str | bool
    offset: int


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name: a fact, a parameter or a list."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Array:
    """Values between square brackets."""

    items: tuple[Syntax, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Unary:
    """``not x`` or ``-x``."""

    op: str
    operand: Syntax
    offset: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands; `offset` is the operator's."""

    op: str
    left: Syntax
    right: Syntax
    offset: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied to arguments."""

    function: str
    arguments: tuple[Syntax, ...]
    offset: int


Syntax = Literal | Name | Array | Unary | Binary | Call
