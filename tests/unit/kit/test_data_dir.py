"""The data folder: what cannot be used ends in one sentence, never in a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services._kit.config import Config
from services._kit.errors import ConfigError
from services._kit.lockfile import LockFile

if TYPE_CHECKING:
    from pathlib import Path


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ConfigError, match=r"ORDERHUB_DATA_DIR: .* cannot be made"):
        Config(data_dir=tmp_path / "file" / "data").make_data_dir()


def test_a_lock_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        LockFile(tmp_path / "nowhere" / "hub.lock")
