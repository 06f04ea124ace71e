"""The arithmetic behind every published figure."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figures import gap, percentile, rate, ratio, spread

VALUES = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


def test_percentiles_of_a_hundred_values_are_the_values_at_those_ranks() -> None:
    values = list(range(100, 0, -1))

    found = [percentile(values, share) for share in (0, 0.5, 0.95, 0.99, 1)]

    assert found == [1, 50, 95, 99, 100]


def test_the_99th_percentile_of_few_values_is_the_largest_of_them() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.99) == 3.0


@given(values=VALUES, share=st.floats(0, 1))
def test_at_least_the_share_is_at_or_below_a_percentile_and_less_is_below(values, share) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
    assert sum(value < found for value in values) < max(1, math.ceil(share * len(values)))


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 1.01), ([1.0], -0.01)])
def test_refuses_what_has_no_percentile(values, share) -> None:
    with pytest.raises(ValueError, match=r"no values|between 0 and 1"):
        percentile(values, share)


def test_a_spread_is_least_median_and_most() -> None:
    found = spread([4.0, 1.0, 2.0, 8.0])

    assert (found.least, found.median, found.most, found.count) == (1.0, 3.0, 8.0, 4)


def test_a_rate_counts_per_second_and_is_nothing_without_time() -> None:
    assert rate(300, 1.5) == 200.0
    assert rate(300, 0.0) is None


def test_a_ratio_is_ours_in_terms_of_theirs_and_nothing_without_either() -> None:
    assert ratio(3.0, 2.0) == 1.5
    assert ratio(0.0, 2.0) == 0.0
    assert ratio(3.0, 0.0) is None
    assert ratio(None, 2.0) is None


def test_a_gap_is_the_share_above_the_reference() -> None:
    assert gap(105.0, 100.0) == pytest.approx(0.05)
    assert gap(95.0, 100.0) == pytest.approx(-0.05)
    assert gap(1.0, 0.0) is None
