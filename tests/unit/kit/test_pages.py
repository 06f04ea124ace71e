"""Page tokens go back to where they came from, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services._kit.errors import Malformed
from services._kit.pages import PageTokens, page_size
from services._kit.reasons import Reason

TOKENS = PageTokens(b"s" * 32)
positions = st.lists(st.one_of(st.text(), st.integers(-(2**63), 2**63 - 1)), max_size=4)


@given(st.binary(), positions)
def test_a_token_gives_its_position_back(query: bytes, position: list[str | int]) -> None:
    assert TOKENS.position(query, TOKENS.token(query, position)) == position


@given(st.binary(), st.binary(), positions)
def test_a_token_is_good_for_its_own_query_only(
    query: bytes, other: bytes, position: list[str | int]
) -> None:
    token = TOKENS.token(query, position)
    if query == other:
        return

    with pytest.raises(Malformed) as caught:
        TOKENS.position(other, token)

    assert caught.value.reason is Reason.PAGE_TOKEN_OTHER_QUERY


@given(st.text(min_size=1))
def test_any_other_text_is_refused_by_the_fields_name(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        TOKENS.position(b"query", text)

    assert caught.value.field == "page_token"


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = TOKENS.token(b"query", ["20260301000001", 7])
    place = data.draw(st.integers(0, len(token) - 2))  # the last letter has idle bits
    letter = data.draw(st.sampled_from("ABCxyz019-_").filter(lambda c: c != token[place]))

    with pytest.raises(Malformed):
        TOKENS.position(b"query", token[:place] + letter + token[place + 1 :])


def test_another_installations_token_is_refused() -> None:
    foreign = PageTokens(b"t" * 32).token(b"query", [1])

    with pytest.raises(Malformed):
        TOKENS.position(b"query", foreign)


def test_no_token_is_the_first_page() -> None:
    assert TOKENS.position(b"query", "") is None


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (7, 7), (500, 500), (100_000, 500)])
def test_a_page_has_a_default_and_a_largest_size(asked: int, given: int) -> None:
    assert page_size(asked) == given


def test_a_negative_page_size_is_refused() -> None:
    with pytest.raises(Malformed) as caught:
        page_size(-1)

    assert caught.value.field == "page_size"
