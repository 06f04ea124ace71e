"""Units of numbers: literals take the unit of their neighbour, and units must agree."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from services.rules.kinds import INT, MINOR_PER_MAJOR, MOST_NUMBER, RATIO, Base, Kind
from services.rules.lexer import ExpressionError
from services.rules.tree import Arithmetic, Const, Node

if TYPE_CHECKING:
    from decimal import Decimal

_DOING = {"+": "add", "-": "subtract", "/": "divide", "%": "divide"}


def literal(value: Decimal, offset: int) -> Const:
    """Return a pure number."""
    exact = Fraction(value)
    if abs(exact) >= MOST_NUMBER:
        raise ExpressionError(offset, f"number {str(value)[:24]} is too large")
    if exact.denominator == 1:
        return Const(exact.numerator, INT, str(value))
    return Const(exact, RATIO, str(value))


def in_unit(const: Const, kind: Kind, offset: int) -> Const:
    """Return the pure number `const` read as a quantity of `kind`.

    Money is written in the major unit: 5000.01 becomes 500001 minor units.
    """
    scaled = Fraction(const.value) * MINOR_PER_MAJOR.get(kind.unit, 1)
    if scaled.denominator != 1:
        smallest = "0.01" if kind.unit in MINOR_PER_MAJOR else "1"
        raise ExpressionError(offset, f"{const.shown} {kind.unit} is finer than {smallest}")
    if abs(scaled) >= MOST_NUMBER:
        raise ExpressionError(offset, f"number {const.shown[:24]} is too large")
    return Const(scaled.numerator, Kind(Base.NUMBER, kind.unit), const.shown)


def fitted(left: Node, right: Node, offset: int, doing: str) -> tuple[Node, Node]:
    """Return both sides in one unit; raise `ExpressionError` when they have two."""
    if left.kind.unit == right.kind.unit:
        return left, right
    if isinstance(right, Const) and not right.kind.unit:
        return left, in_unit(right, left.kind, offset)
    if isinstance(left, Const) and not left.kind.unit:
        return in_unit(left, right.kind, offset), right
    raise ExpressionError(offset, f"cannot {doing} {left.kind} and {right.kind}")


def arithmetic(op: str, left: Node, right: Node, offset: int) -> Node:
    """Return `left op right` with its unit; two constants are computed at once."""
    for side in (left, right):
        if side.kind.base is not Base.NUMBER:
            raise ExpressionError(offset, f"{op} needs numbers, not {side.kind}")
    if op in "+-%" or (op == "/" and right.kind.unit):
        left, right = fitted(left, right, offset, _DOING[op])
    kind = _kind(op, left, right, offset)
    if op in "/%" and isinstance(right, Const) and right.value == 0:
        raise ExpressionError(offset, "division by zero")
    if isinstance(left, Const) and isinstance(right, Const):
        return _computed(op, left, right, kind, offset)
    return Arithmetic(op, left, right, kind)


def _kind(op: str, left: Node, right: Node, offset: int) -> Kind:
    whole = left.kind.whole and right.kind.whole
    if op == "*":
        if left.kind.unit and right.kind.unit:
            raise ExpressionError(offset, f"cannot multiply {left.kind} and {right.kind}")
        return Kind(Base.NUMBER, left.kind.unit or right.kind.unit, whole)
    if op == "/":
        return RATIO if right.kind.unit else Kind(Base.NUMBER, left.kind.unit, whole=False)
    if op == "%" and not whole:
        raise ExpressionError(offset, "% needs whole numbers")
    return Kind(Base.NUMBER, left.kind.unit, whole)


def _computed(op: str, left: Const, right: Const, kind: Kind, offset: int) -> Const:
    a, b = Fraction(left.value), Fraction(right.value)
    value = {
        "+": lambda: a + b,
        "-": lambda: a - b,
        "*": lambda: a * b,
        "/": lambda: a / b,
        "%": lambda: a % b,
    }[op]()
    if abs(value) >= MOST_NUMBER or value.denominator >= MOST_NUMBER:
        raise ExpressionError(offset, "the number is too large")
    whole = value.denominator == 1
    shown = f"{left.shown} {op} {right.shown}"
    return Const(value.numerator if whole else value, Kind(Base.NUMBER, kind.unit, whole), shown)
