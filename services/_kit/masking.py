"""Personal data taken out of anything that leaves as text."""

from __future__ import annotations

import re
from typing import Any

PERSONAL_KEYS = frozenset({"recipient", "name", "street", "phone", "address"})
MASK = "***"
MAX_DEPTH = 6

# Mobile numbers (11 digits, with or without separators and +86), land lines with their area
# code, and anything written internationally. Digits on either side rule a match out, so that
# order numbers and instants stay readable.
_PHONE = re.compile(
    r"(?<!\d)(?:"
    r"(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"
    r"|0\d{2,3}-\d{7,8}"
    r"|\+\d{1,3}[ -]?\d{2,4}[ -]?\d{3,4}[ -]?\d{3,4}"
    r")(?!\d)"
)


def masked_text(text: str) -> str:
    """Return `text` with every phone number replaced."""
    return _PHONE.sub(MASK, text)


def masked(value: Any, depth: int = 0) -> Any:
    """Return `value` with phone numbers and the values of personal keys replaced, at any depth."""
    if isinstance(value, dict):
        if depth >= MAX_DEPTH:
            return MASK
        return {
            key: MASK if is_personal(key) else masked(item, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return MASK if depth >= MAX_DEPTH else [masked(item, depth + 1) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return MASK if _PHONE.fullmatch(str(value)) else value
    return value if value is None or isinstance(value, bool | float) else masked_text(str(value))


def is_personal(key: object) -> bool:
    """Return whether `key` names a personal value, as `phone` or `recipient_name`."""
    word = str(key).lower()
    return word in PERSONAL_KEYS or word.startswith("recipient_") or word.endswith("_phone")
