"""The service behind a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import allocation_pb2_grpc as allocation_grpc_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.fulfilment.v1 import inventory_pb2_grpc as inventory_grpc_v1
from services._kit.server import Server
from services.fulfilment import app
from tests.unit.fulfilment.desk import order, receipt, sku, warehouse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services._kit.clock import ManualClock
    from services._kit.config import Config

AS_SERVICE = (("x-orderhub-role", "service"), ("x-orderhub-actor", "orchestrator"))


@pytest.fixture
async def channel(config: Config, clock: ManualClock) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to a running fulfilment."""
    server = Server(config, config.listen_address("fulfilment"))
    address = await server.start([await app.start(config, clock=clock)])
    async with grpc.aio.insecure_channel(address) as channel:
        yield channel
    await server.drain()


async def test_serves_an_order_from_receipt_to_explanation(channel: grpc.aio.Channel) -> None:
    inventory = inventory_grpc_v1.InventoryServiceStub(channel)
    allocation = allocation_grpc_v1.AllocationServiceStub(channel)
    await inventory.PutSkus(inventory_v1.PutSkusRequest(skus=[sku()]))
    await inventory.PutWarehouses(inventory_v1.PutWarehousesRequest(warehouses=[warehouse()]))
    await inventory.ReceiveStock(
        inventory_v1.ReceiveStockRequest(request_id="r1", receipts=[receipt(quantity=3)])
    )

    answer = await allocation.AllocateOrders(
        allocation_v1.AllocateOrdersRequest(orders=[order("o1", ("S1", 2))]), metadata=AS_SERVICE
    )

    assert answer.allocations[0].status == allocation_v1.ALLOCATION_STATUS_FULL
    explained = await allocation.ExplainAllocation(
        allocation_v1.ExplainAllocationRequest(order_number="o1")
    )
    assert explained.chosen.warehouse_ids == ["W1"]
    assert explained.runner_up.unfilled_lines == [1]
    levels = await inventory.GetAvailability(inventory_v1.GetAvailabilityRequest())
    assert (levels.totals.reserved, levels.totals.available) == (2, 1)
    shipments = await allocation.ListShipments(allocation_v1.ListShipmentsRequest())
    assert [shipment.shipment_id for shipment in shipments.shipments] == ["o1-1"]
    reservations = await inventory.ListReservations(inventory_v1.ListReservationsRequest())
    assert [r.quantity for r in reservations.reservations] == [2]


async def test_streams_the_events_of_everything_that_changed(channel: grpc.aio.Channel) -> None:
    inventory = inventory_grpc_v1.InventoryServiceStub(channel)
    allocation = allocation_grpc_v1.AllocationServiceStub(channel)
    await inventory.PutSkus(inventory_v1.PutSkusRequest(skus=[sku()]))
    await inventory.PutWarehouses(inventory_v1.PutWarehousesRequest(warehouses=[warehouse()]))
    await inventory.ReceiveStock(
        inventory_v1.ReceiveStockRequest(request_id="r1", receipts=[receipt(quantity=3)])
    )
    await allocation.AllocateOrders(
        allocation_v1.AllocateOrdersRequest(orders=[order("o1", ("S1", 2))]), metadata=AS_SERVICE
    )

    watch = inventory.WatchEvents(inventory_v1.WatchEventsRequest(until_now=True))
    events = [event async for batch in watch for event in batch.events]

    assert [(event.type, event.subject, event.sequence) for event in events] == [
        ("orderhub.stock.received", "receipt/r1", 1),
        ("orderhub.allocation.decided", "o1", 1),
    ]
    assert events[1].actor == "orchestrator"


async def test_names_every_fault_of_a_request_in_both_languages(
    channel: grpc.aio.Channel,
) -> None:
    inventory = inventory_grpc_v1.InventoryServiceStub(channel)
    bad = [sku("", weight_g=1), sku("S2", weight_g=0)]

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await inventory.PutSkus(inventory_v1.PutSkusRequest(skus=bad))

    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    details = rpc_status.from_call(caught.value).details
    found = error_details_pb2.BadRequest()
    for detail in details:
        detail.Unpack(found)
    assert [v.field for v in found.field_violations] == ["skus[0].sku", "skus[1].weight_g"]


async def test_gives_every_entry_once_over_its_pages(channel: grpc.aio.Channel) -> None:
    inventory = inventory_grpc_v1.InventoryServiceStub(channel)
    await inventory.PutSkus(inventory_v1.PutSkusRequest(skus=[sku(f"S{i}") for i in range(7)]))
    await inventory.PutWarehouses(
        inventory_v1.PutWarehousesRequest(warehouses=[warehouse("W1"), warehouse("W2")])
    )
    goods = [receipt(f"W{1 + i % 2}", f"S{i}", i + 1) for i in range(7)]
    await inventory.ReceiveStock(inventory_v1.ReceiveStockRequest(request_id="r1", receipts=goods))

    pages, token = [], ""
    while not pages or token:
        page = await inventory.GetAvailability(
            inventory_v1.GetAvailabilityRequest(page_size=3, page_token=token)
        )
        token = page.next_page_token
        pages.append(page)

    levels = [(v.warehouse_id, v.sku) for page in pages for v in page.levels]
    assert levels == sorted((f"W{1 + i % 2}", f"S{i}") for i in range(7))
    assert [len(page.levels) for page in pages] == [3, 3, 1]
    assert {page.totals.received for page in pages} == {28}


async def test_refuses_a_page_token_of_another_query(channel: grpc.aio.Channel) -> None:
    inventory = inventory_grpc_v1.InventoryServiceStub(channel)
    await inventory.PutSkus(inventory_v1.PutSkusRequest(skus=[sku("S1"), sku("S2")]))
    page = await inventory.ListSkus(inventory_v1.ListSkusRequest(page_size=1))

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await inventory.ListWarehouses(
            inventory_v1.ListWarehousesRequest(page_token=page.next_page_token)
        )

    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_keeps_vehicles_by_warehouse(channel: grpc.aio.Channel) -> None:
    inventory = inventory_grpc_v1.InventoryServiceStub(channel)
    await inventory.PutWarehouses(
        inventory_v1.PutWarehousesRequest(warehouses=[warehouse("W1"), warehouse("W2")])
    )
    fleet = [
        inventory_v1.Vehicle(vehicle_id=f"V{i}", warehouse_id=f"W{i}", count=2, capacity_g=9)
        for i in (1, 2)
    ]
    await inventory.PutVehicles(
        inventory_v1.PutVehiclesRequest(vehicles=fleet), metadata=(("x-orderhub-role", "planner"),)
    )

    found = await inventory.ListVehicles(inventory_v1.ListVehiclesRequest(warehouse_id="W2"))

    assert [vehicle.vehicle_id for vehicle in found.vehicles] == ["V2"]


async def test_explains_only_what_was_decided(channel: grpc.aio.Channel) -> None:
    allocation = allocation_grpc_v1.AllocationServiceStub(channel)

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await allocation.ExplainAllocation(
            allocation_v1.ExplainAllocationRequest(order_number="never")
        )

    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
