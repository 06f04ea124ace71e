"""The services behind the orchestrator, called with synchronous stubs.

Workflows run in threads, after a crash on a loop of the workflow engine's own, where stubs of
grpc.aio would fail.
"""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, TypeVar

import grpc

from orderhub.fulfilment.v1 import allocation_pb2_grpc as allocation_grpc_v1
from orderhub.fulfilment.v1 import inventory_pb2_grpc as inventory_grpc_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from orderhub.rules.v1 import rules_pb2_grpc as rules_grpc_v1
from services._kit import logs

if TYPE_CHECKING:
    from collections.abc import Callable

    from services._kit.config import Config

log = logs.logger("orchestrator.peers")

CALL_TIMEOUT_S = 20.0
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
# What may pass by itself.
TRANSIENT = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
    }
)
METADATA = (("x-orderhub-role", "service"), ("x-orderhub-actor", "orchestrator"))

Request = TypeVar("Request")
Reply = TypeVar("Reply")


class ShuttingDown(BaseException):
    """The process is told to stop while a call waits for a peer.

    Not an `Exception`: the workflow engine records those as the workflow's failure, and would
    never take the workflow up again.
    """


class CallRefused(Exception):
    """A peer refused a call for good; repeating it will not help.

    `grpc.RpcError` itself must not leave a workflow: it cannot be pickled.
    """

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(f"{code.name}: {details}")
        self.code = code
        self.details = details

    def __reduce__(self) -> tuple[type[CallRefused], tuple[grpc.StatusCode, str]]:
        """Pickle by the two arguments: the workflow engine keeps what ends a workflow."""
        return CallRefused, (self.code, self.details)


class Peers:
    """Stubs of intake, rules and fulfilment, and the one way to call them."""

    def __init__(self, config: Config, credentials: grpc.ChannelCredentials | None = None) -> None:
        self.stopping = threading.Event()
        self._channels: list[grpc.Channel] = []
        self._options = [
            ("grpc.max_receive_message_length", config.max_transport_bytes),
            ("grpc.max_send_message_length", config.max_transport_bytes),
            # A killed peer is back within a second: do not wait for the default's two minutes.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1000),
        ]
        self._credentials = credentials
        self.intake = intake_grpc_v1.IntakeServiceStub(self._channel(config.address("intake")))
        self.rules = rules_grpc_v1.RulesServiceStub(self._channel(config.address("rules")))
        fulfilment = self._channel(config.address("fulfilment"))
        self.allocation = allocation_grpc_v1.AllocationServiceStub(fulfilment)
        self.inventory = inventory_grpc_v1.InventoryServiceStub(fulfilment)

    def call(
        self,
        method: Callable[..., Reply],
        request: Request,
        *,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> Reply:
        """Call until answered; every method called here is idempotent.

        Raises
        ------
        CallRefused
            When the peer declines the request itself.
        ShuttingDown
            When the process is told to stop meanwhile.
        """
        pause_s = FIRST_PAUSE_S
        while True:
            if self.stopping.is_set():
                raise ShuttingDown
            try:
                return method(request, timeout=timeout_s, metadata=METADATA)
            except grpc.RpcError as error:
                code = error.code()
                if code not in TRANSIENT:
                    raise CallRefused(code, error.details() or "") from None
                if pause_s == FIRST_PAUSE_S:  # once for each call, not for each try
                    name = type(request).__name__
                    log.info("a peer does not answer; asking on", request=name, code=code.name)
            # Jitter, so that conductors that lost the same peer do not come back as one.
            if self.stopping.wait(pause_s * random.uniform(0.5, 1.0)):
                raise ShuttingDown
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def close(self) -> None:
        """End every wait, then the channels."""
        self.stopping.set()
        for channel in self._channels:
            channel.close()

    def _channel(self, address: str) -> grpc.Channel:
        if self._credentials is None:
            channel = grpc.insecure_channel(address, options=self._options)
        else:
            channel = grpc.secure_channel(address, self._credentials, options=self._options)
        self._channels.append(channel)
        return channel
