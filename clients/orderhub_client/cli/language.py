"""Which of the hub's two languages people read."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orderhub.common.v1 import text_pb2 as text_v1

_chosen: ContextVar[str] = ContextVar("language", default="")


def choose(given: str) -> None:
    """Speak `given` from now on; empty: as the environment says."""
    _chosen.set(given)


def chosen() -> str:
    """Return `zh` or `en`."""
    given = _chosen.get() or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if given.lower().startswith("zh") else "en"


def said(text: text_v1.LocalizedText) -> str:
    """Return the sentence in the chosen language, in the other where it has none."""
    first, second = (text.zh, text.en) if chosen() == "zh" else (text.en, text.zh)
    return first or second
