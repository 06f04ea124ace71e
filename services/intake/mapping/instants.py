"""Instants: ISO 8601, declared patterns, epoch seconds or milliseconds; naive times in a zone.

A time without an offset is the channel's local time. Where clocks went back, the first of the
two meant instants is taken; a time that clocks jumped over is read with the offset before the
jump, so that it falls as long after it as it was written.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from services.intake.mapping.reasons import bad_value
from services.intake.mapping.values import decimal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

ISO = "iso"
EPOCH_S = "epoch_s"
EPOCH_MS = "epoch_ms"
FIRST_YEAR = 1990
END_YEAR = 2100  # years from here on are typing errors, and refused before any arithmetic

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = re.compile(r"[0-9]{9,14}\Z")
_US_PER_UNIT = {EPOCH_S: 1_000_000, EPOCH_MS: 1_000}


def instant_reader(formats: Sequence[str], zone: ZoneInfo) -> Callable[[Any], int]:
    """Return a function from a payload's value to microseconds since 1970-01-01 UTC.

    Parameters
    ----------
    formats
        Tried in turn: `iso`, `epoch_s`, `epoch_ms`, or a `strptime` pattern.
    zone
        Of times written without an offset.
    """
    epochs = [_US_PER_UNIT[name] for name in formats if name in _US_PER_UNIT]
    iso = ISO in formats
    patterns = [name for name in formats if "%" in name]

    def read(raw: Any) -> int:
        if type(raw) is str:
            moment = _parsed(raw, patterns, iso=iso)
            if moment is not None:
                return _micros(moment, zone)
            if epochs and _DIGITS.match(raw):
                return _since_epoch(Decimal(raw), epochs)
        elif type(raw) in {int, Decimal} and epochs:
            return _since_epoch(decimal_of(raw), epochs)
        raise bad_value("时间格式不符", "it is no time in a format of this channel")

    return read


def moment_of(micros: int) -> datetime:
    """Return the instant `micros` microseconds after 1970-01-01, aware, UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def check_pattern(pattern: str) -> str:
    """Return what is wrong with a `strptime` pattern, empty where nothing is."""
    if pattern in {ISO, EPOCH_S, EPOCH_MS}:
        return ""
    if "%Y" not in pattern:
        return f'"{pattern[:40]}" is neither iso, epoch_s, epoch_ms nor a pattern with %Y'
    sample = datetime(2026, 11, 3, 17, 5, 9)  # noqa: DTZ001 - only written and read back
    try:
        back = datetime.strptime(sample.strftime(pattern), pattern)  # noqa: DTZ007 - as above
    except (ValueError, re.error) as error:
        return f'"{pattern[:40]}" is no time pattern: {error}'
    return "" if back.date() == sample.date() else f'"{pattern[:40]}" does not name the whole day'


def _parsed(text: str, patterns: list[str], *, iso: bool) -> datetime | None:
    if iso:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    for pattern in patterns:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is added by the caller
        except ValueError:
            continue
    return None


def _micros(moment: datetime, zone: ZoneInfo) -> int:
    if not FIRST_YEAR <= moment.year < END_YEAR:
        raise _out_of_range()
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return (moment - _EPOCH) // _MICROSECOND


def _since_epoch(number: Decimal, units: list[int]) -> int:
    for unit in units:
        micros = int(number * unit)
        if 0 <= micros < _END_US and moment_of(micros).year >= FIRST_YEAR:
            return micros
    raise _out_of_range()


def _out_of_range() -> Exception:
    return bad_value(
        f"年份须在 {FIRST_YEAR} 至 {END_YEAR - 1} 之间",
        f"its year must be from {FIRST_YEAR} to {END_YEAR - 1}",
    )


_END_US = (datetime(END_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
