"""Handlers of `orderhub.orchestrator.v1`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.orchestrator.v1 import orchestrator_pb2 as orchestrator_v1
from orderhub.orchestrator.v1 import orchestrator_pb2_grpc as orchestrator_grpc_v1
from services._kit.auth import Role, current_principal
from services._kit.errors import Forbidden, Malformed
from services._kit.pages import page_size
from services._kit.reasons import Reason as Kit
from services.orchestrator import exceptions

if TYPE_CHECKING:
    import grpc

    from services._kit.clock import Clock
    from services._kit.pages import PageTokens

DEFAULT_WAIT_S = 10.0
LONGEST_WAIT_S = 60.0
FIRST_LOOK_S = 0.005
LONGEST_LOOK_S = 0.1
PEER_TIMEOUT_S = 10.0
REPLY_MARGIN_S = 0.1  # kept back from the caller's deadline to build the reply


class OrchestratorServicer(orchestrator_grpc_v1.OrchestratorServiceServicer):
    """Submits and waits; lists what needs a person.

    Parameters
    ----------
    intake
        Asynchronous stub of intake that says it is this service.
    """

    def __init__(self, intake: Any, tokens: PageTokens, clock: Clock) -> None:
        self._intake = intake
        self._tokens = tokens
        self._clock = clock

    async def ProcessOrder(
        self,
        request: orchestrator_v1.ProcessOrderRequest,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> orchestrator_v1.ProcessOrderResponse:
        """Take one order in and wait until it rests."""
        who = current_principal()
        request_id = request.request_id
        if who.role is Role.CHANNEL:
            # Intake is called in our own name, so what a channel may do is decided here.
            if request.order.channel != who.id:
                raise Forbidden(Kit.FORBIDDEN, "the order is of another channel", "order.channel")
            request_id = f"{who.id}/{request_id}" if request_id else ""
        until = self._clock.monotonic() + _wait_s(request, context)
        submitted = await self._intake.SubmitOrder(
            intake_v1.SubmitOrderRequest(request_id=request_id, order=request.order),
            timeout=PEER_TIMEOUT_S,
        )
        result = submitted.result
        if not result.order_number:
            return orchestrator_v1.ProcessOrderResponse(result=result, at_rest=True)
        record = await self._rested(result.order_number, until)
        return orchestrator_v1.ProcessOrderResponse(
            result=result, record=record, at_rest=record.work == record_v1.WORK_UNSPECIFIED
        )

    async def _rested(self, order_number: str, until: float) -> record_v1.OrderRecord:
        """Return the order once nothing is left to do, or as it stands at `until`."""
        pause_s = FIRST_LOOK_S
        while True:
            reply = await self._intake.GetOrder(
                intake_v1.GetOrderRequest(order_number=order_number), timeout=PEER_TIMEOUT_S
            )
            record: record_v1.OrderRecord = reply.record
            left_s = until - self._clock.monotonic()
            if record.work == record_v1.WORK_UNSPECIFIED or left_s <= 0:
                return record
            await asyncio.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 1.5, LONGEST_LOOK_S)

    async def ListExceptions(
        self,
        request: orchestrator_v1.ListExceptionsRequest,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> orchestrator_v1.ListExceptionsResponse:
        """List what needs a person, gravest first."""
        query = orchestrator_v1.ListExceptionsRequest(
            kind=request.kind, min_severity=request.min_severity
        ).SerializeToString(deterministic=True)
        size = page_size(request.page_size)
        after = self._tokens.position(query, request.page_token)
        found = [
            entry
            for entry in await exceptions.gather(self._intake, request.kind)
            if entry.severity >= request.min_severity
            and (after is None or exceptions.sort_key(entry) > tuple(after))
        ]
        page = found[:size]
        token = (
            self._tokens.token(query, exceptions.sort_key(page[-1])) if len(found) > size else ""
        )
        return orchestrator_v1.ListExceptionsResponse(exceptions=page, next_page_token=token)


def _wait_s(
    request: orchestrator_v1.ProcessOrderRequest, context: grpc.aio.ServicerContext[Any, Any]
) -> float:
    wait_s = DEFAULT_WAIT_S
    if request.HasField("wait"):
        wait_s = request.wait.seconds + request.wait.nanos / 1e9
        if not 0 <= wait_s <= LONGEST_WAIT_S:
            raise Malformed(Kit.OUT_OF_RANGE, "wait is 0 to 60 seconds", field="wait")
    left_s = context.time_remaining()
    # Without a deadline gRPC reports none, or one of centuries.
    return wait_s if left_s is None else min(wait_s, left_s - REPLY_MARGIN_S)
