"""The composition root: which services run in this process, and until when.

services/__main__.py ── several names ──► supervisor.py ──► one process each, as below
        └───────────── one name, or --single-process ─────► hub.serve ─► services.X.app.start
"""

from __future__ import annotations

import asyncio
import signal
import socket
from importlib import import_module
from typing import TYPE_CHECKING

from services._kit import logs
from services._kit.config import SERVICES
from services._kit.errors import ConfigError
from services._kit.server import AddressInUseError, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from services._kit.config import Config
    from services._kit.server import Service, Starter

log = logs.logger("hub")

# The orchestrator needs its peers to finish what it has claimed, so it goes first.
STOP_ORDER = (("orchestrator",), ("intake", "rules", "fulfilment"))


def starter(name: str) -> Starter:
    """Return the `start` of a service; its module is imported now, and no other's.

    Raises
    ------
    ConfigError
        When no service has that name.
    """
    if name not in SERVICES:
        raise ConfigError(f"no service is called {name!r}; there are {', '.join(SERVICES)}")
    start: Starter = import_module(f"services.{name}.app").start
    return start


async def serve(
    config: Config, names: Sequence[str], *, ready: Callable[[dict[str, str]], None] | None = None
) -> None:
    """Serve `names` from this process until SIGTERM or SIGINT.

    Parameters
    ----------
    ready
        Called with the address of each service once all are served.

    Raises
    ------
    ConfigError, AddressInUseError, Unavailable
        When one of them cannot start; those started before are stopped again.
    """
    stop = asyncio.Event()
    on_signals(stop.set)
    servers: dict[str, Server] = {}
    try:
        for name in names:
            service = await starter(name)(config)
            servers[name] = await _listen(config, name, service)
        if ready is not None:
            ready({name: server.address for name, server in servers.items()})
        await stop.wait()
        log.info("stopping", services=list(names))
    finally:
        for stage in STOP_ORDER:
            leaving = [servers.pop(name) for name in stage if name in servers]
            await asyncio.gather(*(server.drain() for server in leaving))


async def _listen(config: Config, name: str, service: Service) -> Server:
    server = Server(config, config.listen_address(name))
    try:
        await server.start([service])
    except BaseException:
        await service.drain()
        await service.stop()
        raise
    return server


def on_signals(stop: Callable[[], object]) -> None:
    """Have SIGTERM and SIGINT call `stop`; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def first() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, first)


def with_ports(config: Config, names: Iterable[str]) -> Config:
    """Return `config` with a free port for each of `names` that asks for one by port 0.

    They are chosen before anything starts, so that all peers know each other's address and one
    that is started again comes back at its own.
    """
    ports = dict(config.ports)
    taken: list[socket.socket] = []
    try:
        for name in names:
            if not ports[name]:
                taken.append(_free(config.listen))
                ports[name] = taken[-1].getsockname()[1]
    finally:
        for held in taken:
            held.close()
    return config.model_copy(update={"ports": ports})


def check_ports(config: Config, names: Iterable[str]) -> None:
    """Raise `AddressInUseError` where somebody else already listens at one of ours."""
    for name in names:
        held = _socket(config.listen)
        try:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind((config.listen, config.ports[name]))
        except OSError as error:
            raise AddressInUseError(
                f"{name} cannot listen on {config.listen_address(name)}: {error.strerror}; "
                "stop the other process, or give --port-base or --free-ports"
            ) from error
        finally:
            held.close()


def addresses(config: Config, names: Iterable[str]) -> dict[str, str]:
    """Return where clients reach each of `names`."""
    return {name: config.address(name) for name in names}


def _free(host: str) -> socket.socket:
    held = _socket(host)
    try:
        held.bind((host, 0))
    except OSError as error:
        held.close()
        raise ConfigError(f"ORDERHUB_LISTEN: {host!r} is not an address of this machine") from error
    return held


def _socket(host: str) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise ConfigError(f"ORDERHUB_LISTEN: {host!r} is not an address") from error
    return socket.socket(family, socket.SOCK_STREAM)
