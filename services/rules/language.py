"""From the text of a `when` to its typed tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.rules.checker import Checker
from services.rules.lexer import ExpressionError
from services.rules.parser import parse
from services.rules.tree import Fact, Node, OverLines, walk

if TYPE_CHECKING:
    from services.rules.scope import Scope


class ExpressionErrors(ValueError):
    """Everything wrong with one expression, by offset."""

    def __init__(self, errors: list[ExpressionError]) -> None:
        self.errors = tuple(sorted(errors, key=lambda error: error.offset))
        super().__init__("; ".join(str(error) for error in self.errors))


def condition(source: str, scope: Scope) -> Node:
    """Return the typed tree of the condition `source`.

    Raises
    ------
    ExpressionErrors
        When it is no condition of the language: the first mistake of grammar, or the mistakes of
        type, unit and name in all of its ``and`` / ``or`` parts.
    """
    checker = Checker(scope)
    try:
        node = checker.condition(parse(source))
    except ExpressionError as error:
        raise ExpressionErrors([*checker.errors, error]) from None
    if checker.errors:
        raise ExpressionErrors(checker.errors)
    if not any(isinstance(each, Fact | OverLines) for each in walk(node)):
        raise ExpressionErrors([ExpressionError(0, "the condition reads no field of the order")])
    return node
