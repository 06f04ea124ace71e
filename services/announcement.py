"""`hub.json`: where a running hub can be found."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from services._kit.lockfile import LockFile

if TYPE_CHECKING:
    from datetime import datetime

    from services._kit.config import Config


class Announcement:
    """One hub per data folder: its lock, and the file that tells clients where it is.

    Raises
    ------
    ConfigError
        When another hub runs on the folder.
    """

    def __init__(self, config: Config) -> None:
        data_dir = config.make_data_dir()
        self._lock = LockFile(data_dir / "hub.lock")
        self._path = data_dir / "hub.json"

    def write(self, addresses: dict[str, str], started: datetime) -> None:
        """Say where each service answers; readers see the old file or the new one, never half."""
        said = {"pid": os.getpid(), "started": started.isoformat(), "addresses": addresses}
        fresh = self._path.with_suffix(".json.new")
        fresh.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
        fresh.replace(self._path)

    def withdraw(self) -> None:
        """Take the file away and let another hub have the folder."""
        self._path.unlink(missing_ok=True)
        self._lock.release()
