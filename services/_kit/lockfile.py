"""One process per SQLite file."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from services._kit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

POLL_S = 0.05


class LockFile:
    """An exclusive lock that the kernel frees when its process ends, however it ends.

    Parameters
    ----------
    path
        The lock's file; it stays, holding the last owner's process id.
    wait_s
        How long to wait for a process that is just ending.

    Raises
    ------
    ConfigError
        When another process holds it, or the folder cannot be written.
    """

    def __init__(self, path: Path, *, wait_s: float = 1.0) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
        give_up = time.monotonic() + wait_s
        while not self._try():
            if time.monotonic() >= give_up:
                owner = os.read(self._file, 32).decode(errors="replace").strip() or "unknown"
                os.close(self._file)
                raise ConfigError(
                    f"{path.with_suffix('')} is in use by process {owner}; stop that one, or give "
                    "this one another ORDERHUB_DATA_DIR"
                )
            time.sleep(POLL_S)
        os.ftruncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        """Let the next process have it."""
        os.close(self._file)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
