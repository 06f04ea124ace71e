"""Dated exchange rates into the book currency, kept as data in the rulebook."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

BOOK_CURRENCY = "CNY"
MINOR_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "KWD": 3, "BHD": 3, "OMR": 3, "TND": 3}
"""ISO 4217 exponents that are not 2."""

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Rate:
    """Book currency for one unit of `currency`, from a day on."""

    currency: str
    since: date
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Rates:
    """All rates, of which the latest not after the day counts."""

    table: tuple[Rate, ...] = ()

    def to_book(self, amount_minor: int, currency: str, day: date) -> int | None:
        """Return `amount_minor` of `currency` in minor units of the book currency.

        Rounds half to even. None when no rate is known for that day: an amount is never guessed.
        """
        rate = self.rate(currency, day)
        return None if rate is None else converted(amount_minor, rate)

    def rate(self, currency: str, day: date) -> Fraction | None:
        """Return book minor units for one minor unit of `currency` on `day`."""
        if currency == BOOK_CURRENCY:
            return ONE
        known = [each for each in self.table if each.currency == currency and each.since <= day]
        if not known:
            return None
        scale = Fraction(10) ** (2 - MINOR_DIGITS.get(currency, 2))
        return max(known, key=lambda each: each.since).rate * scale


def converted(amount_minor: int, rate: Fraction) -> int:
    """Return `amount_minor` × `rate`, rounded half to even, in integers throughout."""
    if rate is ONE:
        return amount_minor
    whole, rest = divmod(amount_minor * rate.numerator, rate.denominator)
    twice = 2 * rest
    return whole + (twice > rate.denominator or (twice == rate.denominator and whole % 2 == 1))
