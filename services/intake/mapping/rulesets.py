"""Stated rules of a channel: what becomes of a line, and which payloads are no orders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.intake.mapped import LocalizedText
from services.intake.mapping.conditions import compile_condition
from services.intake.mapping.problems import did_you_mean
from services.intake.mapping.reasons import Fault, MappingReason
from services.intake.mapping.remember import remembered
from services.intake.mapping.section import Section
from services.intake.mapping.targets import ORDER_TARGETS, by_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.intake.mapping.conditions import Condition, Getter, Test
    from services.intake.mapping.context import Context
    from services.intake.mapping.problems import Mark
    from services.intake.mapping.yamltree import Tree

    FirstRule = Callable[[Any, Any], "LineRule | None"]

ACTIONS = ("drop", "freight", "discount", "aside", "quarantine")
APPLIES_TO = ("both", "order", "cancellation")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,63}\Z")
ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_.]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a rule keeps a payload aside."""

    reason: str
    field: str
    text: LocalizedText | None

    def fault(self) -> Fault:
        """Return it as the payload's fault."""
        return Fault(self.reason, self.field, text=self.text)


@dataclass(frozen=True, slots=True)
class LineRule:
    """The first rule whose condition holds says what becomes of a line.

    Attributes
    ----------
    action
        `drop` it; its amount (quantity × price) is `freight` or a `discount` of the order, or
        is kept `aside` in the attribute `attribute`; or `quarantine` the payload.
    """

    name: str
    applies: Condition
    action: str
    attribute: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class RefuseRule:
    """A payload for which it holds is kept aside."""

    name: str
    on_payload: Condition | None
    on_order: Condition | None
    refusal: Refusal

    def check(self, here: Any, root: Any, values: dict[str, Any]) -> None:
        """Raise the rule's fault where it holds.

        Parameters
        ----------
        values
            The hub's fields as mapped, by name.
        """
        if self.on_payload is not None and not self.on_payload(here, root):
            return
        if self.on_order is not None and not self.on_order(values, values):
            return
        raise self.refusal.fault()


def compile_line_rules(
    items: list[Tree], context: Context
) -> tuple[list[LineRule], list[LineRule]]:
    """Return the rules for lines of orders and for lines of cancellations, in the file's order."""
    for_orders, for_cancellations = [], []
    for item in items:
        section = Section(item, context.problems, "a rule of lines")
        name = section.text("name", required=True)
        condition = compile_condition(section.tree("when", required=True), context)
        action = section.one_of("then", ACTIONS)
        attribute = section.text("as", required=action == "aside")
        if attribute and not ATTRIBUTE_NAME.match(attribute):
            context.problems.add(
                section.mark_of("as"), '"as" is a lower-case name such as other_minor'
            )
        refusal = _refusal(section, required=action == "quarantine")
        on = section.one_of("on", APPLIES_TO, "both")
        section.close()
        if condition is None:
            continue
        rule = LineRule(name, condition, action, attribute, refusal)
        if on != "cancellation":
            for_orders.append(rule)
        if on != "order":
            for_cancellations.append(rule)
    return for_orders, for_cancellations


def first_rule(rules: list[LineRule]) -> FirstRule:
    """Return the function from (row, root) to the first of `rules` that applies.

    Neighbouring rules that ask one thing of the same field are decided together, and their
    answer remembered by the field's value: most rows of most channels meet no rule at all.
    """
    groups: list[FirstRule] = []
    at = 0
    while at < len(rules):
        single = rules[at].applies.single
        end = at + 1
        if single is None:
            groups.append(_alone(rules[at]))
        else:
            tests = [(single[2], rules[at])]
            while end < len(rules):
                other = rules[end].applies.single
                if other is None or other[1] != single[1]:
                    break
                tests.append((other[2], rules[end]))
                end += 1
            groups.append(_together(single[0], single[1], tests))
        at = end

    def first(row: Any, root: Any) -> LineRule | None:
        for group in groups:
            rule = group(row, root)
            if rule is not None:
                return rule
        return None

    return first


def _alone(rule: LineRule) -> FirstRule:
    return lambda row, root: rule if rule.applies(row, root) else None


def _together(getter: Getter, name: str, tests: list[tuple[Test, LineRule]]) -> FirstRule:
    def decide(raw: Any) -> LineRule | None:
        try:
            return next((rule for test, rule in tests if test(raw)), None)
        except Fault as fault:
            fault.path = name
            raise

    rule_of = remembered(decide)
    return lambda row, root: rule_of(getter(row, root))


def compile_refusals(items: list[Tree], context: Context) -> list[RefuseRule]:
    """Return the rules that keep whole payloads aside, in the file's order."""
    rules = []
    for item in items:
        section = Section(item, context.problems, "a rule under refuse")
        name = section.text("name", required=True)
        on_payload = compile_condition(section.tree("when"), context)
        on_order = compile_condition(section.tree("when_order"), context, _order_getter(context))
        refusal = _refusal(section, required=True)
        section.close()
        if on_payload is None and on_order is None:
            context.problems.add(section.mark, 'a rule needs "when" or "when_order"')
        elif refusal is not None:
            rules.append(RefuseRule(name, on_payload, on_order, refusal))
    return rules


def _refusal(section: Section, *, required: bool) -> Refusal | None:
    reason = section.text("reason", required=required)
    field = section.text("field")
    text = section.section("message")
    sentence = None
    if text is not None:
        sentence = LocalizedText(text.text("zh", required=True), text.text("en", required=True))
        text.close()
    if not reason:
        return None
    if not _CODE.match(reason):
        section.problems.add(section.mark_of("reason"), "a reason is written LIKE_THIS")
    if sentence is None and reason not in MappingReason.__members__:
        section.problems.add(
            section.mark_of("reason"), f'"{reason}" is no reason of the engine\'s: add a "message"'
        )
    return Refusal(reason, field, sentence)


def _order_getter(context: Context) -> Callable[[str, Mark], Getter | None]:
    known = by_name(ORDER_TARGETS)

    def getter_of(name: str, mark: Mark) -> Getter | None:
        if name not in known:
            hint = did_you_mean(name, known)
            context.problems.add(mark, f'"{name}" is no field of the order{hint}')
            return None
        return lambda values, _root: values.get(name)

    return getter_of
