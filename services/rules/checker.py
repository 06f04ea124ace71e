"""Gives every part of an expression its type and unit, or says what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

import re2

from services.rules import numbers
from services.rules.kinds import BOOL, INT, TEXT, Base, Kind
from services.rules.lexer import ExpressionError
from services.rules.parser import COMPARISONS
from services.rules.problems import did_you_mean
from services.rules.syntax import Array, Binary, Call, Literal, Name, Syntax, Unary
from services.rules.tree import (
    And,
    Compare,
    Const,
    Fact,
    Matches,
    Member,
    Node,
    Not,
    Or,
    OverLines,
    WordList,
    Words,
)

if TYPE_CHECKING:
    from services.rules.scope import Scope

MOST_PATTERN = 500
PATTERN_MEMORY = 1 << 20  # bytes RE2 may use for one pattern; repeats of repeats stop here
FUNCTIONS = ("any", "all", "sum", "count", "matches", "words")
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def pattern_options() -> re2.Options:
    """Return the options under which patterns are checked and run."""
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False
    return options


class Checker:
    """Types one expression; `errors` collects what is wrong in its and/or parts."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._in_lines = False
        self.errors: list[ExpressionError] = []

    def condition(self, syntax: Syntax) -> Node:
        """Return the typed tree of a condition; raise `ExpressionError` for another kind."""
        node = self.typed(syntax)
        if node.kind.base is not Base.BOOL:
            _refuse(syntax, f"expected a condition, found {node.kind}")
        if isinstance(node, Const):
            _refuse(syntax, "this condition is always the same")
        return node

    def typed(self, syntax: Syntax) -> Node:  # noqa: PLR0911  # one return for each kind of syntax
        """Return the typed tree of `syntax`."""
        match syntax:
            case Literal(value=bool(value)):
                return Const(value, BOOL, str(value).lower())
            case Literal(value=str(value)):
                return Const(value, TEXT, f'"{value}"')
            case Literal(value=Decimal() as value):
                return numbers.literal(value, syntax.offset)
            case Name():
                return self._scope.resolve(syntax, in_lines=self._in_lines)
            case Unary(op="not"):
                return Not(self.condition(syntax.operand))
            case Unary():
                return self._negative(syntax)
            case Binary(op="and" | "or"):
                return self._joined(syntax)
            case Binary(op="in" | "not in"):
                return self._member(syntax)
            case Binary(op=op) if op in COMPARISONS:
                return self._compared(syntax)
            case Binary():
                left, right = self.typed(syntax.left), self.typed(syntax.right)
                return numbers.arithmetic(syntax.op, left, right, syntax.offset)
            case Call():
                return self._called(syntax)
        _refuse(syntax, "a list of values may only follow in")
        return None

    def _negative(self, syntax: Unary) -> Node:
        operand = self.typed(syntax.operand)
        if isinstance(operand, Const) and operand.kind.base is Base.NUMBER:
            return replace(operand, value=-operand.value, shown=f"-{operand.shown}")  # type: ignore[operator]  # its kind says number
        if operand.kind.base is not Base.NUMBER:
            _refuse(syntax, f"- needs a number, not {operand.kind}")
        minus_one = Const(-1, INT, "-1")
        return numbers.arithmetic("*", minus_one, operand, syntax.offset)

    def _joined(self, syntax: Binary) -> Node:
        parts: list[Node] = []
        for side in _chain(syntax, syntax.op):
            try:
                parts.append(self.condition(side))
            except ExpressionError as error:
                self.errors.append(error)
        flat = tuple(dict.fromkeys(parts))
        if not flat:
            raise self.errors.pop()
        if len(flat) == 1:
            return flat[0]
        return And(flat) if syntax.op == "and" else Or(flat)

    def _compared(self, syntax: Binary) -> Node:
        op, left, right = syntax.op, self.typed(syntax.left), self.typed(syntax.right)
        if isinstance(left, Const) and not isinstance(right, Const):
            op, left, right = _FLIPPED[op], right, left
        if left.kind.base is not right.kind.base:
            _refuse(syntax, f"cannot compare {left.kind} with {right.kind}")
        if isinstance(left, Const):
            _refuse(syntax, "this condition is always the same")
        if left.kind.base is Base.NUMBER:
            left, right = numbers.fitted(left, right, syntax.offset, "compare")
            return Compare(op, left, right)
        if op not in {"==", "!="}:
            _refuse(syntax, f"{op} needs numbers; {left.kind.base.value} has == and != only")
        if left.kind.base is Base.BOOL:
            if not isinstance(right, Const):
                _refuse(syntax, "compare with true or false, or use and / or / not")
            return left if right.value is (op == "==") else Not(left)
        if isinstance(right, Const):
            _check_word(right, left.kind, syntax.offset)
        return Compare(op, left, right)

    def _member(self, syntax: Binary) -> Node:
        item = self.typed(syntax.left)
        if not isinstance(item, Fact) or item.kind.base is Base.BOOL:
            _refuse(syntax, "in needs a text or number field on its left")
        if isinstance(syntax.right, Name):
            table = self._scope.word_list(syntax.right, item.kind.base)
        elif isinstance(syntax.right, Array) and syntax.right.items:
            table = self._array(syntax.right, item.kind)
        else:
            _refuse(syntax, "in needs values such as [1, 2] or a list such as lists.x")
        member = Member(item, table)
        return Not(member) if syntax.op == "not in" else member

    def _array(self, array: Array, kind: Kind) -> WordList:
        found: list[Const] = []
        for each in array.items:
            const = self.typed(each)
            if not isinstance(const, Const) or const.kind.base is not kind.base:
                _refuse(each, f"expected a literal like the field: {kind}")
            if kind.base is Base.NUMBER:
                const = numbers.in_unit(const, kind, each.offset) if not const.kind.unit else const
            _check_word(const, kind, each.offset)
            found.append(const)
        name = "[" + ", ".join(const.shown for const in found) + "]"
        return WordList(name, tuple((const.value, None) for const in found))

    def _called(self, call: Call) -> Node:
        if call.function not in FUNCTIONS:
            hint = did_you_mean(call.function, FUNCTIONS)
            _refuse(call, f'unknown function "{call.function[:60]}"{hint}')
        if call.function in {"matches", "words"}:
            return self._text_test(call)
        first = call.arguments[0] if call.arguments else None
        if not isinstance(first, Name) or first.name != "lines":
            _refuse(call, f"{call.function} goes over lines: {call.function}(lines, …)")
        if self._in_lines:
            _refuse(call, "any, all, sum and count cannot be nested")
        if call.function == "count" and len(call.arguments) == 1:
            return OverLines("count", Const(value=True, kind=BOOL, shown="true"), INT)
        if len(call.arguments) != 2:
            _refuse(call, f"{call.function} takes lines and one expression")
        return self._over_lines(call)

    def _over_lines(self, call: Call) -> Node:
        self._in_lines = True
        try:
            if call.function == "sum":
                body = self.typed(call.arguments[1])
            else:
                body = self.condition(call.arguments[1])
        finally:
            self._in_lines = False
        if call.function != "sum":
            return OverLines(call.function, body, INT if call.function == "count" else BOOL)
        if body.kind.base is not Base.NUMBER:
            _refuse(call, f"sum needs a number, not {body.kind}")
        return OverLines("sum", body, body.kind)

    def _text_test(self, call: Call) -> Node:
        if len(call.arguments) != 2:
            _refuse(call, f"{call.function} takes a text field and one more argument")
        item = self.typed(call.arguments[0])
        if not isinstance(item, Fact) or item.kind.base is not Base.TEXT:
            _refuse(call.arguments[0], f"{call.function} needs a text field")
        second = call.arguments[1]
        if call.function == "words":
            if not isinstance(second, Name):
                _refuse(second, "words needs a list such as lists.x")
            return Words(item, self._scope.word_list(second, Base.TEXT))
        if not isinstance(second, Literal) or not isinstance(second.value, str):
            _refuse(second, "matches needs a pattern in quotes")
        if not 0 < len(second.value) <= MOST_PATTERN:
            _refuse(second, f"a pattern has 1 to {MOST_PATTERN} characters")
        try:
            re2.compile(second.value, pattern_options())
        except re2.error as error:
            said = error.args[0] if error.args else "invalid"
            text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            _refuse(second, f"the pattern is refused by RE2: {text[:120]}")
        return Matches(item, second.value)


def _chain(syntax: Syntax, op: str) -> list[Syntax]:
    """Return the operands of a run of one operator, from left to right."""
    parts: list[Syntax] = []
    todo = [syntax]
    while todo:
        each = todo.pop()
        if isinstance(each, Binary) and each.op == op:
            todo += [each.right, each.left]
        else:
            parts.append(each)
    return parts


def _check_word(const: Const, kind: Kind, offset: int) -> None:
    if kind.words and const.value not in kind.words:
        hint = did_you_mean(str(const.value), kind.words)
        raise ExpressionError(offset, f"{const.shown[:60]} is never a value here{hint}")


def _refuse(syntax: Syntax, message: str) -> NoReturn:
    raise ExpressionError(syntax.offset, message)
