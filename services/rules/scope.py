"""The names a `when` expression may use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from services.rules.kinds import Base
from services.rules.lexer import ExpressionError
from services.rules.problems import did_you_mean
from services.rules.tree import Const, Fact, WordList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.rules.kinds import Kind
    from services.rules.syntax import Name

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """Order facts (velocity features among them), line facts, parameters and lists by name."""

    facts: Mapping[str, Kind]
    line_facts: Mapping[str, Kind] = field(default_factory=dict)
    params: Mapping[str, Const] = field(default_factory=dict)
    lists: Mapping[str, WordList] = field(default_factory=dict)

    def resolve(self, name: Name, *, in_lines: bool) -> Const | Fact:
        """Return the parameter or fact called `name`; raise `ExpressionError` for neither."""
        if name.name.startswith("params."):
            return _found(self.params, name, "parameter", "params.")
        if in_lines and name.name in self.line_facts:
            return Fact(name.name, self.line_facts[name.name], per_line=True)
        if name.name in self.facts:
            return Fact(name.name, self.facts[name.name])
        if name.name in self.line_facts:
            raise ExpressionError(
                name.offset, f"{name.name} belongs to a line; write any(lines, …) or the like"
            )
        if name.name == "lines":
            raise ExpressionError(
                name.offset, "lines may only stand first in any, all, sum and count"
            )
        if name.name.startswith("lists."):
            raise ExpressionError(name.offset, f"{name.name} may only follow in, or end words()")
        known = [*self.facts, *(self.line_facts if in_lines else ())]
        hint = did_you_mean(name.name, [*known, *(f"params.{key}" for key in self.params)])
        raise ExpressionError(name.offset, f'unknown field "{name.name[:80]}"{hint}')

    def word_list(self, name: Name, base: Base) -> WordList:
        """Return the list called `name`, whose entries must be of `base`."""
        table = _found(self.lists, name, "list", "lists.")
        expected = str if base is Base.TEXT else int
        if any(type(value) is not expected for value, _ in table.entries):
            raise ExpressionError(name.offset, f"the entries of {name.name} are not {base.value}")
        return table


def _found(known: Mapping[str, T], name: Name, what: str, prefix: str) -> T:
    value = known.get(name.name.removeprefix(prefix))
    if value is None:
        hint = did_you_mean(name.name, [prefix + key for key in known])
        raise ExpressionError(name.offset, f'unknown {what} "{name.name[:80]}"{hint}')
    return value
