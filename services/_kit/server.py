"""A gRPC server with everything a service needs around its handlers.

The contract of `services/X/app.py`
-----------------------------------
Each service's `app` module has one coroutine::

    async def start(config: Config) -> Service

It opens what the service owns (database, workers, peers' channels), starts its background tasks
on the running loop, and returns an object that meets `Service`. It must not wait for peers:
a service whose peers are down starts, serves, and refuses with UNAVAILABLE what needs them.
It raises `ConfigError` for settings it cannot run with. After `start` the kit calls, in order:

1. `register(server)`: add the servicers to `server`, with the generated `add_…_to_server`.
2. On SIGTERM, once health says NOT_SERVING: `drain()`: end the background tasks and long polls
   within the grace period; calls in flight still need the database and the workers.
3. When the last call is over: `stop()`: close everything. `drain` and `stop` come once each.

Handlers are `async def`; they raise `services._kit.errors` and know who calls by
`auth.current_principal()`. Each of their methods needs a row in `services/_kit/access.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Protocol

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from services._kit import logs, tls
from services._kit.access import ACCESS
from services._kit.admission import Admission
from services._kit.auth import Role
from services._kit.clock import SystemClock
from services._kit.config import is_loopback
from services._kit.errors import ConfigError
from services._kit.interceptor import Guard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from services._kit.auth import Access, AuditEntry, AuditSink
    from services._kit.clock import Clock
    from services._kit.config import Config

    Starter = Callable[[Config], Awaitable["Service"]]

log = logs.logger("kit.server")

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
KEEPALIVE_MS = 30_000


class Service(Protocol):
    """What `services.X.app.start` returns."""

    @property
    def names(self) -> Sequence[str]:
        """Full names of the gRPC services served, as `orderhub.rules.v1.RulesService`."""
        ...

    def register(self, server: grpc.aio.Server) -> None:
        """Add the servicers."""
        ...

    async def drain(self) -> None:
        """End background tasks; calls in flight go on."""
        ...

    async def stop(self) -> None:
        """Close everything."""
        ...


class AddressInUseError(Exception):
    """Somebody else listens there; the text is one sentence for the operator."""


class Server:
    """One listening address with the services on it.

    Parameters
    ----------
    address
        `host:port`; port 0 takes a free one, see `address` after `start`.
    audit
        Told of every call that changes something; if unset, the log is.
    """

    def __init__(
        self,
        config: Config,
        address: str,
        *,
        access: Access = ACCESS,
        audit: AuditSink | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._config = config
        self._access = access
        self._admission = Admission(config.max_in_flight, config.max_streams)
        self._services: list[Service] = []
        self._health = health.aio.HealthServicer()
        self._credentials = tls.server_credentials(config)
        trusting = is_loopback(config.listen) and config.tls_ca_file is None
        self._guard = Guard(
            access,
            self._admission,
            clock or SystemClock(),
            max_message_bytes=config.max_message_bytes,
            max_batch_bytes=config.max_batch_bytes,
            audit=audit or log_audit,
            trust_metadata=trusting,
        )
        self._grpc = grpc.aio.server(interceptors=[self._guard], options=_options(config))
        self._trusting = trusting
        self.address = address

    async def start(self, services: Sequence[Service]) -> str:
        """Serve `services`; return the address bound.

        Raises
        ------
        AddressInUseError
            When the port is taken.
        ConfigError
            When a method served has no row in the authorisation table.
        """
        methods = Methods()
        for service in services:
            service.register(methods.recording(self._grpc))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, methods.recording(self._grpc))
        if not self._config.production:
            _reflect(services, methods.recording(self._grpc))
        missing = sorted(methods.found - set(self._access))
        if missing:
            raise ConfigError(f"no row in the authorisation table for {', '.join(missing)}")

        self.address = self._bind()
        await self._grpc.start()
        self._services = list(services)
        await self._set_health(SERVING)
        log.info("serving", addr=self.address, services=[n for s in services for n in s.names])
        if self._trusting:
            log.info("callers are believed who they say they are; only this machine can call")
        return self.address

    async def drain(self) -> None:
        """Stop within the grace period: health first, then new calls, then those in flight."""
        await self._set_health(NOT_SERVING)
        self._admission.drain()
        stopping = asyncio.ensure_future(self._grpc.stop(self._config.grace_s))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.grace_s):
                await _each(service.drain() for service in self._services)
        self._guard.end_streams()
        await stopping
        await _each(service.stop() for service in self._services)
        log.info("stopped", addr=self.address)

    def _bind(self) -> str:
        try:
            if self._credentials is None:
                port = self._grpc.add_insecure_port(self.address)
            else:
                port = self._grpc.add_secure_port(self.address, self._credentials)
        except RuntimeError:
            port = 0
        if not port:
            raise AddressInUseError(
                f"cannot listen on {self.address}: the port is taken by another process, "
                "or the address is not this machine's"
            )
        return f"{self.address.rpartition(':')[0]}:{port}"

    async def _set_health(self, status: Any) -> None:
        for name in ("", *(name for service in self._services for name in service.names)):
            await self._health.set(name, status)


class Methods:
    """Notes the full name of every method that is registered."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def recording(self, server: grpc.aio.Server) -> Any:
        """Return `server` seen through a notebook."""
        return _Recorder(server, self.found)


class _Recorder:
    def __init__(self, server: Any, found: set[str]) -> None:
        self._server = server
        self._found = found

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """Pass on; generated code announces the same methods in the other call."""
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        """Note the methods."""
        self._found.update(f"/{service}/{method}" for method in handlers)


async def log_audit(entry: AuditEntry) -> None:
    """Write `entry` to the log; what our own services do on each batch, for debugging only."""
    level = logging.DEBUG if entry.principal.role is Role.SERVICE else logging.INFO
    log.log(
        level,
        "audit",
        at=entry.at.isoformat(),
        method=entry.method,
        actor=entry.principal.id,
        role=entry.principal.role.value,
        authenticated=entry.principal.authenticated,
        outcome=entry.outcome,
    )


async def _each(steps: Iterable[Awaitable[None]]) -> None:
    """Do every step, though one fails: the others still have something to close."""
    for outcome in await asyncio.gather(*steps, return_exceptions=True):
        if isinstance(outcome, Exception):
            log.error("a service did not stop cleanly", exc_info=outcome)


def _reflect(services: Sequence[Service], server: Any) -> None:
    # Imported here, so that production does not load it.
    from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc  # noqa: PLC0415

    names = [name for service in services for name in service.names]
    names += [health.SERVICE_NAME, reflection.SERVICE_NAME]
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(
        reflection.aio.ReflectionServicer(service_names=names), server
    )


def _options(config: Config) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # else a second server binds a used port in silence
        ("grpc.max_receive_message_length", config.max_transport_bytes),
        ("grpc.max_send_message_length", config.max_transport_bytes),
        ("grpc.keepalive_time_ms", KEEPALIVE_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
        ("grpc.http2.max_ping_strikes", 0),
    ]
