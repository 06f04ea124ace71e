"""What the orchestrator consists of, put together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from orderhub.orchestrator.v1 import orchestrator_pb2_grpc as orchestrator_grpc_v1
from services._kit.clock import SystemClock
from services._kit.pages import PageTokens
from services._kit.secret import load_secret
from services._kit.tls import channel_credentials
from services.orchestrator.conductor import Conductor
from services.orchestrator.identity import as_service
from services.orchestrator.peers import Peers
from services.orchestrator.servicer import OrchestratorServicer
from services.orchestrator.workflows import Workflows

if TYPE_CHECKING:
    import grpc

    from services._kit.config import Config


class Orchestrator:
    """The conductor and its door."""

    names = ("orderhub.orchestrator.v1.OrchestratorService",)

    def __init__(self, config: Config) -> None:
        credentials = channel_credentials(config)
        self._grace_s = config.grace_s
        self._peers = Peers(config, credentials)
        self._workflows = Workflows(config, self._peers)
        self._conductor = Conductor(self._peers, self._workflows)
        self._channel = as_service(config, credentials)
        self._servicer = OrchestratorServicer(
            intake_grpc_v1.IntakeServiceStub(self._channel),
            PageTokens(load_secret(config)),
            SystemClock(),
        )

    async def open(self) -> None:
        """Open the workflow engine and begin to claim."""
        await asyncio.to_thread(self._workflows.launch)
        self._conductor.start()

    def register(self, server: grpc.aio.Server) -> None:
        """Add the servicer."""
        orchestrator_grpc_v1.add_OrchestratorServiceServicer_to_server(self._servicer, server)

    async def drain(self) -> None:
        """Claim no more and finish the batches in hand, as far as the grace period goes."""
        await asyncio.to_thread(self._conductor.stop, self._grace_s)

    async def stop(self) -> None:
        """Close channels and engine; a batch still in hand stays pending and is taken up again."""
        self._peers.close()
        await asyncio.to_thread(self._workflows.close)
        await self._channel.close()


async def start(config: Config) -> Orchestrator:
    """Return the orchestrator, claiming."""
    orchestrator = Orchestrator(config)
    await orchestrator.open()
    return orchestrator
