"""How the orchestrator's own handlers call intake: as a service, not as their caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from services.orchestrator.peers import METADATA

if TYPE_CHECKING:
    from collections.abc import Callable

    from services._kit.config import Config


class AsService(grpc.aio.UnaryUnaryClientInterceptor):
    """Adds our name and role to every call."""

    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Pass the call on with metadata."""
        details = client_call_details
        metadata = grpc.aio.Metadata(*(details.metadata or ()), *METADATA)
        return await continuation(
            grpc.aio.ClientCallDetails(
                details.method,
                details.timeout,
                metadata,
                details.credentials,
                details.wait_for_ready,
            ),
            request,
        )


def as_service(config: Config, credentials: grpc.ChannelCredentials | None) -> grpc.aio.Channel:
    """Return a channel to intake whose calls say who makes them."""
    address, interceptors = config.address("intake"), [AsService()]
    if credentials is None:
        return grpc.aio.insecure_channel(address, interceptors=interceptors)
    return grpc.aio.secure_channel(address, credentials, interceptors=interceptors)
