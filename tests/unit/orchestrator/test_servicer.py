"""ProcessOrder is no way around what a channel may do at intake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.orchestrator.v1 import orchestrator_pb2 as orchestrator_v1
from orderhub.orchestrator.v1 import orchestrator_pb2_grpc as orchestrator_grpc_v1
from services._kit.clock import SystemClock
from services._kit.pages import PageTokens
from services._kit.server import Server
from services.orchestrator.servicer import OrchestratorServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from services._kit.config import Config


class RestingIntake(intake_grpc_v1.IntakeServiceServicer):
    """Takes everything in, and all of it rests at once."""

    def __init__(self) -> None:
        self.submitted: list[intake_v1.SubmitOrderRequest] = []

    async def SubmitOrder(self, request: Any, context: Any) -> intake_v1.SubmitOrderResponse:
        self.submitted.append(request)
        result = intake_v1.SubmitResult(
            outcome=intake_v1.SUBMIT_OUTCOME_ACCEPTED, order_number="20261122000001"
        )
        return intake_v1.SubmitOrderResponse(result=result)

    async def GetOrder(self, request: Any, context: Any) -> intake_v1.GetOrderResponse:
        order = order_v1.Order(order_number=request.order_number)
        return intake_v1.GetOrderResponse(record=record_v1.OrderRecord(order=order))


class Door:
    """Only what the servicer needs of a service."""

    names = ("orderhub.orchestrator.v1.OrchestratorService",)

    def __init__(self, servicer: OrchestratorServicer) -> None:
        self._servicer = servicer

    def register(self, server: grpc.aio.Server) -> None:
        orchestrator_grpc_v1.add_OrchestratorServiceServicer_to_server(self._servicer, server)

    async def drain(self) -> None:
        pass

    async def stop(self) -> None:
        pass


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """These tests touch no database."""
    return ""


@pytest.fixture
async def intake() -> AsyncIterator[tuple[RestingIntake, grpc.aio.Channel]]:
    servicer, server = RestingIntake(), grpc.aio.server()
    intake_grpc_v1.add_IntakeServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield servicer, channel
    await server.stop(None)


@pytest.fixture
async def orchestrator(
    config: Config, intake: tuple[RestingIntake, grpc.aio.Channel]
) -> AsyncIterator[orchestrator_grpc_v1.OrchestratorServiceStub]:
    stub = intake_grpc_v1.IntakeServiceStub(intake[1])
    servicer = OrchestratorServicer(stub, PageTokens(b"0" * 32), SystemClock())
    server = Server(config, config.listen_address("orchestrator"))
    address = await server.start([Door(servicer)])
    async with grpc.aio.insecure_channel(address) as channel:
        yield orchestrator_grpc_v1.OrchestratorServiceStub(channel)
    await server.drain()


def request(channel: str) -> orchestrator_v1.ProcessOrderRequest:
    order = order_v1.Order(channel=channel, external_order_id="A1")
    return orchestrator_v1.ProcessOrderRequest(request_id="r1", order=order)


def caller(role: str, actor: str) -> tuple[tuple[str, str], ...]:
    return (("x-orderhub-role", role), ("x-orderhub-actor", actor))


async def test_a_channel_processes_no_order_of_another(
    orchestrator: Any, intake: tuple[RestingIntake, Any]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await orchestrator.ProcessOrder(request("shop"), metadata=caller("channel", "rival"))

    assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
    assert not intake[0].submitted


async def test_a_channels_request_ids_are_its_own(
    orchestrator: Any, intake: tuple[RestingIntake, Any]
) -> None:
    reply = await orchestrator.ProcessOrder(request("shop"), metadata=caller("channel", "shop"))
    await orchestrator.ProcessOrder(request("shop"), metadata=caller("operator", "ann"))

    assert reply.at_rest
    assert [sent.request_id for sent in intake[0].submitted] == ["shop/r1", "r1"]
