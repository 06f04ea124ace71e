"""Turns what a payload holds into typed values: text, whole numbers, exact decimals, booleans.

Every function takes a value that is there (never `None`) and raises `Fault` without a path; the
reader that knows the place adds it.
"""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from services.intake.mapping.reasons import bad_value

MOST_MINOR = 10**15  # far above any order, far below the wire's int64
MOST_FRACTION = 12  # decimals a payload may write

_WHOLE = re.compile(r"([+-]?[0-9]{1,18})(?:\.0*)?\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{0,12})?\Z")
_E7 = Decimal(10) ** 7
_TRUE = frozenset({"true", "1", "yes", "y", "是"})
_FALSE = frozenset({"false", "0", "no", "n", "否"})

ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "down": ROUND_DOWN}
"""Names a mapping may give a rounding; `exact` (none of these) refuses to round."""


def text_of(raw: Any) -> str:
    """Return `raw`, text or a number, as text."""
    if type(raw) is str:
        if "\x00" in raw:
            raise bad_value("含有空字符", "it holds a NUL character")
        return raw
    if type(raw) is int and abs(raw) < 10**40:
        return str(raw)
    if type(raw) is Decimal:
        return format(_bounded(raw), "f")
    raise bad_value("应为文本", "text is expected")


def whole_of(raw: Any) -> int:
    """Return `raw` as a whole number; `6.0` is one, `6.5` and `true` are none."""
    if type(raw) is str:
        match = _WHOLE.match(raw)
        if match:
            return int(match[1])
    elif type(raw) is int:
        if abs(raw) < 10**18:
            return raw
    elif type(raw) is Decimal:
        number = _bounded(raw)
        if number == number.to_integral_value():
            return int(number)
    raise bad_value("应为整数", "a whole number is expected")


def decimal_of(raw: Any) -> Decimal:
    """Return `raw` as an exact decimal: plain digits, at most 15 before and 12 after the point."""
    if type(raw) is str and _DECIMAL.match(raw):
        return Decimal(raw)
    if type(raw) is int and abs(raw) < MOST_MINOR:
        return Decimal(raw)
    if type(raw) is Decimal:
        return _bounded(raw)
    raise bad_value("应为普通小数", "a plain decimal number is expected")


def bool_of(raw: Any) -> bool:
    """Return `raw`, a boolean or a usual word for one, in Chinese or English."""
    if type(raw) is bool:
        return raw
    if type(raw) in {str, int}:
        word = str(raw).casefold()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    raise bad_value("应为是或否", "true or false is expected")


def minor_of(major: Decimal, exponent: int, rounding: str | None) -> int:
    """Return `major` units of a currency in minor units.

    Parameters
    ----------
    exponent
        Decimals of the currency.
    rounding
        One of the `decimal` module's; `None` refuses an amount that is not whole in minor units.
    """
    scaled = major.scaleb(exponent)
    minor = int(scaled)
    if minor != scaled:
        if rounding is None:
            raise bad_value(
                f"小数位超过币种允许的 {exponent} 位",
                f"it has more than the currency's {exponent} decimals",
            )
        minor = int(scaled.to_integral_value(rounding))
    if not -MOST_MINOR < minor < MOST_MINOR:
        raise bad_value("金额过大", "the amount is too large")
    return minor


def degrees_e7(raw: Any, most: int) -> int:
    """Return degrees in 1e-7 degrees, half to even; at most `most` degrees either way."""
    degrees = decimal_of(raw)
    if abs(degrees) > most:
        raise bad_value(f"坐标超出 ±{most} 度", f"a coordinate is within ±{most} degrees")
    return int((degrees * _E7).to_integral_value(ROUND_HALF_EVEN))


def _bounded(number: Decimal) -> Decimal:
    # a literal such as 1e999999 must never be written out digit by digit
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -MOST_FRACTION and number.adjusted() < 15:
        return number
    raise bad_value("数字过大或小数位过多", "the number is too large or has too many decimals")
