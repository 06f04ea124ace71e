"""The guide's examples are executed, and its generated part is the current one."""

from __future__ import annotations

import re
from pathlib import Path

from services.intake.mapped import MappedOrder
from services.intake.mapping import load_channels
from services.intake.mapping.compiler import compile_mapping
from services.intake.mapping.problems import Problems
from services.intake.mapping.reference import BEGIN, END, reference

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "channels.md").read_text("utf-8")


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_mapping_in_the_guide_has_no_problem() -> None:
    problems = Problems("guide")

    mapping = compile_mapping("river_mall", example("yaml").encode(), problems)

    assert [str(problem) for problem in problems.found] == []
    assert mapping is not None


def test_the_order_in_the_guide_maps_and_leaves_no_field_unset() -> None:
    mapping = load_channels()["generic_json"]

    mapped = mapping.map(example("json").encode(), "", {}.get)

    assert isinstance(mapped, MappedOrder)
    order = mapped.order
    assert order.total_minor == 35800
    assert order.payment.deposit_minor == 2000
    assert order.destination.location.lat_e7 == 302741000
    assert order.recipient.phone_extension == "8012"
    assert order.HasField("delivery_window")
    assert dict(order.attributes) == {"campaign": "双11"}


def test_the_generated_part_is_the_current_one() -> None:
    generated = GUIDE[GUIDE.index(BEGIN) : GUIDE.index(END) + len(END)] + "\n"

    assert generated == reference(), "run: python -m services.intake.mapping reference"
