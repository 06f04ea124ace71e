"""`apportion`: parts that sum, close to their share, fair among equals."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.allocation.apportion import apportion
from solver.errors import InvalidProblemError

AMOUNTS = st.integers(-(2**60), 2**60)
WEIGHTS = st.lists(st.integers(0, 2**40), min_size=1, max_size=30)


@given(AMOUNTS, WEIGHTS)
def test_parts_sum_to_the_whole(total: int, weights: list[int]) -> None:
    parts = apportion(total, weights)

    assert sum(parts) == total


@given(AMOUNTS, WEIGHTS)
def test_every_part_is_within_one_unit_of_its_share(total: int, weights: list[int]) -> None:
    parts = apportion(total, weights)

    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        share = Fraction(total * weight, whole) if whole else Fraction(total, len(weights))
        assert abs(part - share) < 1


@given(AMOUNTS, st.data(), WEIGHTS)
def test_amounts_do_not_depend_on_the_order_of_weights(
    total: int, data: st.DataObject, weights: list[int]
) -> None:
    shuffled = data.draw(st.permutations(weights))

    pairs = sorted(zip(weights, apportion(total, weights), strict=True))
    again = sorted(zip(shuffled, apportion(total, shuffled), strict=True))

    assert pairs == again


@given(st.integers(0, 2**40), st.lists(st.integers(0, 50), min_size=2, max_size=9))
def test_a_larger_weight_never_gets_less(total: int, weights: list[int]) -> None:
    parts = apportion(total, weights)

    by_weight = sorted(zip(weights, parts, strict=True))
    for (light, less), (heavy, more) in itertools.pairwise(by_weight):
        assert less <= more or light == heavy


def test_nothing_is_charged_to_what_weighs_nothing() -> None:
    assert apportion(7, [0, 3, 0]) == [0, 7, 0]


@pytest.mark.parametrize("weights", [[], [1, -1]])
def test_refuses_weights_that_divide_nothing(weights: list[int]) -> None:
    with pytest.raises(InvalidProblemError, match="weights"):
        apportion(5, weights)
