"""Reads a `when` expression by precedence climbing.

An own grammar instead of Python's: nothing that is not in the language can be written, positions
are ours, and nesting is bounded before it can exhaust the stack.
"""

from __future__ import annotations

from decimal import Decimal

from services.rules.lexer import ExpressionError, Token, text_of, tokens
from services.rules.syntax import Array, Binary, Call, Literal, Name, Syntax, Unary

MOST_NESTING = 40
MOST_NODES = 400
MOST_IN_A_ROW = 64  # operators of one level; the tree leans left, and depth is stack

COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "not in"})
_BINDS = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(COMPARISONS, 4),
    "+": 5,
    "-": 5,
    "*": 6,
    "/": 6,
    "%": 6,
}
_NOT_BINDS = 3
_MINUS_BINDS = 7


def parse(source: str) -> Syntax:
    """Return the tree of `source`; raise `ExpressionError` where it stops making sense."""
    parser = _Parser(tokens(source))
    tree = parser.expression(0)
    left_over = parser.peek()
    if left_over.sort != "end":
        raise ExpressionError(left_over.offset, f"unexpected {left_over.text!r}")
    return tree


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._next = 0
        self._nesting = 0
        self._nodes = 0

    def peek(self, ahead: int = 0) -> Token:
        return self._words[min(self._next + ahead, len(self._words) - 1)]

    def expression(self, least: int) -> Syntax:
        self._nesting += 1
        if self._nesting > MOST_NESTING:
            raise ExpressionError(self.peek().offset, f"nested deeper than {MOST_NESTING} levels")
        left = self._operand()
        compared = False
        in_a_row = 0
        while (op := self._operator()) and _BINDS[op] > least:
            token = self._take()
            if op == "not in":
                self._take()
            in_a_row += 1
            if in_a_row > MOST_IN_A_ROW:
                raise ExpressionError(token.offset, f"more than {MOST_IN_A_ROW} terms in a row")
            if op in COMPARISONS:
                if compared:
                    raise ExpressionError(
                        token.offset, "comparisons do not chain; write a < b and b < c"
                    )
                compared = True
            left = self._made(Binary(op, left, self.expression(_BINDS[op]), token.offset))
        self._nesting -= 1
        return left

    def _operator(self) -> str:
        token = self.peek()
        if token.text == "not" and self.peek(1).text == "in" and token.sort == "keyword":
            return "not in"
        return token.text if token.sort in {"sign", "keyword"} and token.text in _BINDS else ""

    def _operand(self) -> Syntax:  # noqa: PLR0911  # one return for each kind of operand
        token = self._take()
        if token.sort == "number":
            return self._made(Literal(Decimal(token.text), token.offset))
        if token.sort == "text":
            return self._made(Literal(text_of(token), token.offset))
        if token.sort == "name":
            return self._call(token) if self.peek().text == "(" else self._named(token)
        if token.text in {"true", "false"}:
            return self._made(Literal(token.text == "true", token.offset))
        if token.text == "not":
            return self._made(Unary("not", self.expression(_NOT_BINDS), token.offset))
        if token.text == "-":
            return self._made(Unary("-", self.expression(_MINUS_BINDS), token.offset))
        if token.text == "(":
            inner = self.expression(0)
            self._expect(")")
            return inner
        if token.text == "[":
            return self._made(Array(self._listed("]"), token.offset))
        what = f"{token.text!r}" if token.text else "the end"
        raise ExpressionError(token.offset, f"expected a value, found {what}")

    def _named(self, token: Token) -> Syntax:
        if "__" in token.text:
            raise ExpressionError(token.offset, f"unknown name {token.text[:60]!r}")
        return self._made(Name(token.text, token.offset))

    def _call(self, token: Token) -> Syntax:
        self._take()
        return self._made(Call(token.text, self._listed(")"), token.offset))

    def _listed(self, closing: str) -> tuple[Syntax, ...]:
        items: list[Syntax] = []
        if self.peek().text != closing:
            items.append(self.expression(0))
            while self.peek().text == ",":
                self._take()
                items.append(self.expression(0))
        self._expect(closing)
        return tuple(items)

    def _expect(self, sign: str) -> None:
        token = self._take()
        if token.text != sign:
            what = f"{token.text!r}" if token.text else "the end"
            raise ExpressionError(token.offset, f"expected {sign!r}, found {what}")

    def _take(self) -> Token:
        token = self.peek()
        self._next += 1
        return token

    def _made(self, tree: Syntax) -> Syntax:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise ExpressionError(tree.offset, f"more than {MOST_NODES} terms in one expression")
        return tree
