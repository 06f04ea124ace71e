"""With authorities given, a caller is who its certificate says, and nobody comes in without."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services._kit.auth import Principal, Role, from_certificate
from services._kit.config import Config
from services._kit.errors import ConfigError, Unauthenticated
from services._kit.server import Server
from services._kit.tls import channel_credentials

CERTIFICATES = Path(__file__).parent / "certificates"
CHECK = health_pb2.HealthCheckRequest()


def settings(name: str) -> Config:
    """Settings of somebody with the certificate `name`, who trusts our authority."""
    return Config(
        env="production",
        tls_cert_file=CERTIFICATES / f"{name}.pem",
        tls_key_file=CERTIFICATES / f"{name}.key",
        tls_ca_file=CERTIFICATES / "own-ca.pem",
        grace_s=1,
    )


async def check(
    address: str, credentials: grpc.ChannelCredentials | None, **metadata: str
) -> grpc.StatusCode:
    """Return the status of a health check."""
    assert credentials is not None
    pairs = tuple((key.replace("_", "-"), value) for key, value in metadata.items())
    async with grpc.aio.secure_channel(address, credentials) as channel:
        try:
            await health_pb2_grpc.HealthStub(channel).Check(CHECK, timeout=5, metadata=pairs)
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK


async def test_only_a_certificate_with_a_role_comes_in() -> None:
    server = Server(settings("server"), "127.0.0.1:0")
    address = await server.start([])
    authority = (CERTIFICATES / "own-ca.pem").read_bytes()

    known = await check(address, channel_credentials(settings("viewer")))
    nameless = await check(
        address, channel_credentials(settings("nameless")), x_orderhub_role="admin"
    )
    stranger = await check(address, channel_credentials(settings("stranger")))
    without = await check(address, grpc.ssl_channel_credentials(authority))

    await server.drain()
    assert known is grpc.StatusCode.OK
    assert nameless is grpc.StatusCode.UNAUTHENTICATED
    assert stranger is without is grpc.StatusCode.UNAVAILABLE


def test_a_certificate_that_is_not_there_is_said_by_its_path() -> None:
    with pytest.raises(ConfigError, match=r"absent\.key: cannot be read"):
        channel_credentials(settings("absent"))


def test_the_uri_names_role_and_actor() -> None:
    names = ["hub.example", "urn:orderhub:channel:tmall%3A1"]

    assert from_certificate(names) == Principal("tmall:1", Role.CHANNEL, authenticated=True)


@pytest.mark.parametrize(
    "name", ["", "urn:orderhub:root:x", "urn:orderhub:admin:", "urn:other:admin:x", "admin:x"]
)
def test_any_other_name_is_nobody(name: str) -> None:
    with pytest.raises(Unauthenticated):
        from_certificate([name])
