"""Any CSV with a row per order line and a column that names the order."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from orderhub_client.sources.grouping import grouped
from orderhub_client.sources.payload import Payload, payload_of
from orderhub_client.sources.tables import read_rows
from orderhub_client.sources.text import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orderhub_client.sources.tables import Row

CHANNEL = "generic_csv"
SPELLINGS = {  # as the channel's mapping has them
    "external_order_id": (
        "order id",
        "order no",
        "order number",
        "订单编号",
        "订单号",
        "平台单号",
        "外部订单号",
    ),
    "shop": ("store", "店铺", "店铺名称"),
    "modified_at": ("updated at", "更新时间", "修改时间", "最后修改时间"),
}


def payloads(path: Path) -> Iterator[Payload]:
    """Yield one payload for each order of each shop, in any of the mapping's spellings.

    Rows of one order with different `modified_at` are versions of it, each a payload.

    Raises
    ------
    SourceError
        When no column names the order, or the file cannot be read.
    """
    first = next(read_rows(path), None)
    if first is None:
        return
    order, shop, changed = (_column(first.values, name) for name in SPELLINGS)
    if order is None:
        known = ", ".join(("external_order_id", *SPELLINGS["external_order_id"]))
        raise SourceError(path, f"has no column that names the order: {known}", 1)
    columns = [column for column in (shop, order, changed) if column is not None]
    for line, _, rows in grouped(path, lambda row: "\x1f".join(row[c] for c in columns), ()):
        lane = f"{rows[0][shop] if shop else ''}/{rows[0][order]}"
        yield payload_of(CHANNEL, {"rows": rows}, lane, line)


def _column(row: Row, name: str) -> str | None:
    """Return the header that stands for `name`; the first spelling listed counts."""
    headers = {fold(header): header for header in reversed(row)}
    spellings = map(fold, (name, *SPELLINGS[name]))
    return next((headers[spelling] for spelling in spellings if spelling in headers), None)


def fold(header: str) -> str:
    """Return `header` as spellings are compared: without case, spaces, width, `_`, `-`."""
    wide = unicodedata.normalize("NFKC", header).casefold()
    return "".join(char for char in wide if not char.isspace() and char not in "_-*:")
