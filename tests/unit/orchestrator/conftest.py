"""Peers of the orchestrator that keep everything in memory and answer over real gRPC."""

from __future__ import annotations

from collections import defaultdict
from concurrent import futures
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import allocation_pb2_grpc as allocation_grpc_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.fulfilment.v1 import inventory_pb2_grpc as inventory_grpc_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from orderhub.rules.v1 import rules_pb2 as rules_v1
from orderhub.rules.v1 import rules_pb2_grpc as rules_grpc_v1
from services.orchestrator.peers import Peers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services._kit.config import Config


def claimed(
    number: str, work: record_v1.Work.ValueType = record_v1.WORK_PROCESS, **more: Any
) -> intake_v1.ClaimedOrder:
    """An order of one line, as intake hands it out."""
    order = order_v1.Order(
        order_number=number,
        revision=1,
        currency="CNY",
        lines=[order_v1.OrderLine(line_no=1, sku="S1", quantity=2, unit_price_minor=150)],
        recipient=order_v1.Recipient(name="王小明", phone="13800000000"),
    )
    return intake_v1.ClaimedOrder(order=order, work=work, **more)


class MemoryIntake(intake_grpc_v1.IntakeServiceServicer):
    """Hands out what the test put in, and keeps what comes back."""

    def __init__(self) -> None:
        self.batches: dict[str, list[intake_v1.ClaimedOrder]] = {}
        self.waiting: list[intake_v1.ClaimedOrder] = []
        self.outcomes: dict[str, list[intake_v1.OrderOutcome]] = defaultdict(list)
        self.changed: set[str] = set()
        self.finished: set[str] = set()
        self.unwelcome: set[str] = set()  # orders whose outcome is refused unless it is a fault

    def ClaimOrders(self, request: Any, context: Any) -> intake_v1.ClaimOrdersResponse:
        known = request.batch_id in self.batches
        if not known and self.waiting:
            self.batches[request.batch_id], self.waiting = self.waiting, []
        orders = [] if request.batch_id in self.finished else self.batches.get(request.batch_id, [])
        return intake_v1.ClaimOrdersResponse(
            batch_id=request.batch_id, orders=orders, resumed=known
        )

    def FinishBatch(self, request: Any, context: Any) -> intake_v1.FinishBatchResponse:
        results = []
        if any(o.order_number in self.unwelcome and not o.fault for o in request.outcomes):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "too large")
        for outcome in request.outcomes:
            if outcome.order_number in self.changed:
                results.append(intake_v1.FINISH_RESULT_CONFLICT)
                continue
            self.outcomes[outcome.order_number].append(outcome)
            results.append(intake_v1.FINISH_RESULT_APPLIED)
        self.finished.add(request.batch_id)
        return intake_v1.FinishBatchResponse(results=results)


class MemoryRules(rules_grpc_v1.RulesServiceServicer):
    """Passes every order but those named; refuses batches that hold a poisonous one."""

    def __init__(self) -> None:
        self.verdicts: dict[str, decision_v1.Verdict.ValueType] = {}
        self.poison: set[str] = set()
        self.down_for = 0
        self.calls = 0

    def EvaluateOrders(self, request: Any, context: Any) -> rules_v1.EvaluateOrdersResponse:
        self.calls += 1
        if self.down_for:
            self.down_for -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "down")
        numbers = [judged.order.order_number for judged in request.orders]
        if self.poison & set(numbers):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "poison")
        return rules_v1.EvaluateOrdersResponse(
            decisions=[
                decision_v1.Decision(
                    order_number=number,
                    revision=1,
                    verdict=self.verdicts.get(number, decision_v1.VERDICT_PASS),
                )
                for number in numbers
            ]
        )


class MemoryAllocation(allocation_grpc_v1.AllocationServiceServicer):
    """Fills every order."""

    def __init__(self) -> None:
        self.asked: dict[str, allocation_v1.OrderToAllocate] = {}

    def AllocateOrders(self, request: Any, context: Any) -> allocation_v1.AllocateOrdersResponse:
        for order in request.orders:
            self.asked[order.order_number] = order
        return allocation_v1.AllocateOrdersResponse(
            allocations=[
                allocation_v1.OrderAllocation(
                    order_number=order.order_number,
                    revision=order.revision,
                    status=allocation_v1.ALLOCATION_STATUS_FULL,
                )
                for order in request.orders
            ]
        )


class MemoryInventory(inventory_grpc_v1.InventoryServiceServicer):
    """Confirms and frees whatever it is asked to."""

    def __init__(self) -> None:
        self.released: dict[str, inventory_v1.ReservationToRelease] = {}
        self.confirmed: list[str] = []

    def ConfirmReservations(
        self, request: Any, context: Any
    ) -> inventory_v1.ConfirmReservationsResponse:
        self.confirmed += [order.order_number for order in request.orders]
        return inventory_v1.ConfirmReservationsResponse(
            outcomes=[
                inventory_v1.ReservationOutcome(
                    order_number=order.order_number,
                    state=inventory_v1.RESERVATION_STATE_CONFIRMED,
                )
                for order in request.orders
            ]
        )

    def ReleaseReservations(
        self, request: Any, context: Any
    ) -> inventory_v1.ReleaseReservationsResponse:
        for order in request.orders:
            self.released[order.order_number] = order
        return inventory_v1.ReleaseReservationsResponse(
            outcomes=[
                inventory_v1.ReservationOutcome(
                    order_number=order.order_number,
                    state=inventory_v1.RESERVATION_STATE_RELEASED,
                )
                for order in request.orders
            ]
        )


class MemoryHub:
    """All peers on one port."""

    def __init__(self) -> None:
        self.intake = MemoryIntake()
        self.rules = MemoryRules()
        self.allocation = MemoryAllocation()
        self.inventory = MemoryInventory()
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        intake_grpc_v1.add_IntakeServiceServicer_to_server(self.intake, self._server)
        rules_grpc_v1.add_RulesServiceServicer_to_server(self.rules, self._server)
        allocation_grpc_v1.add_AllocationServiceServicer_to_server(self.allocation, self._server)
        inventory_grpc_v1.add_InventoryServiceServicer_to_server(self.inventory, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()


@pytest.fixture
def hub() -> Iterator[MemoryHub]:
    hub = MemoryHub()
    yield hub
    hub.stop()


@pytest.fixture
def hub_config(config: Config, hub: MemoryHub) -> Config:
    """Settings whose peers are the memory hub."""
    return config.model_copy(
        update={f"{name}_addr": hub.address for name in ("intake", "rules", "fulfilment")}
    )


@pytest.fixture
def peers(hub_config: Config) -> Iterator[Peers]:
    peers = Peers(hub_config)
    yield peers
    peers.close()
