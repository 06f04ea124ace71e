"""The composition root of intake."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from services.intake.intake import Intake, open_intake
from services.intake.mapping import load_channels
from services.intake.servicer import IntakeServicer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import grpc

    from services._kit.clock import Clock
    from services._kit.config import Config
    from services.intake.mapped import PayloadMapping


class IntakeApp:
    """Intake as the kit's server runs it."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake

    @property
    def names(self) -> Sequence[str]:
        """Full names of the gRPC services served."""
        return [intake_v1.DESCRIPTOR.services_by_name["IntakeService"].full_name]

    def register(self, server: grpc.aio.Server) -> None:
        """Add the servicer."""
        intake_grpc_v1.add_IntakeServiceServicer_to_server(IntakeServicer(self.intake), server)

    async def drain(self) -> None:
        """End background tasks; calls in flight go on."""
        await self.intake.drain()

    async def stop(self) -> None:
        """Close everything."""
        await self.intake.close()


async def start(
    config: Config,
    *,
    channels: Mapping[str, PayloadMapping] | None = None,
    clock: Clock | None = None,
) -> IntakeApp:
    """Open intake.

    Parameters
    ----------
    channels
        Mappings by channel name; unset: those of the channel folder.
    clock
        Unset: the machine's.
    """
    if channels is None:
        channels = await asyncio.to_thread(load_channels)
    return IntakeApp(await open_intake(config, channels, clock))
