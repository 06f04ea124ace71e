"""Numbers stay exact: money against rational arithmetic, whole numbers, coordinates."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.mapping.currencies import EXPONENTS
from services.intake.mapping.reasons import Fault
from services.intake.mapping.values import bool_of, decimal_of, degrees_e7, minor_of, whole_of

AMOUNTS = st.decimals("-999999999", "999999999", places=4)


def half_up(number: Fraction) -> int:
    """Nearest whole number, halves away from zero."""
    magnitude = int(abs(number) + Fraction(1, 2))
    return -magnitude if number < 0 else magnitude


@given(amount=AMOUNTS, exponent=st.integers(0, 4))
def test_rounding_half_up_is_that_of_rational_arithmetic(amount: Decimal, exponent: int) -> None:
    assert minor_of(amount, exponent, ROUND_HALF_UP) == half_up(Fraction(amount) * 10**exponent)


@given(amount=AMOUNTS, exponent=st.integers(0, 4))
def test_rounding_half_even_is_that_of_rational_arithmetic(amount: Decimal, exponent: int) -> None:
    assert minor_of(amount, exponent, ROUND_HALF_EVEN) == round(Fraction(amount) * 10**exponent)


@given(minor=st.integers(-(10**14), 10**14), code=st.sampled_from(sorted(EXPONENTS)))
def test_an_amount_written_in_major_units_comes_back(minor: int, code: str) -> None:
    exponent = EXPONENTS[code]
    written = format(Decimal(minor).scaleb(-exponent), "f")

    assert minor_of(decimal_of(written), exponent, None) == minor


@pytest.mark.parametrize("exponent", [0, 2, 3])
def test_a_tenth_of_a_minor_unit_is_refused_unless_rounding_is_stated(exponent: int) -> None:
    amount = Decimal(1).scaleb(-exponent - 1)

    with pytest.raises(Fault):
        minor_of(amount, exponent, None)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "1,5",
        "1 000",
        "1_000",
        "1e3",
        "٣",
        "１２",
        "NaN",
        "inf",
        "--1",
        "0x10",
        True,
        [],
        {},
        "9" * 16,
    ],
)
def test_what_is_no_plain_decimal_is_refused(raw: object) -> None:
    with pytest.raises(Fault):
        decimal_of(raw)


@pytest.mark.parametrize("raw", ["6", "6.0", "+6", 6, Decimal("6.00")])
def test_a_whole_number_may_be_written_with_an_empty_fraction(raw: object) -> None:
    assert whole_of(raw) == 6


@pytest.mark.parametrize("raw", ["6.5", Decimal("6.5"), True, "6e0", None, "six"])
def test_what_is_no_whole_number_is_refused(raw: object) -> None:
    with pytest.raises(Fault):
        whole_of(raw)


@given(e7=st.integers(-900_000_000, 900_000_000))
def test_coordinates_are_exact_to_seven_decimals(e7: int) -> None:
    assert degrees_e7(format(Decimal(e7).scaleb(-7), "f"), 90) == e7


def test_a_latitude_beyond_the_pole_is_refused() -> None:
    with pytest.raises(Fault):
        degrees_e7("90.0000001", 90)


@pytest.mark.parametrize(("raw", "meant"), [("是", True), ("No", False), (1, True), (False, False)])
def test_booleans_are_read_in_both_languages(raw: object, meant: bool) -> None:
    assert bool_of(raw) is meant
