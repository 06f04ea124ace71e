"""Any CSV with a row per order line and a column that names the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub_client.sources.grouping import grouped
from orderhub_client.sources.payload import Payload, payload_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orderhub_client.sources.tables import Row

CHANNEL = "generic_csv"
ORDER_COLUMN = "external_order_id"
SHOP_COLUMN = "shop"
CHANGED_COLUMN = "modified_at"


def payloads(path: Path) -> Iterator[Payload]:
    """Yield one payload for each order of each shop.

    Rows of one order with different `modified_at` are versions of it, each a payload.
    """
    for line, _, rows in grouped(path, _version, (ORDER_COLUMN,)):
        lane = f"{rows[0].get(SHOP_COLUMN, '')}/{rows[0][ORDER_COLUMN]}"
        yield payload_of(CHANNEL, {"rows": rows}, lane, line)


def _version(row: Row) -> str:
    return "\x1f".join((row.get(SHOP_COLUMN, ""), row[ORDER_COLUMN], row.get(CHANGED_COLUMN, "")))
