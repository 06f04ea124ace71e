"""Channels to the services, with the options that suit them."""

from __future__ import annotations

import grpc

MAX_MESSAGE_BYTES = 16 << 20  # the services' own caps are lower, and say so by name
KEEPALIVE_S = 30
KEEPALIVE_TIMEOUT_S = 10
RECONNECT_S = (0.1, 1.0)  # a service that was killed is back within seconds


def channel_options(max_message_bytes: int = MAX_MESSAGE_BYTES) -> list[tuple[str, int]]:
    """Return channel arguments: message caps, keepalive, quick reconnection.

    Parameters
    ----------
    max_message_bytes
        Largest message sent or received, bytes.
    """
    first_s, longest_s = RECONNECT_S
    return [
        ("grpc.max_receive_message_length", max_message_bytes),
        ("grpc.max_send_message_length", max_message_bytes),
        ("grpc.keepalive_time_ms", KEEPALIVE_S * 1000),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_S * 1000),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.initial_reconnect_backoff_ms", round(first_s * 1000)),
        ("grpc.min_reconnect_backoff_ms", round(first_s * 1000)),
        ("grpc.max_reconnect_backoff_ms", round(longest_s * 1000)),
    ]


def open_channel(
    address: str,
    credentials: grpc.ChannelCredentials | None = None,
    *,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
) -> grpc.Channel:
    """Return a synchronous channel to `host:port`; plain text without `credentials`."""
    options = channel_options(max_message_bytes)
    if credentials is None:
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, credentials, options)


def open_aio_channel(
    address: str,
    credentials: grpc.ChannelCredentials | None = None,
    *,
    max_message_bytes: int = MAX_MESSAGE_BYTES,
) -> grpc.aio.Channel:
    """Return an asyncio channel to `host:port`; plain text without `credentials`."""
    options = channel_options(max_message_bytes)
    if credentials is None:
        return grpc.aio.insecure_channel(address, options)
    return grpc.aio.secure_channel(address, credentials, options)


def caller_metadata(
    *, role: str = "", actor: str = "", language: str = "", tracking_id: str = ""
) -> tuple[tuple[str, str], ...]:
    """Return call metadata; the services believe role and actor on this machine only.

    Parameters
    ----------
    role
        As `operator` or `channel`. Empty: what the service takes unnamed callers for.
    actor
        Who we are; for the role `channel`, the channel.
    language
        `zh-CN` or `en`, for the texts of refusals.
    tracking_id
        Links the call to others in the logs.
    """
    given = {
        "x-orderhub-role": role,
        "x-orderhub-actor": actor,
        "accept-language": language,
        "x-tracking-id": tracking_id,
    }
    return tuple((key, value) for key, value in given.items() if value)
