"""Exit 0 when the services named answer SERVING in this container, else 1 with the reason.

    python healthcheck.py intake rules

Asks by the standard health protocol at the ports and with the certificates of the container's own
settings.
"""

from __future__ import annotations

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services._kit import config as settings
from services._kit.errors import ConfigError
from services._kit.tls import channel_credentials

TIMEOUT_S = 3.0
ANY_HOST = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


def main(names: list[str]) -> int:
    """Ask each of `names`, all services where there is none; return the exit code."""
    try:
        config = settings.load()
        credentials = channel_credentials(config)
    except ConfigError as error:
        return _unhealthy(str(error))
    for name in names or settings.SERVICES:
        if name not in settings.SERVICES:
            return _unhealthy(f"no service is called {name!r}")
        host = "127.0.0.1" if config.listen in ANY_HOST else config.listen
        said = _asked(f"{host}:{config.ports[name]}", credentials)
        if said != "SERVING":
            return _unhealthy(f"{name}: {said}")
    return 0


def _asked(address: str, credentials: grpc.ChannelCredentials | None) -> str:
    """Return the status in one word."""
    channel = (
        grpc.insecure_channel(address)
        if credentials is None
        else grpc.secure_channel(address, credentials)
    )
    with channel:
        try:
            reply = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=TIMEOUT_S, wait_for_ready=True
            )
        except grpc.RpcError as error:
            return str(error.code().name)
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(reply.status))


def _unhealthy(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
