"""Amounts become book currency by the rate of their day, or stay unknown."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from services.rules.rates import Rate, Rates

RATES = Rates(
    (
        Rate("BRL", date(2017, 1, 1), Fraction("2.12")),
        Rate("BRL", date(2018, 1, 1), Fraction("1.81")),
        Rate("JPY", date(2017, 1, 1), Fraction("0.06")),
        Rate("KWD", date(2017, 1, 1), Fraction("22.5")),
    )
)


@pytest.mark.parametrize(
    ("amount", "currency", "day", "book"),
    [
        (500_001, "CNY", date(1990, 1, 1), 500_001),
        (10_000, "BRL", date(2017, 1, 1), 21_200),
        (10_000, "BRL", date(2017, 12, 31), 21_200),
        (10_000, "BRL", date(2018, 1, 1), 18_100),
        (10_000, "BRL", date(2016, 12, 31), None),
        (1_000, "JPY", date(2020, 1, 1), 6_000),
        (1_000, "KWD", date(2020, 1, 1), 2_250),
        (10_000, "XXX", date(2020, 1, 1), None),
        (25, "BRL", date(2017, 6, 1), 53),
    ],
)
def test_uses_the_latest_rate_not_after_the_day(amount, currency, day, book) -> None:
    assert RATES.to_book(amount, currency, day) == book
