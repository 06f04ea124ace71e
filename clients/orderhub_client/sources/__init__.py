"""Readers of order sources: they read files and group rows; the hub does the mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub_client.sources import generic_csv, generic_json, olist, online_retail
from orderhub_client.sources.text import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from orderhub_client.sources.payload import Payload

SOURCES = {
    "olist": "folder with orders.csv, order_items.csv, payments.csv, …",
    "online_retail": "one CSV of invoice lines",
    "generic_json": "a JSON array, or one JSON object per line",
    "generic_csv": "one CSV with a row per order line",
}
_READERS: dict[str, Callable[[Path], Iterator[Payload]]] = {
    "olist": olist.payloads,
    "online_retail": online_retail.payloads,
    "generic_json": generic_json.payloads,
    "generic_csv": generic_csv.payloads,
}

__all__ = ["SOURCES", "SourceError", "read_source"]


def read_source(name: str, path: Path) -> Iterator[Payload]:
    """Yield the payloads of the source `name` at `path`, without places made up for them.

    Raises
    ------
    KeyError
        When `name` is not in `SOURCES`.
    SourceError
        When a file cannot be read as it stands.
    """
    return _READERS[name](path)
