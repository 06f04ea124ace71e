"""One field of the hub, compiled: where its value comes from and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from services.intake.mapping.options import OPTION_KEYS, read_options
from services.intake.mapping.reasons import Fault, MappingReason
from services.intake.mapping.section import Section
from services.intake.mapping.sources import SOURCE_KEYS, Source, compile_source
from services.intake.mapping.targets import Kind, Target
from services.intake.mapping.values import ROUNDINGS, minor_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.intake.mapping.context import Context
    from services.intake.mapping.problems import Mark
    from services.intake.mapping.yamltree import Tree

_BESIDE_ALTERNATIVES = ("first_of", "required", "else", "rounding")

COMPUTED = {"total_minor": "computed", "payment.paid_minor": "total_if_paid"}
"""What may stand under `else` beside a constant: amounts known once the lines are."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the hub and how to read it.

    Attributes
    ----------
    read
        (scope, root) → value, `None` where absent. Money in major units stays an exact
        decimal until the currency is known; in minor units it is an integer already.
    fallback
        `computed` or `total_if_paid` where the amount follows from the rest; else empty.
    default
        The constant under `else`, which `read` gives where there is no value.
    rounding
        Of money, one of the `decimal` module's; `None`: exact or refused.
    """

    target: Target
    source: Source
    read: Callable[[Any, Any], Any]
    mark: Mark
    fallback: str = ""
    default: Any = None
    rounding: str | None = None

    def read_minor(self, here: Any, root: Any, exponent: int) -> int | None:
        """Return an amount in minor units of a currency with `exponent` decimals."""
        amount = self.read(here, root)
        if amount is None:
            return None
        try:
            if type(amount) is int:
                return minor_of(Decimal(amount), 0, None)
            return minor_of(amount, exponent, self.rounding)
        except Fault as fault:
            fault.path = self.source.locate(here, root)
            raise


def compile_field(tree: Tree, target: Target, context: Context) -> Field | None:
    """Return the field written at `tree`, `None` with problems.

    A path alone, a list of paths of which the first that is there counts, or a mapping.
    """
    problems = context.problems
    if isinstance(tree.value, (str, list)):
        source = compile_source(tree, target, context)
        if source is None:
            return None
        return Field(target, source, _reader(source, target, None, required=False), tree.mark)
    section = Section(tree, problems, f'"{target.name}"')
    options = read_options(section, target, context)
    fallback, default = _else(section, target, context)
    required = section.flag("required")
    rounding = None
    if target.kind is Kind.MONEY:
        rounding = ROUNDINGS.get(section.one_of("rounding", ["exact", *ROUNDINGS], "exact"))
    source = (
        _alternatives(section, target, context)
        if "first_of" in section
        else compile_source(tree, target, context, section, options, lone=bool(fallback))
    )
    section.close(SOURCE_KEYS + OPTION_KEYS)
    if source is None:
        return None
    reader = _reader(source, target, default, required=required or target.required)
    return Field(target, source, reader, tree.mark, fallback, default, rounding)


def _alternatives(section: Section, target: Target, context: Context) -> Source | None:
    for key, mark in section.marks():
        if key in OPTION_KEYS + SOURCE_KEYS and key not in _BESIDE_ALTERNATIVES:
            section.problems.add(mark, f'"{key}" belongs to one of the alternatives of first_of')
            section.explicit(key)
    items = section.items("first_of")
    fields = [compile_field(item, target.optional(), context) for item in items]
    found = [field for field in fields if field is not None]
    if not found:
        section.problems.add(section.mark_of("first_of"), '"first_of" lists no alternative')
        return None

    def read(here: Any, root: Any) -> Any:
        for field in found:
            value = field.read(here, root)
            if value is not None:
                return value
        return None

    def locate(here: Any, root: Any) -> str:
        at_fault = (f for f in found if f.read(here, root) is not None)
        return next(at_fault, found[0]).source.locate(here, root)

    texts = tuple(text for field in found for text in field.source.texts)
    return Source(texts, read, locate)


def _else(section: Section, target: Target, context: Context) -> tuple[str, Any]:
    tree = section.tree("else")
    if tree is None:
        return "", None
    word = COMPUTED.get(target.name)
    if word is not None and tree.value == word:
        return word, None
    constant = compile_source(tree, target, context, constant=True)
    return "", None if constant is None else constant.read(None, None)


def _reader(
    source: Source, target: Target, default: Any, *, required: bool
) -> Callable[[Any, Any], Any]:
    read_source, locate = source.read, source.locate
    must = (required or target.required) and default is None
    if not must and default is None:
        return read_source
    reason = (
        MappingReason.MISSING_CUSTOMER
        if target.name == "customer_id"
        else MappingReason.MISSING_FIELD
    )

    def read(here: Any, root: Any) -> Any:
        value = read_source(here, root)
        if value is not None:
            return value
        if must:
            raise Fault(reason, locate(here, root))
        return default

    return read
