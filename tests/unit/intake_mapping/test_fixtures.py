"""Each channel's recorded payloads become what is written down for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from services.intake.mapping import CHANNELS_FOLDER, check_mapping, load_channels
from services.intake.mapping.fixtures import differences, expected_path, fixtures_of
from services.intake.mapping.loading import channel_folders

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = load_channels()
FOLDERS = channel_folders(CHANNELS_FOLDER)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_mapping_has_no_problem(folder: Path) -> None:
    assert check_mapping(folder) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_fixtures_become_what_is_expected(folder: Path) -> None:
    assert list(differences(CHANNELS[folder.name], folder)) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_expectation_has_its_fixture_and_both_outcomes_are_shown(folder: Path) -> None:
    expected = {expected_path(folder, fixture) for fixture in fixtures_of(folder)}

    written = set((folder / "expected").glob("*"))

    kinds = {next(iter(json.loads(path.read_text("utf-8")))) for path in written}
    assert written == expected
    assert {"order", "unmappable"} <= kinds


def test_the_four_first_channels_are_there() -> None:
    assert {"generic_json", "generic_csv", "olist", "online_retail"} <= CHANNELS.keys()
