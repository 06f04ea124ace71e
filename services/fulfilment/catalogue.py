"""Master data as allocation needs it: in memory, never older than the transaction."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services.fulfilment.master_store import SKUS, WAREHOUSES, changed_since, version_of

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from sqlalchemy import Connection

AMBIENT = int(inventory_v1.TEMPERATURE_ZONE_AMBIENT)


@dataclass(frozen=True, slots=True)
class SkuFacts:
    """What allocation knows of a SKU.

    Attributes
    ----------
    temperature
        Zone it travels at; ambient where none was given.
    shortage_cost_minor
        Of a piece; 0 where none was given.
    """

    weight_g: int
    volume_ml: int
    temperature: int
    hazardous: bool
    shortage_cost_minor: int

    @property
    def parcel_class(self) -> tuple[int, bool]:
        """Goods of different classes never share a parcel."""
        return self.temperature, self.hazardous


@dataclass(frozen=True)
class WarehouseFacts:
    """What allocation knows of a warehouse."""

    message: inventory_v1.Warehouse

    @cached_property
    def id(self) -> str:
        """Its id."""
        return self.message.warehouse_id

    @cached_property
    def currency(self) -> str:
        """Of every amount of its."""
        return self.message.tariff.currency

    @cached_property
    def temperatures(self) -> frozenset[int]:
        """What it can store."""
        return frozenset(self.message.temperatures) or frozenset({AMBIENT})

    def day(self, now: datetime, default: tzinfo) -> str:
        """Return its calendar day at `now`, as in ISO 8601."""
        zone = ZoneInfo(self.message.time_zone) if self.message.time_zone else default
        return now.astimezone(zone).date().isoformat()


class Catalogue:
    """Every SKU and warehouse, read once and then only what has changed.

    Changes are numbered (`master_version`) and serialised, so one small query tells whether
    what is in memory is what the database holds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._skus: dict[str, SkuFacts] = {}
        self._warehouses: dict[str, WarehouseFacts] = {}

    def refresh(self, connection: Connection) -> tuple[dict[str, SkuFacts], list[WarehouseFacts]]:
        """Return SKUs by code, and all warehouses in id order, as the transaction sees them."""
        with self._lock:
            version = version_of(connection)
            if version > self._version:
                skus = {m.sku: sku_facts(m) for m in changed_since(connection, SKUS, self._version)}
                houses = {
                    m.warehouse_id: WarehouseFacts(m)
                    for m in changed_since(connection, WAREHOUSES, self._version)
                }
                # New dictionaries: another thread may be reading the old ones.
                if skus:
                    self._skus = self._skus | skus
                if houses:
                    known = self._warehouses | houses
                    self._warehouses = {key: known[key] for key in sorted(known)}
                self._version = version
            return self._skus, list(self._warehouses.values())


def sku_facts(message: inventory_v1.Sku) -> SkuFacts:
    """Return what allocation knows of the SKU in `message`."""
    return SkuFacts(
        weight_g=message.weight_g,
        volume_ml=message.volume_ml,
        temperature=message.temperature or AMBIENT,
        hazardous=message.hazardous,
        shortage_cost_minor=message.shortage_cost_minor,
    )
