"""What a channel says it provides agrees with what the rulebook takes it to provide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from services.intake.mapping import load_channels
from services.intake.mapping.targets import SOURCES

RULEBOOK = Path(__file__).resolve().parents[3] / "rules" / "channels.yaml"
TABLE: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(RULEBOOK.read_text("utf-8"))
CHANNELS = load_channels()


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_what_no_field_fills_is_never_taken_as_provided(name: str) -> None:
    entry = TABLE.get(name, TABLE["default"])
    taken_as_provided = (
        set(SOURCES) - set(entry.get("without", ())) - set(entry.get("optional", ()))
    )

    assert taken_as_provided <= CHANNELS[name].facts


@pytest.mark.parametrize("name", sorted(CHANNELS.keys() & TABLE.keys()))
def test_what_a_field_fills_is_not_taken_as_absent(name: str) -> None:
    assert not set(TABLE[name].get("without", ())) & CHANNELS[name].facts
