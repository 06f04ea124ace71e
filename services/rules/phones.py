"""Phone numbers: one form for each, and whether it can exist."""

from __future__ import annotations

import re
import unicodedata

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0(?:10|2[0-57-9]|[3-9][0-9]{2})[2-9][0-9]{6,7}")
_SERVICE = re.compile(r"[48]00[0-9]{7}|9[56][0-9]{3,7}")
_INTERNATIONAL = re.compile(r"[1-9][0-9]{6,14}")
_NOT_DIGIT = re.compile(r"[^0-9]")


def normalised(phone: str, country: str) -> str:
    """Return the digits of `phone` without separators, and without 86 for China."""
    text = unicodedata.normalize("NFKC", phone).strip()
    digits = _NOT_DIGIT.sub("", text)
    if country == "CN":
        for prefix in ("0086", "86"):
            rest = digits.removeprefix(prefix)
            if rest != digits and (text.startswith(("+", "00")) or _MOBILE.fullmatch(rest)):
                return rest
    return digits


def is_masked(phone: str) -> bool:
    """Say whether part of the number is starred out."""
    return any(mark in phone for mark in "*＊xX#•")


def can_exist(digits: str, country: str) -> bool:
    """Say whether a number of `country` can have these `digits` (as `normalised` gives them)."""
    if country != "CN":
        return _INTERNATIONAL.fullmatch(digits.removeprefix("00")) is not None
    return any(form.fullmatch(digits) for form in (_MOBILE, _LANDLINE, _SERVICE))
