"""Certificates for both ends of a call between services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from services._kit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from services._kit.config import Config


def server_credentials(config: Config) -> grpc.ServerCredentials | None:
    """Return what we serve with; `None` means plain text, which only loopback may use.

    With authorities given, a caller needs a certificate that they signed.
    """
    if config.tls_cert_file is None or config.tls_key_file is None:
        return None
    pair = (_read(config.tls_key_file), _read(config.tls_cert_file))
    authorities = _read(config.tls_ca_file) if config.tls_ca_file else None
    return grpc.ssl_server_credentials(
        [pair], root_certificates=authorities, require_client_auth=authorities is not None
    )


def channel_credentials(config: Config) -> grpc.ChannelCredentials | None:
    """Return what we call our peers with; `None` means plain text."""
    if config.tls_cert_file is None or config.tls_key_file is None:
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=_read(config.tls_ca_file) if config.tls_ca_file else None,
        private_key=_read(config.tls_key_file),
        certificate_chain=_read(config.tls_cert_file),
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
