"""Handlers of `orderhub.fulfilment.v1`, apart from routing: parse, check, call, answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import allocation_pb2_grpc as allocation_grpc_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.fulfilment.v1 import inventory_pb2_grpc as inventory_grpc_v1
from services._kit.auth import current_principal
from services.fulfilment import (
    allocation_checks,
    bookings,
    decisions,
    explaining,
    levels,
    list_checks,
    master_checks,
    master_store,
    reservations,
    settling,
    shipments,
    stock_checks,
)
from services.fulfilment.events import batch_to_pb
from services.fulfilment.paging import Page
from services.fulfilment.store import outbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

    from services._kit.clock import Clock
    from services._kit.config import Config
    from services._kit.database import Database
    from services._kit.idempotency import Requests
    from services._kit.pages import PageTokens
    from services.fulfilment.allocating import Allocator

    Context = grpc.aio.ServicerContext[Any, Any]

M = TypeVar("M", inventory_v1.Sku, inventory_v1.Warehouse, inventory_v1.Vehicle)


@dataclass(frozen=True)
class Room:
    """What the handlers share."""

    config: Config
    database: Database
    clock: Clock
    requests: Requests
    tokens: PageTokens
    allocator: Allocator

    def page(self, request: Any) -> Page[Any]:
        """Return the page that `request` asks for."""
        return Page(self.tokens, request, self.config.max_page_size)


class InventoryServicer(inventory_grpc_v1.InventoryServiceServicer):
    """SKUs, warehouses, vehicles, stock and reservations."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def PutSkus(
        self, request: inventory_v1.PutSkusRequest, context: Context
    ) -> inventory_v1.PutSkusResponse:
        """Create or replace SKUs."""
        master_checks.check_skus(request.skus)
        stored = await self._put(master_store.SKUS, request.skus)
        return inventory_v1.PutSkusResponse(skus=stored)

    async def ListSkus(
        self, request: inventory_v1.ListSkusRequest, context: Context
    ) -> inventory_v1.ListSkusResponse:
        """List SKUs."""
        skus, token = await self._list(master_store.SKUS, request)
        return inventory_v1.ListSkusResponse(skus=skus, next_page_token=token)

    async def PutWarehouses(
        self, request: inventory_v1.PutWarehousesRequest, context: Context
    ) -> inventory_v1.PutWarehousesResponse:
        """Create or replace warehouses."""
        master_checks.check_warehouses(request.warehouses)
        stored = await self._put(master_store.WAREHOUSES, request.warehouses)
        return inventory_v1.PutWarehousesResponse(warehouses=stored)

    async def ListWarehouses(
        self, request: inventory_v1.ListWarehousesRequest, context: Context
    ) -> inventory_v1.ListWarehousesResponse:
        """List warehouses."""
        houses, token = await self._list(master_store.WAREHOUSES, request)
        return inventory_v1.ListWarehousesResponse(warehouses=houses, next_page_token=token)

    async def PutVehicles(
        self, request: inventory_v1.PutVehiclesRequest, context: Context
    ) -> inventory_v1.PutVehiclesResponse:
        """Create or replace vehicle types."""
        master_checks.check_vehicles(request.vehicles)
        stored = await self._room.database.write(
            partial(master_store.put_vehicles, vehicles=request.vehicles), repeatable=True
        )
        return inventory_v1.PutVehiclesResponse(vehicles=stored)

    async def ListVehicles(
        self, request: inventory_v1.ListVehiclesRequest, context: Context
    ) -> inventory_v1.ListVehiclesResponse:
        """List vehicle types."""
        list_checks.check_vehicles_filter(request)
        only = {"warehouse_id": request.warehouse_id} if request.warehouse_id else {}
        vehicles, token = await self._list(master_store.VEHICLES, request, only)
        return inventory_v1.ListVehiclesResponse(vehicles=vehicles, next_page_token=token)

    async def ReceiveStock(
        self, request: inventory_v1.ReceiveStockRequest, context: Context
    ) -> inventory_v1.ReceiveStockResponse:
        """Book goods in."""
        stock_checks.check_receipts(request)
        return await self._room.database.write(
            partial(bookings.receive, requests=self._room.requests, request=request, **self._now()),
            repeatable=True,
        )

    async def AdjustStock(
        self, request: inventory_v1.AdjustStockRequest, context: Context
    ) -> inventory_v1.AdjustStockResponse:
        """Correct stock."""
        stock_checks.check_adjustments(request)
        return await self._room.database.write(
            partial(bookings.adjust, requests=self._room.requests, request=request, **self._now()),
            repeatable=True,
        )

    async def GetAvailability(
        self, request: inventory_v1.GetAvailabilityRequest, context: Context
    ) -> inventory_v1.GetAvailabilityResponse:
        """Return a page of the ledger, and sums over all of it."""
        list_checks.check_availability_filter(request)
        page: Page[inventory_v1.StockLevel] = self._room.page(request)

        def read(connection: Any) -> tuple[Any, inventory_v1.StockTotals]:
            found = levels.page_of(connection, request, page.after, page.limit)
            return found, levels.totals_of(connection, request)

        found, totals = await self._room.database.read(read)
        given, token = page.cut(found, lambda level: (level.warehouse_id, level.sku, level.batch))
        return inventory_v1.GetAvailabilityResponse(
            levels=given, next_page_token=token, totals=totals
        )

    async def ListReservations(
        self, request: inventory_v1.ListReservationsRequest, context: Context
    ) -> inventory_v1.ListReservationsResponse:
        """List reservations, freed ones included."""
        list_checks.check_reservations_filter(request)
        page: Page[inventory_v1.Reservation] = self._room.page(request)
        found = await self._room.database.read(
            partial(
                reservations.page_of,
                numbers=sorted(set(request.order_numbers)),
                state=request.state,
                after=page.after,
                limit=page.limit,
            )
        )
        given, token = page.cut(found, lambda r: (r.order_number, r.line_no, r.revision))
        return inventory_v1.ListReservationsResponse(reservations=given, next_page_token=token)

    async def ConfirmReservations(
        self, request: inventory_v1.ConfirmReservationsRequest, context: Context
    ) -> inventory_v1.ConfirmReservationsResponse:
        """Make leases firm after payment."""
        stock_checks.check_confirmations(request)
        return await self._room.database.write(
            partial(settling.confirm, request=request, **self._now()), repeatable=True
        )

    async def ReleaseReservations(
        self, request: inventory_v1.ReleaseReservationsRequest, context: Context
    ) -> inventory_v1.ReleaseReservationsResponse:
        """Free reservations."""
        stock_checks.check_releases(request)
        return await self._room.database.write(
            partial(settling.release, request=request, **self._now()), repeatable=True
        )

    async def WatchEvents(
        self, request: inventory_v1.WatchEventsRequest, context: Context
    ) -> AsyncIterator[inventory_v1.WatchEventsResponse]:
        """Stream events from a cursor."""
        batches = outbox.watch(
            self._room.database,
            request.cursor,
            until_now=request.until_now,
            poll_s=self._room.config.outbox_poll_s,
        )
        async for batch in batches:
            yield batch_to_pb(batch)

    def _now(self) -> dict[str, Any]:
        return {"at": self._room.clock.now(), "actor": current_principal().id}

    async def _put(self, kind: master_store.Kind[M], messages: Any) -> list[M]:
        return await self._room.database.write(
            partial(master_store.put, kind=kind, messages=messages), repeatable=True
        )

    async def _list(
        self, kind: master_store.Kind[M], request: Any, only: dict[str, str] | None = None
    ) -> tuple[Any, str]:
        page: Page[M] = self._room.page(request)
        after = str(page.after[0]) if page.after else None
        found = await self._room.database.read(
            partial(master_store.page_of, kind=kind, after=after, limit=page.limit, only=only)
        )
        return page.cut(found, lambda message: (kind.id_of(message),))


class AllocationServicer(allocation_grpc_v1.AllocationServiceServicer):
    """Allocations and shipments."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def AllocateOrders(
        self, request: allocation_v1.AllocateOrdersRequest, context: Context
    ) -> allocation_v1.AllocateOrdersResponse:
        """Allocate a batch."""
        allocation_checks.check_orders(request, self._room.config.max_order_lines)
        actor = current_principal().id
        return await self._room.database.write(
            partial(self._room.allocator.allocate, request=request, actor=actor), repeatable=True
        )

    async def ExplainAllocation(
        self, request: allocation_v1.ExplainAllocationRequest, context: Context
    ) -> allocation_v1.ExplainAllocationResponse:
        """Explain an order's allocation."""
        list_checks.check_order_number(request.order_number)

        def read(connection: Any) -> allocation_v1.ExplainAllocationResponse:
            stored = decisions.find(connection, request.order_number)
            return explaining.explain(stored, request.order_number)

        return await self._room.database.read(read)

    async def ListShipments(
        self, request: allocation_v1.ListShipmentsRequest, context: Context
    ) -> allocation_v1.ListShipmentsResponse:
        """List shipments."""
        list_checks.check_shipments_filter(request)
        page: Page[allocation_v1.Shipment] = self._room.page(request)
        found = await self._room.database.read(
            partial(shipments.page_of, request=request, after=page.after, limit=page.limit)
        )
        given, token = page.cut(
            found, lambda s: (s.order_number, shipments.ordinal_of(s.shipment_id))
        )
        return allocation_v1.ListShipmentsResponse(shipments=given, next_page_token=token)
