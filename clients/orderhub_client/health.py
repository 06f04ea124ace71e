"""Whether the services serve, asked by the standard health protocol.

The message is one small number, so that no package is needed for it.
"""

from __future__ import annotations

import contextlib

import grpc

from orderhub_client.addresses import SERVICES, Addresses
from orderhub_client.channel import open_channel
from orderhub_client.credentials import credentials_from_environment

CHECK = "/grpc.health.v1.Health/Check"
SERVING = b"\x08\x01"


def not_serving(addresses: Addresses, timeout_s: float = 1.0) -> list[str]:
    """Return the names of the services that do not say SERVING within `timeout_s`."""
    credentials = credentials_from_environment()
    with contextlib.ExitStack() as channels:
        asked = {}
        for name in SERVICES:
            channel = channels.enter_context(open_channel(getattr(addresses, name), credentials))
            check = channel.unary_unary(CHECK, bytes, bytes)
            asked[name] = check.future(b"", timeout=timeout_s, wait_for_ready=True)
        return [name for name, answer in asked.items() if not _serves(answer)]


def _serves(answer: grpc.Future[bytes]) -> bool:
    try:
        return bool(answer.result() == SERVING)
    except grpc.RpcError:
        return False
