"""Reads what a mapping file says of a field beside its source."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.intake.mapping.converters import Options
from services.intake.mapping.instants import ISO, check_pattern
from services.intake.mapping.problems import did_you_mean
from services.intake.mapping.targets import CHOICES, Kind, Target

if TYPE_CHECKING:
    from services.intake.mapping.context import Context
    from services.intake.mapping.section import Section

OPTION_KEYS = (
    "required", "else", "words", "remove", "extract", "match", "pad_zero", "case", "negate",
    "unit", "rounding", "formats", "zone", "at_most",
)  # fmt: skip

_FITS: dict[str, tuple[Kind, ...]] = {
    "words": (Kind.TEXT, Kind.CHOICE, Kind.CURRENCY),
    "match": (Kind.TEXT,),
    "at_most": (Kind.TEXT,),
    "pad_zero": (Kind.TEXT,),
    "case": (Kind.TEXT,),
    "negate": (Kind.WHOLE, Kind.MONEY),
    "unit": (Kind.MONEY,),
    "rounding": (Kind.MONEY,),
    "formats": (Kind.INSTANT,),
    "zone": (Kind.INSTANT,),
}


def read_options(section: Section, target: Target, context: Context) -> Options:
    """Return the options in `section`, noting those that do not fit the kind of `target`."""
    for key, mark in section.marks():
        kinds = _FITS.get(key)
        if kinds is not None and target.kind not in kinds:
            section.problems.add(mark, f'"{key}" says nothing about a {target.kind.value} field')
            section.explicit(key)
    return Options(
        zone=_zone(section, context),
        formats=_formats(section, target),
        words=_words(section, target),
        remove=tuple(section.texts("remove")),
        extract=context.extract(section, "extract"),
        match=context.pattern(section, "match") if target.kind is Kind.TEXT else None,
        pad_zero=section.whole("pad_zero", 1, 32) or 0,
        case=section.one_of("case", ("upper", "lower"), " ").strip(),
        negate=section.flag("negate"),
        most=section.whole("at_most", 1, target.most) or 0 if target.kind is Kind.TEXT else 0,
        minor=target.kind is Kind.MONEY
        and section.one_of("unit", ("major", "minor"), "major") == "minor",
    )


def zone_of(section: Section, key: str) -> ZoneInfo | None:
    """Return the time zone named under `key`, `None` where absent or unknown."""
    name = section.text(key)
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        section.problems.add(
            section.mark_of(key), f'"{name[:60]}" is no time zone of the IANA list'
        )
        return None


def _zone(section: Section, context: Context) -> ZoneInfo:
    return zone_of(section, "zone") or context.zone


def _formats(section: Section, target: Target) -> tuple[str, ...]:
    if target.kind is not Kind.INSTANT:
        return (ISO,)
    formats = section.texts("formats")
    for pattern in formats:
        wrong = check_pattern(pattern)
        if wrong:
            section.problems.add(section.mark_of("formats"), wrong)
    return tuple(formats) or (ISO,)


def _words(section: Section, target: Target) -> dict[str, str | None] | None:
    tree = section.tree("words")
    if tree is None:
        return None
    if not isinstance(tree.value, dict):
        section.problems.add(
            tree.mark, '"words" must be a mapping: what the channel says: what it means'
        )
        return None
    known = CHOICES.get(target.name)
    words: dict[str, str | None] = {}
    folded: dict[str, str] = {}
    for word, entry in tree.value.items():
        meaning = entry.tree.value
        if word.casefold() in folded:
            section.problems.add(
                entry.key_mark, f'"{word}" and "{folded[word.casefold()]}" are the same word'
            )
        folded[word.casefold()] = word
        if meaning is not None and not isinstance(meaning, str):
            section.problems.add(entry.tree.mark, "a meaning is text; quote it")
        elif meaning is not None and known is not None and meaning not in known:
            hint = did_you_mean(meaning, known) or f"; it is one of {', '.join(known)}"
            section.problems.add(entry.tree.mark, f'"{meaning}" is no {target.name}{hint}')
        elif meaning is None and target.name == "upstream_status":
            section.problems.add(entry.tree.mark, "every status needs a meaning")
        else:
            words[word] = meaning
    return words
