"""Where the four services answer."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_PORT = 7401


@dataclass(frozen=True, slots=True)
class Addresses:
    """`host:port` of each service."""

    intake: str
    rules: str
    fulfilment: str
    orchestrator: str


SERVICES = tuple(field.name for field in fields(Addresses))


def parse_addresses(text: str) -> Addresses | None:
    """Return addresses from `host:port`, `:port` or `intake=host:port,…`; `None` for a folder.

    With one address the services follow each other from its port, as the hub lays them out.

    Raises
    ------
    ValueError
        When pairs are given and a service is missing, unknown, or without a port.
    """
    if "=" in text:
        return _from_pairs(text)
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or "/" in text:
        return None
    return Addresses(*(f"{host or '127.0.0.1'}:{int(port) + i}" for i in range(len(SERVICES))))


def from_mapping(found: Mapping[str, object]) -> Addresses | None:
    """Return addresses from `hub.json`'s own; `None` where one is missing."""
    if not all(isinstance(found.get(name), str) for name in SERVICES):
        return None
    return Addresses(**{name: str(found[name]) for name in SERVICES})


def _from_pairs(text: str) -> Addresses:
    pairs = {}
    for part in text.split(","):
        name, _, address = part.strip().partition("=")
        if name not in SERVICES:
            raise ValueError(f"no service is called {name!r}; there are {', '.join(SERVICES)}")
        if not address.rpartition(":")[2].isdigit():
            raise ValueError(f"{name}: {address!r} is no host:port")
        pairs[name] = address
    missing = [name for name in SERVICES if name not in pairs]
    if missing:
        raise ValueError(f"no address is given for {', '.join(missing)}")
    return Addresses(**pairs)
