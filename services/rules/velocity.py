"""Velocity features: what may be counted about an order's phone, address or account.

A window of length w ending at an order placed at t is the half-open interval (t - w, t]: an event
exactly w old has left it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KEYS = {"phone": "phone", "address": "street", "customer": "customer"}
"""What features are counted by, and the source of facts each needs."""

EVENTS = ("order", "return", "cancel")
LONGEST_WINDOW_S = 400 * 86_400

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FORM = re.compile(
    r"(?:count\(\)|count_distinct\((?P<distinct>\w+)\)) by (?P<key>\w+)"
    r" over (?P<n>\d{1,6})(?P<u>[smhd])\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Feature:
    """`count()` of events, or of distinct values of another key, by key over a window.

    `distinct` is "" for a plain count.
    """

    name: str
    event: str
    key: str
    distinct: str
    window_s: int
    zh: str = ""
    en: str = ""

    @property
    def sources(self) -> frozenset[str]:
        """The sources of facts a channel must provide for it."""
        needed = {KEYS[self.key]}
        if self.distinct:
            needed.add(KEYS[self.distinct])
        return frozenset(needed)


def parse_formula(text: str) -> tuple[str, str, int]:
    """Return (distinct, key, window_s) of ``count_distinct(address) by phone over 10m``.

    Raises
    ------
    ValueError
        When it is not of that form, saying why.
    """
    match = _FORM.match(" ".join(text.split()))
    if match is None:
        raise ValueError(
            "write count() by KEY over 10m or count_distinct(KEY) by KEY over 30d (s, m, h, d)"
        )
    distinct, key = match["distinct"] or "", match["key"]
    for name in filter(None, (key, distinct)):
        if name not in KEYS:
            raise ValueError(f"cannot count by {name}; keys are {', '.join(KEYS)}")
    if key == distinct:
        raise ValueError(f"distinct {key} by {key} is always 1")
    window_s = int(match["n"]) * _SECONDS[match["u"]]
    if not 0 < window_s <= LONGEST_WINDOW_S:
        raise ValueError(f"a window has 1 s to {LONGEST_WINDOW_S // 86_400} days")
    return distinct, key, window_s
