"""What a scenario is made of: the hub's own master data and the stock that comes in."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.message import Message

E7 = 10_000_000


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything a source's orders need before the first is submitted.

    Attributes
    ----------
    planning_day
        The one day that routes are planned for, `YYYY-MM-DD` in the warehouses' zone.
    """

    source: str
    seed: int
    currency: str
    planning_day: str
    warehouses: tuple[inventory_v1.Warehouse, ...]
    vehicles: tuple[inventory_v1.Vehicle, ...]
    skus: tuple[inventory_v1.Sku, ...]
    receipts: tuple[inventory_v1.StockReceipt, ...]

    def digest(self) -> str:
        """Return a name for the whole content, 16 hex digits; plans are asked for under it."""
        everything = itertools.chain(self.warehouses, self.vehicles, self.skus, self.receipts)
        return _digest(f"{self.source}:{self.seed}:{self.planning_day}", everything)

    def stock_digest(self) -> str:
        """Return a name for the stock alone; it is booked once under it."""
        return _digest(self.source, self.receipts)

    def stated(self) -> dict[str, object]:
        """Return the scenario in figures, for people and for `--json`."""
        return {
            "name": self.source,
            "seed": self.seed,
            "id": self.digest(),
            "currency": self.currency,
            "planning_day": self.planning_day,
            "warehouses": len(self.warehouses),
            "vehicles": sum(vehicle.count for vehicle in self.vehicles),
            "skus": len(self.skus),
            "pieces": sum(receipt.quantity for receipt in self.receipts),
            "own_fleet_radius_m": max((w.own_fleet_radius_m for w in self.warehouses), default=0),
        }


def _digest(name: str, messages: Iterable[Message]) -> str:
    hashed = hashlib.sha256(name.encode())
    for message in messages:
        content = message.SerializeToString(deterministic=True)
        hashed.update(len(content).to_bytes(4, "big") + content)
    return hashed.hexdigest()[:16]


def point(lat: float, lng: float) -> geo_v1.GeoPoint:
    """Return a point from degrees, WGS84, as exact as a street."""
    return geo_v1.GeoPoint(
        lat_e7=round(lat * E7),
        lng_e7=round(lng * E7),
        datum=geo_v1.DATUM_WGS84,
        precision=geo_v1.GEO_PRECISION_STREET,
    )


def receipts_of(
    stock: Iterable[tuple[str, dict[str, int]]],
) -> tuple[inventory_v1.StockReceipt, ...]:
    """Return receipts from pieces by SKU and warehouse, in that order; zeros are left out."""
    return tuple(
        inventory_v1.StockReceipt(warehouse_id=warehouse_id, sku=sku, quantity=quantity)
        for sku, by_warehouse in sorted(stock)
        for warehouse_id, quantity in sorted(by_warehouse.items())
        if quantity
    )


def day_after_the_last(days: Iterable[str], today: date | None = None) -> str:
    """Return the day after the latest of `days`, texts that begin `YYYY-MM-DD`.

    What is no date, or lies after `today`, does not count: the hub would not take it in either.
    """
    today = today or date.today()  # noqa: DTZ011 - a bound against dates from the far future
    latest = max(
        (day for text in days if (day := _date(text)) is not None and day <= today), default=today
    )
    return (latest + timedelta(days=1)).isoformat()


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
