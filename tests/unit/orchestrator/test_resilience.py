"""`call_in_parts`: one bad item never costs its neighbours their answer."""

from __future__ import annotations

import math

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orchestrator.peers import CallRefused, ShuttingDown
from services.orchestrator.resilience import call_in_parts


@given(st.integers(0, 256), st.sets(st.integers(0, 255), max_size=5))
def test_only_the_refused_items_lack_an_answer(size: int, bad: set[int]) -> None:
    calls = 0

    def call(part: list[int]) -> list[int]:
        nonlocal calls
        calls += 1
        if bad & set(part):
            raise CallRefused(grpc.StatusCode.INVALID_ARGUMENT, "bad")
        return [item * 10 for item in part]

    answers = call_in_parts(range(size), lambda part: call(list(part)))

    assert answers == [None if item in bad else item * 10 for item in range(size)]
    present = len(bad & set(range(size)))
    assert calls <= 1 + 2 * present * (math.ceil(math.log2(size)) if size > 1 else 0)


def test_an_answer_short_of_items_is_no_answer() -> None:
    assert call_in_parts([1, 2], lambda _: [1]) == [None, None]


def test_stopping_is_not_taken_for_a_refusal() -> None:
    def call(_: object) -> list[int]:
        raise ShuttingDown

    with pytest.raises(ShuttingDown):
        call_in_parts([1], call)
