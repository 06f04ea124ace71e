"""Paths: what they find, how they are written, and what is at fault where they end early."""

from __future__ import annotations

import pytest

from services.intake.mapping.paths import compile_path, parse_path, written
from services.intake.mapping.reasons import Fault

PAYLOAD = {
    "order": {"id": " 7 ", "empty": "  ", "a.b": 1, "lines": [{"price": "1"}, {"price": None}, {}]},
    "flat": "nan",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("order.id", "7"),
        ("order.empty", None),
        ("order.none.deeper", None),
        ('order."a.b"', 1),
        ("order.lines[0].price", "1"),
        ("order.lines[9].price", None),
        ("$.order.id", "7"),
        ("flat", "nan"),
    ],
)
def test_a_path_finds_what_stands_there(text: str, value: object) -> None:
    assert compile_path(text).get(PAYLOAD, PAYLOAD) == value


def test_a_path_from_the_root_leaves_the_scope() -> None:
    assert compile_path("$.flat").get({"flat": "here"}, PAYLOAD) == "nan"


def test_words_for_nothing_are_nothing() -> None:
    assert compile_path("flat", frozenset({"nan"})).get(PAYLOAD, PAYLOAD) is None


def test_each_value_comes_with_its_own_place() -> None:
    path = compile_path("order.lines[].price")

    assert list(path.each(PAYLOAD, PAYLOAD)) == [("order.lines[0].price", "1")]


@pytest.mark.parametrize(
    ("text", "at"),
    [("flat.deeper", "flat"), ("order.lines.price", "order.lines"), ("order[0]", "order")],
)
def test_a_fault_names_the_place_where_the_path_could_not_go_on(text: str, at: str) -> None:
    with pytest.raises(Fault) as caught:
        compile_path(text).get(PAYLOAD, PAYLOAD)

    assert caught.value.path == at


@pytest.mark.parametrize(
    "text", ["", ".", "a..b", "a.", ".a", "a[", "a[x]", "a.[0]", '"a', "$.", "a]b"]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"path|expected"):
        parse_path(text)


@pytest.mark.parametrize("text", ["a", "a.b", "a[0].b", "rows[].x", "订单.金额"])
def test_a_path_is_written_as_it_was_read(text: str) -> None:
    assert written(parse_path(text)[1]) == text
