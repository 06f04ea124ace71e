"""Tables say the same in the terminal and in Markdown."""

from __future__ import annotations

import pytest

from tests.bench.tables import NOTHING, Table, milliseconds, number, per_cent, times


def small() -> Table:
    table = Table("Rates", ("way", ">orders/s"), notes=["A note."])
    table.add("ours", "1,200")
    table.add("a|b", NOTHING)
    return table


def test_markdown_aligns_figures_right_and_escapes_bars() -> None:
    assert small().markdown() == (
        "### Rates\n\n"
        "| way | orders/s |\n| --- | ---: |\n| ours | 1,200 |\n| a\\|b | – |\n"
        "\nA note.\n"
    )


def test_text_keeps_columns_straight() -> None:
    assert small().text() == (
        "Rates\n\nway   orders/s\n----  --------\nours     1,200\na|b          –\nA note.\n"
    )


def test_refuses_a_row_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        small().add("ours")


def test_figures_for_people() -> None:
    assert number(1234.5, 1) == "1,234.5"
    assert per_cent(0.01234) == "1.23 %"
    assert milliseconds(0.0123) == "12.3 ms"
    assert times(1.234) == "1.23×"
    assert number(None) == per_cent(None) == milliseconds(None) == times(None) == NOTHING
