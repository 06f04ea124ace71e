"""The installation's secret: made once, readable by its owner only."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from services._kit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from services._kit.config import Config

SECRET_BYTES = 32


def load_secret(config: Config) -> bytes:
    """Return the secret of this installation, at least 32 bytes; make it where it is absent.

    Machines that share a database need the same secret: give each `ORDERHUB_SECRET_FILE`.

    Raises
    ------
    ConfigError
        When the file is too short, cannot be read, or others may read it.
    """
    path = config.secret_file or config.data_dir / "secret"
    try:
        if config.secret_file is None:
            config.make_data_dir()
            _make(path)
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path}: others may read the secret; chmod 600 it")
        found = path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"{path}: the secret cannot be read: {error.strerror}") from error
    if len(found) < SECRET_BYTES:
        raise ConfigError(f"{path}: the secret has fewer than {SECRET_BYTES} bytes")
    return found


def derived(secret: bytes, purpose: str) -> bytes:
    """Return a 32 byte key for one purpose, so that no key serves two."""
    return hashlib.blake2b(purpose.encode(), key=secret[:64], digest_size=32).digest()


def _make(path: Path) -> None:
    """Write a new secret unless there is one; of several starters, one wins."""
    if path.exists():
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(file, secrets.token_hex(SECRET_BYTES).encode())
        os.fsync(file)
    finally:
        os.close(file)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
