"""Fulfilment called directly: every call is one transaction, as behind the server."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from google.protobuf.duration_pb2 import Duration

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services._kit.database import Database
from services._kit.idempotency import Requests
from services.fulfilment import (
    allocation_checks,
    bookings,
    decisions,
    explaining,
    levels,
    master_checks,
    master_store,
    reservations,
    settling,
    shipments,
)
from services.fulfilment.allocating import Allocator
from services.fulfilment.catalogue import Catalogue
from services.fulfilment.stock_checks import check_adjustments, check_receipts
from services.fulfilment.store import metadata, outbox, request_metadata
from solver.allocation.solve import allocate

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from services._kit.clock import ManualClock
    from services._kit.config import Config
    from services.fulfilment.deciding import Solver

SECRET = b"0123456789abcdef0123456789abcdef"
CNY = "CNY"


class Desk:
    """Short names for what the tests do."""

    def __init__(self, config: Config, clock: ManualClock, solve: Solver = allocate) -> None:
        self.config = config
        self.clock = clock
        self.solve = solve
        self.open()

    def open(self) -> None:
        self.database = Database.open(self.config, "fulfilment")
        if not self.database.is_postgres:
            # These tests are not about power cuts, and a disk's sync costs most of their time.
            raw = self.database.engine.raw_connection()
            raw.cursor().execute("PRAGMA synchronous=OFF")
            raw.close()
        self.requests = Requests(request_metadata(), SECRET)
        self.allocator = Allocator(Catalogue(), self.clock, self.config.zone(), self.solve)

    def restart(self) -> None:
        self.close()
        self.open()

    def close(self) -> None:
        self.database.close_sync()

    def empty(self, clock: ManualClock, solve: Solver = allocate) -> None:
        """Forget everything; go by `clock` from now on."""

        def wipe(connection: Connection) -> None:
            for table in metadata.tables.values():
                if table.name != "master_version":
                    connection.execute(table.delete())
            connection.execute(metadata.tables["master_version"].update().values(version=0))

        self.clock, self.solve = clock, solve
        self.allocator = Allocator(Catalogue(), clock, self.config.zone(), solve)
        self.run(wipe)

    def run(self, fn: Callable[[Connection], Any]) -> Any:
        return self.database.write_sync(fn, repeatable=True)

    def put_skus(self, *skus: inventory_v1.Sku) -> list[inventory_v1.Sku]:
        master_checks.check_skus(skus)
        return self.run(partial(master_store.put, kind=master_store.SKUS, messages=skus))

    def put_warehouses(self, *houses: inventory_v1.Warehouse) -> list[inventory_v1.Warehouse]:
        master_checks.check_warehouses(houses)
        return self.run(partial(master_store.put, kind=master_store.WAREHOUSES, messages=houses))

    def receive(
        self, request_id: str, *receipts: inventory_v1.StockReceipt
    ) -> inventory_v1.ReceiveStockResponse:
        request = inventory_v1.ReceiveStockRequest(request_id=request_id, receipts=receipts)
        check_receipts(request)
        call = partial(
            bookings.receive, requests=self.requests, request=request, at=self.clock.now()
        )
        return self.run(call)

    def adjust(
        self, request_id: str, *adjustments: inventory_v1.StockAdjustment
    ) -> inventory_v1.AdjustStockResponse:
        request = inventory_v1.AdjustStockRequest(request_id=request_id, adjustments=adjustments)
        check_adjustments(request)
        call = partial(
            bookings.adjust, requests=self.requests, request=request, at=self.clock.now()
        )
        return self.run(call)

    def allocate(
        self, *orders: allocation_v1.OrderToAllocate
    ) -> allocation_v1.AllocateOrdersResponse:
        request = allocation_v1.AllocateOrdersRequest(orders=orders)
        allocation_checks.check_orders(request)
        return self.run(partial(self.allocator.allocate, request=request))

    def confirm(self, *numbers: str, paid_at: datetime | None = None) -> list[int]:
        request = inventory_v1.ConfirmReservationsRequest()
        for number in numbers:
            order = request.orders.add(order_number=number)
            if paid_at is not None:
                order.paid_at.FromDatetime(paid_at)
        call = partial(settling.confirm, request=request, at=self.clock.now())
        return [outcome.state for outcome in self.run(call).outcomes]

    def release(self, number: str, cause: int, revision: int = 0) -> int:
        request = inventory_v1.ReleaseReservationsRequest()
        request.orders.add(order_number=number, cause=cause, revision=revision)
        call = partial(settling.release, request=request, at=self.clock.now())
        return self.run(call).outcomes[0].state

    def sweep(self) -> int:
        return self.run(partial(settling.sweep, at=self.clock.now()))

    def explain(self, number: str) -> allocation_v1.ExplainAllocationResponse:
        return self.run(lambda c: explaining.explain(decisions.find(c, number), number))

    def levels(self, **only: Any) -> list[inventory_v1.StockLevel]:
        request = inventory_v1.GetAvailabilityRequest(**only)
        return self.run(lambda c: levels.page_of(c, request, None, 100_000))

    def reservations(self, *numbers: str, state: int = 0) -> list[inventory_v1.Reservation]:
        return self.run(lambda c: reservations.page_of(c, numbers, state, None, 100_000))

    def shipments(self, number: str = "") -> list[allocation_v1.Shipment]:
        request = allocation_v1.ListShipmentsRequest(order_number=number)
        return self.run(lambda c: shipments.page_of(c, request, None, 100_000))

    def events(self, subject: str) -> list[Any]:
        return self.run(lambda c: outbox.of_aggregate(c, subject, limit=1000))

    def parcels(self) -> dict[tuple[str, str], int]:
        from services.fulfilment.parcel_days import PARCEL_DAY

        rows = self.run(lambda c: c.execute(PARCEL_DAY.select()).all())
        return {(row.warehouse_id, row.day): row.parcels for row in rows if row.parcels}


def sku(code: str = "S1", **given: Any) -> inventory_v1.Sku:
    return inventory_v1.Sku(**{"sku": code, "weight_g": 500, **given})


def point(lat: float, lng: float) -> geo_v1.GeoPoint:
    return geo_v1.GeoPoint(
        lat_e7=round(lat * 1e7), lng_e7=round(lng * 1e7), datum=geo_v1.DATUM_WGS84
    )


def warehouse(
    name: str = "W1",
    lat: float = 30.0,
    lng: float = 114.0,
    *,
    base: int = 500,
    per_100_km: int = 50,
    per_kg: int = 100,
    currency: str = CNY,
    **given: Any,
) -> inventory_v1.Warehouse:
    return inventory_v1.Warehouse(
        warehouse_id=name,
        location=point(lat, lng),
        tariff=inventory_v1.ParcelTariff(
            currency=currency, base_minor=base, per_100_km_minor=per_100_km, per_kg_minor=per_kg
        ),
        **given,
    )


def receipt(
    house: str = "W1",
    code: str = "S1",
    quantity: int = 1,
    batch: str = "",
    expires_at: datetime | None = None,
) -> inventory_v1.StockReceipt:
    message = inventory_v1.StockReceipt(
        warehouse_id=house, sku=code, quantity=quantity, batch=batch
    )
    if expires_at is not None:
        message.expires_at.FromDatetime(expires_at)
    return message


def adjustment(
    delta: int, house: str = "W1", code: str = "S1", batch: str = ""
) -> inventory_v1.StockAdjustment:
    return inventory_v1.StockAdjustment(
        warehouse_id=house, sku=code, batch=batch, delta=delta, reason="stocktake"
    )


def order(
    number: str,
    *lines: tuple[str, int] | tuple[str, int, int],
    revision: int = 1,
    lease_s: int = 0,
    at: tuple[float, float] | None = (30.0, 114.0),
    currency: str = CNY,
    split: bool = True,
    reserve_only: bool = False,
) -> allocation_v1.OrderToAllocate:
    """An order of (SKU, pieces[, value]) lines, numbered from 1."""
    message = allocation_v1.OrderToAllocate(
        order_number=number,
        revision=revision,
        currency=currency,
        split_allowed=split,
        reserve_only=reserve_only,
    )
    for line_no, (code, quantity, *value) in enumerate(lines, 1):
        message.lines.add(
            line_no=line_no, sku=code, quantity=quantity, value_minor=value[0] if value else 100_000
        )
    if at is not None:
        message.destination.location.CopyFrom(point(*at))
    if lease_s:
        message.lease.CopyFrom(Duration(seconds=lease_s))
    return message
