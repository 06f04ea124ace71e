"""UCI Online Retail: one CSV of invoice lines; an invoice is an order, `C…` cancels."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orderhub_client.sources.grouping import grouped
from orderhub_client.sources.payload import Payload, payload_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from orderhub_client.sources.tables import Row

CHANNEL = "online_retail"
COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)


class Place(NamedTuple):
    """A place in degrees, WGS84, and how closely it is known: `street` or `district`."""

    lat: float
    lng: float
    precision: str


if TYPE_CHECKING:
    Locate = Callable[[Row], Place | None]


def payloads(path: Path, locate: Locate | None = None) -> Iterator[Payload]:
    """Yield one payload for each invoice.

    Parameters
    ----------
    locate
        Says where the customer of an invoice's first row is; the file itself does not. If
        unset, payloads carry no place.
    """
    for line, invoice, rows in grouped(path, lambda row: row["InvoiceNo"], COLUMNS):
        content: dict[str, object] = {"rows": rows}
        place = locate(rows[0]) if locate else None
        if place is not None:
            content["location"] = place._asdict()
        yield payload_of(CHANNEL, content, rows[0]["CustomerID"] or invoice, line)
