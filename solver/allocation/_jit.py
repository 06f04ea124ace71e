"""Compilation of kernels: without the GIL, cached where a disk allows it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

ROOM = Path(__file__).parent
SETTINGS: Any = numba.config  # its attributes come from the environment


def _fingerprint() -> str:
    """Hash of every source of this room that holds kernels.

    Numba's own cache looks at one file's time stamp, so a kernel would keep
    calling the old code of a helper that changed in another file.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(ROOM.glob("*.py")):
        text = source.read_bytes()
        if b"\n@kernel\n" in text:
            digest.update(text)
    return digest.hexdigest()[:16]


def _cache_folder() -> Path | None:
    """Return a writable folder for compiled kernels, or None."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    for parent in (ROOM / "__pycache__", user / "orderhub"):
        folder = parent / f"kernels-{_fingerprint()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


CACHE_FOLDER = _cache_folder()


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` at its first call; later processes load it from disk.

    On an install that cannot be written to, every process compiles for itself.
    """
    if CACHE_FOLDER is None:
        return numba.njit(nogil=True)(function)
    before = SETTINGS.CACHE_DIR
    SETTINGS.CACHE_DIR = str(CACHE_FOLDER)
    try:
        return numba.njit(nogil=True, cache=True)(function)
    finally:
        SETTINGS.CACHE_DIR = before
