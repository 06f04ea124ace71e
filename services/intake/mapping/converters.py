"""One conversion for one field: what its kind and the mapping's options make of a raw value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.intake.mapping.currencies import EXPONENTS
from services.intake.mapping.instants import instant_reader
from services.intake.mapping.reasons import Fault, MappingReason, bad_value, shown
from services.intake.mapping.targets import CHOICES, PERSONAL_PREFIX, Kind, Target
from services.intake.mapping.values import bool_of, decimal_of, degrees_e7, text_of, whole_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    Convert = Callable[[Any], Any]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")


@dataclass(frozen=True, slots=True)
class Options:
    """What a mapping file says of one field, beside where it comes from."""

    zone: ZoneInfo
    formats: Sequence[str] = ("iso",)
    words: dict[str, str | None] | None = None
    remove: Sequence[str] = ()
    extract: Callable[[str], str | None] | None = None
    match: Callable[[str], bool] | None = None
    pad_zero: int = 0
    case: str = ""
    negate: bool = False
    most: int = 0
    minor: bool = False


def converter(target: Target, options: Options) -> Convert:
    """Return the function from a raw value to that of `target`; it may return `None`: absent.

    Money becomes the exact decimal as written; its unit is settled once the currency is known.
    """
    before = _text_steps(options)
    convert = _of_kind(target, options)
    if before is None:
        return convert
    prepare = before

    def prepared(raw: Any) -> Any:
        text = prepare(text_of(raw))
        return convert(text) if text else None

    return prepared


def _text_steps(options: Options) -> Callable[[str], str] | None:
    """Return what is done to the text before it is read as a value; `None`: nothing."""
    steps: list[Callable[[str], str]] = []
    if options.remove:
        removed = tuple(options.remove)

        def remove(text: str) -> str:
            for part in removed:
                text = text.replace(part, "")
            return text.strip()

        steps.append(remove)
    if options.extract is not None:
        extract = options.extract

        def take(text: str) -> str:
            found = extract(text)
            if found is None:
                raise bad_value("格式不符", "it does not have the expected form")
            return found.strip()

        steps.append(take)
    if options.case:
        steps.append(str.upper if options.case == "upper" else str.lower)
    if options.pad_zero:
        width = options.pad_zero
        steps.append(lambda text: text.rjust(width, "0"))
    if not steps:
        return None
    if len(steps) == 1:
        return steps[0]

    def chain(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return chain


def _of_kind(target: Target, options: Options) -> Convert:  # noqa: PLR0911 - one a kind
    match target.kind:
        case Kind.TEXT:
            return _text(target, options)
        case Kind.CHOICE:
            return _choice(target, options)
        case Kind.WHOLE:
            return _signed(whole_of, negate=options.negate)
        case Kind.MONEY:
            return _signed(whole_of if options.minor else decimal_of, negate=options.negate)
        case Kind.INSTANT:
            return instant_reader(options.formats, options.zone)
        case Kind.FLAG:
            return bool_of
        case Kind.CURRENCY:
            return _currency(options)
        case Kind.LATITUDE | Kind.LONGITUDE:
            most = target.most
            return lambda raw: degrees_e7(raw, most)


def _signed(read: Convert, *, negate: bool) -> Convert:
    return (lambda raw: -read(raw)) if negate else read


def _text(target: Target, options: Options) -> Convert:
    most = min(options.most or target.most, target.most)
    words = _folded(options.words)
    matches = options.match
    country = target.name.endswith(".country")
    cut, key = target.cut, target.key
    personal = target.name.startswith(PERSONAL_PREFIX)

    def read_plain(raw: Any) -> str:
        text = raw if type(raw) is str and "\x00" not in raw else text_of(raw)
        if len(text) > most:
            if not cut:
                raise _too_long(most)
            return text[:most]
        if key and _CONTROL.search(text):
            raise bad_value("含有控制字符", "it holds control characters")
        return text

    if words is None and matches is None and not country:
        return read_plain

    def read(raw: Any) -> str | None:
        text: str | None = text_of(raw)
        if words is not None:
            folded = (text or "").casefold()
            if folded not in words:
                raise _not_listed("" if personal else shown(text))
            text = words[folded]
            if text is None:
                return None
        text = read_plain(text)
        if matches is not None and not matches(text):
            raise bad_value("格式不符", "it does not have the expected form")
        if country and not _COUNTRY.match(text):
            raise bad_value("应为两位国家代码", "a two-letter ISO 3166-1 code is expected")
        return text

    return read


def _not_listed(word: str) -> Fault:
    if not word:
        return bad_value("不在对照表中", "it is not in the table")
    return bad_value(f"“{word}”不在对照表中", f'"{word}" is not in the table')


def _too_long(most: int) -> Fault:
    return bad_value(f"超过 {most} 个字符", f"it has more than {most} characters")


def _choice(target: Target, options: Options) -> Convert:
    numbers = CHOICES[target.name]
    table: dict[str, int | None] = {word.casefold(): number for word, number in numbers.items()}
    if options.words is not None:
        table = {
            word.casefold(): None if name is None else numbers[name]
            for word, name in options.words.items()
        }
    is_status = target.name == "upstream_status"

    def read(raw: Any) -> int | None:
        word = text_of(raw)
        try:
            return table[word.casefold()]
        except KeyError:
            seen = shown(word)
            if is_status:
                raise Fault(MappingReason.UNKNOWN_STATUS, zh=seen, en=seen) from None
            raise _not_listed(seen) from None

    return read


def _currency(options: Options) -> Convert:
    words = _folded(options.words) or {}

    def read(raw: Any) -> str:
        text = text_of(raw)
        code = words.get(text.casefold()) or text.upper()
        if code not in EXPONENTS:
            raise Fault(MappingReason.UNKNOWN_CURRENCY, zh=shown(text), en=shown(text))
        return code

    return read


def _folded(words: dict[str, str | None] | None) -> dict[str, str | None] | None:
    return None if words is None else {word.casefold(): to for word, to in words.items()}
