"""Reads the rules of one file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from services.rules.examples import inline_tests
from services.rules.kinds import MONEY
from services.rules.language import ExpressionErrors, condition
from services.rules.lexer import ExpressionError
from services.rules.locate import position_in
from services.rules.numbers import in_unit, literal
from services.rules.problems import did_you_mean
from services.rules.reading import Record, sequence
from services.rules.rulebook import DECISIONS, STAGES, Effect, Rule, Then
from services.rules.tables import bilingual

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.rules.problems import Problems
    from services.rules.scope import Scope
    from services.rules.tree import Node as Tree
    from services.rules.yamlfile import Node

_ID = re.compile(r"[A-Z]{2,8}-[0-9]{3}\Z")
FLAGS = ("expedite", "quality_check")
WORDS = ("packaging", "carrier")


def rules(
    node: Node, text: str, scope: Scope, reasons: Collection[str], problems: Problems
) -> list[Rule]:
    """Return the usable rules of one file; the others are in `problems`."""
    found = []
    for item in sequence(node, problems, "a rule file"):
        rule = _rule(Record(item, problems, "rule"), text, scope, reasons)
        if rule is not None:
            found.append(rule)
    return found


def _rule(record: Record, text: str, scope: Scope, reasons: Collection[str]) -> Rule | None:
    problems = record.problems
    identity = record.text("id")
    if identity and not _ID.match(identity):
        problems.add(record.where("id"), f'id "{identity[:40]}" must be like AMT-001')
    title, owner = bilingual(record, "title"), record.text("owner")
    stage = record.one_of("stage", STAGES)
    priority = record.whole("priority", 0, 100_000, default=1_000)
    since = until = None
    if (effective := record.record("effective", required=False)) is not None:
        since, until = effective.day("from"), effective.day("to")
        effective.close()
        if since and until and until < since:
            problems.add(effective.where("to"), "effective ends before it begins")
    source, when = _when(record, text, scope)
    then = _then(record, reasons)
    tests = inline_tests(record, scope)
    record.close()
    if stage in {"active", "shadow"}:
        for wanted in ("hit", "miss"):
            if all(test.expect != wanted for test in tests):
                problems.add(
                    record.where("tests"), f"{identity} needs a test that expects {wanted}"
                )
    if when is None or then is None or not identity:
        return None
    return Rule(
        id=identity,
        title=title,
        owner=owner,
        stage=stage,
        priority=priority,
        effective_from=since,
        effective_to=until,
        source=source,
        when=when,
        then=then,
        tests=tests,
        at=record.at,
    )


def _when(record: Record, text: str, scope: Scope) -> tuple[str, Tree | None]:
    scalar = record.scalar("when")
    if scalar is None:
        return "", None
    if not isinstance(scalar.value, str):
        if scalar.value is not None:
            record.problems.add(scalar.at, "when must be an expression")
        return "", None
    try:
        return scalar.value.strip(), condition(scalar.value, scope)
    except ExpressionErrors as errors:
        for error in errors.errors:
            record.problems.add(position_in(scalar, error.offset, text), str(error))
        return scalar.value, None


def _then(record: Record, reasons: Collection[str]) -> Then | None:
    then = record.record("then")
    if then is None:
        return None
    decision = then.one_of("decision", DECISIONS)
    reason = then.text("reason")
    if reason and reason not in reasons:
        hint = did_you_mean(reason, reasons)
        then.problems.add(then.where("reason"), f'unknown reason "{reason[:60]}"{hint}')
    score = then.whole("score", -1_000, 1_000, default=0)
    suggest = bilingual(then, "suggest", required=decision != "pass")
    effects = _effects(then)
    then.close()
    return Then(decision, reason, score, suggest, effects)


def _effects(then: Record) -> tuple[Effect, ...]:
    record = then.record("effect", required=False)
    if record is None:
        return ()
    found: list[Effect] = []
    found += [Effect(kind, value=True) for kind in FLAGS if record.flag(kind)]
    words = [(kind, record.text(kind, required=False, most=64)) for kind in WORDS]
    found += [Effect(kind, word) for kind, word in words if word]
    cost = record.number("add_cost", required=False)
    if cost is not None:
        try:
            minor = in_unit(literal(cost, 0), MONEY, 0).value
        except ExpressionError as error:
            record.problems.add(record.where("add_cost"), str(error))
        else:
            found.append(Effect("add_cost", int(minor)))
    record.close()
    return tuple(found)
