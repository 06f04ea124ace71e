"""An intake that keeps payloads in memory, served over real gRPC."""

from __future__ import annotations

import contextlib
import threading
from concurrent import futures
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from orderhub_client.addresses import Addresses
from orderhub_client.client import OrderHub

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Serve = Callable[["FakeIntake"], contextlib.AbstractContextManager[OrderHub]]

POISON = b"poison"


class FakeIntake(intake_grpc_v1.IntakeServiceServicer):
    """Accepts each new body once; repeats answers by request id, as intake does.

    Attributes
    ----------
    bodies
        Accepted bodies in the order they came.
    drop_answers
        So many calls are taken in but answered with UNAVAILABLE.
    unfinished
        What successive counts say is left; the last one stays.
    """

    def __init__(self, drop_answers: int = 0, unfinished: tuple[int, ...] = (0,)) -> None:
        self.bodies: list[bytes] = []
        self.calls: list[int] = []
        self.drop_answers = drop_answers
        self.unfinished = list(unfinished)
        self._answers: dict[str, intake_v1.SubmitResult] = {}
        self._lock = threading.Lock()

    def SubmitPayloads(
        self, request: intake_v1.SubmitPayloadsRequest, context: grpc.ServicerContext
    ) -> intake_v1.SubmitPayloadsResponse:
        with self._lock:
            self.calls.append(len(request.payloads))
            if any(p.body == POISON for p in request.payloads):
                _refuse(context, "payloads[0].body")
            if request.channel == "unknown":
                _refuse(context, "channel")
            results = [self._take(payload) for payload in request.payloads]
            if self.drop_answers:
                self.drop_answers -= 1
                context.abort(grpc.StatusCode.UNAVAILABLE, "killed after the commit")
        return intake_v1.SubmitPayloadsResponse(results=results)

    def CountOrders(
        self, request: intake_v1.CountOrdersRequest, context: grpc.ServicerContext
    ) -> intake_v1.CountOrdersResponse:
        with self._lock:
            left = self.unfinished.pop(0) if len(self.unfinished) > 1 else self.unfinished[0]
        return intake_v1.CountOrdersResponse(orders=len(self.bodies), unfinished=left)

    def _take(self, payload: intake_v1.ChannelPayload) -> intake_v1.SubmitResult:
        known = self._answers.get(payload.request_id)
        if known is not None:
            return known
        outcome = intake_v1.SUBMIT_OUTCOME_ACCEPTED
        if payload.body in self.bodies:
            outcome = intake_v1.SUBMIT_OUTCOME_DUPLICATE
        elif b"bad" in payload.body:
            outcome = intake_v1.SUBMIT_OUTCOME_QUARANTINED
        else:
            self.bodies.append(payload.body)
        answer = intake_v1.SubmitResult(
            request_id=payload.request_id,
            outcome=outcome,
            reason="BAD" if outcome == intake_v1.SUBMIT_OUTCOME_QUARANTINED else "",
        )
        self._answers[payload.request_id] = answer
        return answer


def _refuse(context: grpc.ServicerContext, field: str) -> None:
    info = error_details_pb2.ErrorInfo(reason="MALFORMED", domain="orderhub")
    request = error_details_pb2.BadRequest(
        field_violations=[error_details_pb2.BadRequest.FieldViolation(field=field)]
    )
    status = status_pb2.Status(code=grpc.StatusCode.INVALID_ARGUMENT.value[0], message="no")
    for detail in (info, request):
        status.details.add().Pack(detail)
    context.abort_with_status(rpc_status.to_status(status))


@contextlib.contextmanager
def serving(intake: FakeIntake) -> Generator[OrderHub]:
    """Yield a client of a hub whose intake is `intake` and whose other services are away."""
    server = grpc.server(futures.ThreadPoolExecutor(8))
    intake_grpc_v1.add_IntakeServiceServicer_to_server(intake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    address = f"127.0.0.1:{port}"
    try:
        with OrderHub(Addresses(address, address, address, address)) as hub:
            yield hub
    finally:
        server.stop(None).wait()


@pytest.fixture
def fake_intake() -> type[FakeIntake]:
    return FakeIntake


@pytest.fixture
def serve() -> Serve:
    return serving
