"""Reads what rules refer to: parameters, lists, reasons, features, channels, exchange rates."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from services.rules.kinds import MINOR_PER_MAJOR, Kind
from services.rules.lexer import ExpressionError
from services.rules.numbers import in_unit, literal
from services.rules.problems import did_you_mean
from services.rules.rates import BOOK_CURRENCY, Rate, Rates
from services.rules.reading import Record, sequence
from services.rules.registry import PRESENCE, SOURCES
from services.rules.rulebook import SEVERITIES, SYSTEM_REASONS, Bilingual, Channel, Reason
from services.rules.tree import Const, WordList
from services.rules.velocity import EVENTS, Feature, parse_formula
from services.rules.yamlfile import Entries, Scalar

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

    from services.rules.problems import Position, Problems
    from services.rules.yamlfile import Node

UNITS = ("", *MINOR_PER_MAJOR, "g", "ml", "m", "s", "bp")
MOST_ENTRIES = 20_000
LIST_KINDS = ("values", "words")  # for people; rules say in or words()
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,59}\Z")
_ORDINAL_EPOCH = 719_163  # date.toordinal() of 1970-01-01


def bilingual(record: Record, key: str, *, required: bool = True) -> Bilingual:
    """Return the text ``{zh: …, en: …}`` of `key`."""
    inner = record.record(key, required=required)
    if inner is None:
        return Bilingual()
    both = Bilingual(inner.text("zh"), inner.text("en"))
    inner.close()
    return both


def params(node: Node, problems: Problems) -> dict[str, Const]:
    """Return the thresholds: name → constant in the smallest unit, within its own bounds."""
    found = {}
    for name, at, inner in Record(node, problems, "params.yaml").pairs():
        _check_name(name, at, problems)
        record = Record(inner, problems, f"parameter {name}")
        unit = record.one_of("unit", UNITS, default="")
        value = record.number("value")
        least, most = record.number("min"), record.number("max")
        record.text("zh")
        record.text("en")
        record.close()
        if value is None or least is None or most is None:
            continue
        if not least <= value <= most:
            problems.add(record.where("value"), f"{name} must be between {least} and {most}")
        const = _constant(name, value, unit, record.where("value"), problems)
        if const is not None:
            found[name] = const
    return found


def _constant(
    name: str, value: Decimal, unit: str, at: Position, problems: Problems
) -> Const | None:
    try:
        const = literal(value, 0)
        if unit:
            const = in_unit(const, Kind(const.kind.base, unit), 0)
    except ExpressionError as error:
        problems.add(at, str(error))
        return None
    return Const(const.value, const.kind, f"params.{name}")


def word_list(name: str, node: Node, problems: Problems) -> WordList:
    """Return one list of `lists/`, with the last day of entries that expire."""
    record = Record(node, problems, f"list {name}")
    _check_name(name, record.at, problems)
    bilingual(record, "title")
    record.one_of("kind", LIST_KINDS)
    entries: dict[str | int, int | None] = {}
    items = record.items("entries")
    record.close()
    if len(items) > MOST_ENTRIES:
        problems.add(record.where("entries"), f"more than {MOST_ENTRIES} entries")
        return WordList(f"lists.{name}", ())
    for item in items:
        until = None
        value: object = item.value if isinstance(item, Scalar) else None
        if isinstance(item, Entries):
            inner = Record(item, problems, "entry")
            scalar, day = inner.scalar("value"), inner.day("until")
            inner.text("note", required=False)
            inner.close()
            value = scalar.value if scalar else None
            until = day.toordinal() - _ORDINAL_EPOCH if day else None
        if (type(value) is not str and type(value) is not int) or value == "":
            problems.add(item.at, "an entry is a text or a whole number; quote decimals")
        elif value in entries:
            problems.add(item.at, f"entry {str(value)[:40]!r} is given twice")
        else:
            entries[value] = until
    if len({type(value) for value in entries}) > 1:
        problems.add(record.at, f"list {name} mixes texts and numbers; quote the numbers")
    return WordList(f"lists.{name}", tuple(entries.items()))


def reasons(node: Node, problems: Problems) -> tuple[Reason, ...]:
    """Return the reason catalogue."""
    found = []
    record = Record(node, problems, "reasons.yaml")
    for code, at, inner in record.pairs():
        if not _CODE.match(code):
            problems.add(at, f'reason "{code[:60]}" must be like HIGH_AMOUNT')
        reason = Record(inner, problems, f"reason {code}")
        found.append(
            Reason(
                code=code,
                text=Bilingual(reason.text("zh"), reason.text("en")),
                sop=bilingual(reason, "sop"),
                queue=reason.text("queue"),
                severity=reason.one_of("severity", SEVERITIES),
                owner=reason.text("owner"),
            )
        )
        reason.close()
    for code in SYSTEM_REASONS:
        if all(reason.code != code for reason in found):
            problems.add(record.at, f"reasons.yaml needs {code}, which the engine itself gives")
    return tuple(found)


def features(node: Node, problems: Problems) -> tuple[Feature, ...]:
    """Return the declared velocity features."""
    found: dict[str, Feature] = {}
    for item in sequence(node, problems, "features.yaml"):
        record = Record(item, problems, "feature")
        name, formula = record.text("name"), record.text("formula")
        event = record.one_of("event", EVENTS)
        title = bilingual(record, "title")
        record.close()
        _check_name(name, record.where("name"), problems)
        if name in found:
            problems.add(record.where("name"), f"feature {name} is declared twice")
        try:
            distinct, key, window_s = parse_formula(formula)
        except ValueError as error:
            problems.add(record.where("formula"), str(error))
            continue
        found[name] = Feature(name, event, key, distinct, window_s, title.zh, title.en)
    return tuple(found.values())


def channels(node: Node, problems: Problems) -> tuple[Channel, ...]:
    """Return what each channel does not provide."""
    found = []
    for name, _, inner in Record(node, problems, "channels.yaml").pairs():
        record = Record(inner, problems, f"channel {name}")
        without = _sources(record, "without", SOURCES)
        optional = _sources(record, "optional", PRESENCE)
        record.close()
        found.append(Channel(name, without, optional))
    return tuple(found)


def _sources(record: Record, key: str, known: Collection[str]) -> frozenset[str]:
    found = set()
    for item in record.items(key, required=False):
        source = item.value if isinstance(item, Scalar) else None
        if not isinstance(source, str) or source not in known:
            hint = did_you_mean(str(source), known) or f"; it is one of {', '.join(known)}"
            record.problems.add(item.at, f"{key} cannot name {str(source)[:40]!r}{hint}")
        else:
            found.add(source)
    return frozenset(found)


def rates(node: Node, problems: Problems) -> Rates:
    """Return the exchange rates."""
    record = Record(node, problems, "rates.yaml")
    record.one_of("book", [BOOK_CURRENCY])
    found = []
    for item in record.items("rates"):
        inner = Record(item, problems, "rate")
        currency, since = inner.text("currency"), inner.day("from", required=True)
        value = inner.number("rate")
        inner.text("note", required=False)
        inner.close()
        if not re.fullmatch("[A-Z]{3}", currency):
            problems.add(inner.where("currency"), "currency must be an ISO 4217 code such as BRL")
        elif value is not None and not 0 < value < 1_000_000:
            problems.add(inner.where("rate"), "rate must be above 0 and below 1000000")
        elif value is not None and since is not None:
            found.append(Rate(currency, since, Fraction(value)))
    record.close()
    if len({(rate.currency, rate.since) for rate in found}) < len(found):
        problems.add(record.at, "two rates of one currency begin on the same day")
    return Rates(tuple(found))


def _check_name(name: str, at: Position, problems: Problems) -> None:
    if not _NAME.match(name):
        problems.add(at, f'name "{name[:60]}" must be lower case letters, digits and _')
