"""Certificates for hubs beyond this machine, named by the same settings as the services' own."""

from __future__ import annotations

import os
from pathlib import Path

import grpc

CA_FILE, CERT_FILE, KEY_FILE = (f"ORDERHUB_TLS_{what}_FILE" for what in ("CA", "CERT", "KEY"))


class CredentialsError(Exception):
    """The certificates cannot be used; the text names the setting."""


def credentials_from_environment() -> grpc.ChannelCredentials | None:
    """Return what `ORDERHUB_TLS_CA_FILE`, `…_CERT_FILE` and `…_KEY_FILE` name.

    Returns
    -------
    grpc.ChannelCredentials or None
        `None`, that is plain text, where none of them is set: a hub on this machine.

    Raises
    ------
    CredentialsError
        When a file cannot be read, or certificate and key are not given together.
    """
    authorities, chain, key = (_read(name) for name in (CA_FILE, CERT_FILE, KEY_FILE))
    if (chain is None) != (key is None):
        raise CredentialsError(f"{CERT_FILE} and {KEY_FILE} are given together or not at all.")
    if authorities is None and chain is None:
        return None
    return grpc.ssl_channel_credentials(authorities, key, chain)


def _read(name: str) -> bytes | None:
    path = os.environ.get(name)
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CredentialsError(f"{name}: {path} cannot be read: {error.strerror}.") from None
