"""Route plans over real gRPC, with a real worker that is really killed."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import allocation_pb2_grpc as allocation_grpc_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.fulfilment.v1 import inventory_pb2_grpc as inventory_grpc_v1
from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub.fulfilment.v1 import routing_pb2_grpc as routing_grpc_v1
from services._kit.server import Server
from services.fulfilment import app
from tests.unit.fulfilment.desk import order, receipt, sku, warehouse
from tests.unit.fulfilment_routing.conftest import city

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services._kit.config import Config

AS_SERVICE = (("x-orderhub-role", "service"),)


class Running:
    """A fulfilment behind a server, and its stubs."""

    def __init__(self, config: Config) -> None:
        self.config = config

    async def open(self) -> Running:
        self.service = await app.start(self.config)
        self.server = Server(self.config, self.config.listen_address("fulfilment"))
        address = await self.server.start([self.service])
        self.channel = grpc.aio.insecure_channel(address)
        self.routing = routing_grpc_v1.RoutingServiceStub(self.channel)
        self.inventory = inventory_grpc_v1.InventoryServiceStub(self.channel)
        self.allocation = allocation_grpc_v1.AllocationServiceStub(self.channel)
        return self

    async def close(self) -> None:
        await self.channel.close()
        await self.server.drain()

    async def create(self, request_id: str = "r1", **given: object) -> routing_v1.RoutePlan:
        given.setdefault("problem", city(30))
        given.setdefault("search", routing_v1.SearchOptions(budget_s=1, seed=1))
        request = routing_v1.CreatePlanRequest(request_id=request_id, **given)  # type: ignore[arg-type]
        return (await self.routing.CreatePlan(request)).plan

    async def rested(self, plan_id: str) -> routing_v1.RoutePlan:
        plan = None
        request = routing_v1.WatchPlanRequest(plan_id=plan_id)
        async for said in self.routing.WatchPlan(request, timeout=60):
            plan = said.plan
        assert plan is not None
        return plan

    async def planning(self, plan_id: str) -> routing_v1.RoutePlan:
        """Wait for the first feasible plan."""
        request = routing_v1.WatchPlanRequest(plan_id=plan_id)
        async for said in self.routing.WatchPlan(request, timeout=60):
            if said.plan.checked:
                return said.plan
        raise AssertionError("it came to rest without a plan")


@pytest.fixture
async def hub(config: Config) -> AsyncIterator[Running]:
    running = await Running(config).open()
    yield running
    await running.close()


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """One database does for most of these; the restart runs on both."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgres_url")
    return url


def refused_fields(error: grpc.aio.AioRpcError) -> list[str]:
    found = error_details_pb2.BadRequest()
    for detail in rpc_status.from_call(error).details:
        detail.Unpack(found)
    return [violation.field for violation in found.field_violations]


async def test_a_plan_serves_every_stop_in_its_window_and_proves_a_bound(hub: Running) -> None:
    created = await hub.create()
    assert created.state == routing_v1.PLAN_STATE_QUEUED

    plan = await hub.rested(created.plan_id)

    assert plan.state == routing_v1.PLAN_STATE_DONE
    assert plan.checked
    assert not plan.degraded
    assert not plan.unserved
    assert sorted(s.stop_id for r in plan.routes for s in r.stops) == sorted(
        f"S{k}" for k in range(30)
    )
    windows = {stop.stop_id: stop.windows[0] for stop in city(30).stops}
    for route in plan.routes:
        for stop in route.stops:
            assert windows[stop.stop_id].start_s <= stop.start_s <= windows[stop.stop_id].end_s
        assert sum(stop.leg_m for stop in route.stops) < route.distance_m
    assert sum(term.amount_minor for term in plan.terms) == plan.cost
    assert 0 < plan.lower_bound <= plan.cost
    assert plan.bound_kind


async def test_the_same_request_is_the_same_plan(hub: Running) -> None:
    first = await hub.create("again")

    second = await hub.create("again")

    assert second.plan_id == first.plan_id
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.create("again", problem=city(31))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert refused_fields(caught.value) == ["request_id"]
    await hub.rested(first.plan_id)


async def test_cancel_keeps_the_best_so_far(hub: Running) -> None:
    created = await hub.create(search=routing_v1.SearchOptions(budget_s=30), problem=city(60))
    await hub.planning(created.plan_id)

    kept = (
        await hub.routing.CancelPlan(routing_v1.CancelPlanRequest(plan_id=created.plan_id))
    ).plan

    assert kept.state == routing_v1.PLAN_STATE_CANCELLED
    assert kept.routes
    assert kept.checked
    again = await hub.routing.GetPlan(routing_v1.GetPlanRequest(plan_id=created.plan_id))
    assert again.plan == kept


async def test_a_cancel_right_after_the_start_is_heard(hub: Running) -> None:
    for k in range(4):
        created = await hub.create(f"c{k}", search=routing_v1.SearchOptions(budget_s=30))
        cancel = routing_v1.CancelPlanRequest(plan_id=created.plan_id)

        kept = (await hub.routing.CancelPlan(cancel, timeout=20)).plan

        assert kept.state == routing_v1.PLAN_STATE_CANCELLED


async def test_a_plan_that_waits_for_a_worker_is_cancelled_at_once(hub: Running) -> None:
    first = await hub.create("r1", search=routing_v1.SearchOptions(budget_s=30), problem=city(60))
    await hub.planning(first.plan_id)
    waiting = await hub.create("r2", search=routing_v1.SearchOptions(budget_s=30))

    kept = (
        await hub.routing.CancelPlan(routing_v1.CancelPlanRequest(plan_id=waiting.plan_id))
    ).plan

    assert kept.state == routing_v1.PLAN_STATE_CANCELLED
    assert not kept.routes
    still = await hub.routing.GetPlan(routing_v1.GetPlanRequest(plan_id=first.plan_id))
    assert still.plan.state == routing_v1.PLAN_STATE_RUNNING
    await hub.routing.CancelPlan(routing_v1.CancelPlanRequest(plan_id=first.plan_id))


async def test_a_killed_worker_leaves_a_degraded_plan_and_the_next_plan_works(
    hub: Running,
) -> None:
    created = await hub.create(search=routing_v1.SearchOptions(budget_s=30), problem=city(60))
    await hub.planning(created.plan_id)

    for pid in hub.service.pool.processes():
        os.kill(pid, signal.SIGKILL)
    plan = await hub.rested(created.plan_id)

    assert plan.state == routing_v1.PLAN_STATE_DONE
    assert plan.degraded
    assert plan.checked
    following = await hub.rested((await hub.create("next")).plan_id)
    assert following.state == routing_v1.PLAN_STATE_DONE
    assert not following.degraded


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
async def test_a_restart_goes_on_from_the_best_so_far(config: Config) -> None:
    hub = await Running(config).open()
    created = await hub.create(search=routing_v1.SearchOptions(budget_s=4), problem=city(60))
    before = await hub.planning(created.plan_id)
    await asyncio.sleep(0.8)  # so that a better plan is written down
    await hub.close()

    hub = await Running(config).open()
    plan = await hub.rested(created.plan_id)

    assert plan.state == routing_v1.PLAN_STATE_DONE
    assert plan.plan_id == created.plan_id
    assert plan.cost <= before.cost
    await hub.close()


async def test_a_matrix_of_the_wrong_shape_is_refused_by_its_field(hub: Running) -> None:
    problem = city(3)
    problem.matrix.travel_s = b"\x00" * 60

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.create(problem=problem)

    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert refused_fields(caught.value) == ["problem.matrix.travel_s"]


async def test_validate_only_starts_nothing(hub: Running) -> None:
    reply = await hub.routing.CreatePlan(
        routing_v1.CreatePlanRequest(problem=city(3), validate_only=True)
    )

    assert not reply.HasField("plan")


async def test_a_warehouses_day_is_planned_from_its_own_fleet_shipments(hub: Running) -> None:
    house = warehouse()
    house.own_fleet_radius_m = 100_000
    await hub.inventory.PutSkus(inventory_v1.PutSkusRequest(skus=[sku()]))
    await hub.inventory.PutWarehouses(inventory_v1.PutWarehousesRequest(warehouses=[house]))
    await hub.inventory.PutVehicles(
        inventory_v1.PutVehiclesRequest(
            vehicles=[
                inventory_v1.Vehicle(vehicle_id="VAN", warehouse_id="W1", count=2, capacity_g=10**6)
            ]
        )
    )
    await hub.inventory.ReceiveStock(
        inventory_v1.ReceiveStockRequest(request_id="r1", receipts=[receipt(quantity=30)])
    )
    orders = [order(f"o{k}", ("S1", 1)) for k in range(5)]
    for wanted in orders:
        wanted.destination.location.CopyFrom(house.location)
        wanted.destination.location.lat_e7 += 100_000
    await hub.allocation.AllocateOrders(
        allocation_v1.AllocateOrdersRequest(orders=orders), metadata=AS_SERVICE
    )
    day = routing_v1.WarehouseDay(warehouse_id="W1", date="2026-11-23")

    created = await hub.create(problem=None, warehouse_day=day)
    plan = await hub.rested(created.plan_id)

    assert {s.shipment_id for r in plan.routes for s in r.stops} == {f"o{k}-1" for k in range(5)}
    assert (plan.warehouse_id, plan.date, plan.currency) == ("W1", "2026-11-23", "CNY")
    assert plan.plan_start_at.ToJsonString() == "2026-11-22T16:00:00Z"


async def test_a_day_with_nothing_to_plan_says_so(hub: Running) -> None:
    await hub.inventory.PutWarehouses(inventory_v1.PutWarehousesRequest(warehouses=[warehouse()]))
    day = routing_v1.WarehouseDay(warehouse_id="W1", date="2026-11-23")

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.create(problem=None, warehouse_day=day)

    assert caught.value.code() == grpc.StatusCode.FAILED_PRECONDITION


async def test_an_unknown_plan_is_not_found(hub: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await hub.routing.GetPlan(routing_v1.GetPlanRequest(plan_id="none"))

    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
