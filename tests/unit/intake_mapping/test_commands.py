"""`check`, `try` and `reference` on the command line."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from services.intake.mapping import CHANNELS_FOLDER
from services.intake.mapping.__main__ import main
from services.intake.mapping.loading import MAPPING_FILE

if TYPE_CHECKING:
    from pathlib import Path

FULL = CHANNELS_FOLDER / "generic_json" / "fixtures" / "full.json"


def test_check_passes_on_the_hubs_own_channels(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0

    assert "olist: ok" in capsys.readouterr().out


def test_check_names_file_line_and_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "olist"
    shutil.copytree(CHANNELS_FOLDER / "olist", folder)
    text = (folder / MAPPING_FILE).read_text("utf-8")
    (folder / MAPPING_FILE).write_text(text.replace("version: 1", "version: 3"), "utf-8")
    line = text[: text.index("version: 1")].count("\n") + 1

    assert main(["check", str(folder)]) == 1

    assert f"olist/mapping.yaml:{line}:10: " in capsys.readouterr().out


def test_check_says_what_a_fixture_should_have_become(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "olist"
    shutil.copytree(CHANNELS_FOLDER / "olist", folder)
    text = (folder / MAPPING_FILE).read_text("utf-8")
    unmerged = text.replace("merge_equal: true", "merge_equal: false")
    (folder / MAPPING_FILE).write_text(unmerged, "utf-8")

    assert main(["check", str(folder)]) == 1

    assert "delivered.json: order.lines should be" in capsys.readouterr().out
    assert main(["check", str(folder), "--record"]) == 0


def test_check_of_a_folder_without_channels_is_wrong_use(tmp_path: Path) -> None:
    assert main(["check", str(tmp_path)]) == 2


def test_try_shows_each_field_and_masks_the_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["try", "generic_json", str(FULL)]) == 0

    out = capsys.readouterr().out
    assert "total_minor" in out
    assert "← total | total_minor" in out
    assert "not read, kept in the raw payload: unknown_key.kept" in out
    assert "17000000001" not in out


def test_try_prints_the_outcome_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["try", "generic_json", str(FULL), "--json"]) == 0

    order = json.loads(capsys.readouterr().out)["order"]
    assert order["total_minor"] == "35800"
    assert "recipient" not in order


def test_try_says_why_a_payload_is_kept_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = tmp_path / "payload.json"
    payload.write_bytes(b'{"external_order_id": "X", "placed_at": "soon"}')

    assert main(["try", "generic_json", str(payload)]) == 1

    out = capsys.readouterr().out
    assert "✗ BAD_VALUE" in out
    assert "kept aside, BAD_VALUE" in out


@pytest.mark.parametrize("arguments", [["try", "nowhere", "x"], ["try", "olist", "/no/such/file"]])
def test_try_without_channel_or_file_is_wrong_use(arguments: list[str]) -> None:
    assert main(arguments) == 2


def test_reference_prints_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference"]) == 0

    assert "| `external_order_id` |" in capsys.readouterr().out
