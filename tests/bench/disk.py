"""How long the disk takes to promise that bytes are there."""

from __future__ import annotations

import os
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = b"\0" * 4096


def fsync_seconds(folder: Path, writes: int = 200) -> list[float]:
    """Return the seconds of each of `writes` appends of 4 KiB with fsync, in `folder`."""
    taken = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(writes):
            began = time.perf_counter()
            file.write(BLOCK)
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return taken
