"""The one guard around every handler: identity, limits, refusals, audit."""

from __future__ import annotations

import asyncio
import inspect
import time
import uuid
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from grpc_status import rpc_status

from services._kit import auth, logs, peers
from services._kit.decoding import checked, checked_stream, guarded
from services._kit.errors import Exhausted, Internal, Refusal, Unavailable
from services._kit.reasons import Reason
from services._kit.status import languages_of, rich_status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    from google.rpc import status_pb2

    from services._kit.admission import Admission
    from services._kit.clock import Clock

log = logs.logger("kit.rpc")

UNLIMITED = ("/grpc.health.", "/grpc.reflection.")  # served even when we are overloaded


class Guard(grpc.aio.ServerInterceptor):
    """Wraps every handler once and keeps the wrapped one.

    Parameters
    ----------
    access
        Method → grant; a method without a row is refused to everybody.
    max_message_bytes, max_batch_bytes
        Caps of a request, the second where the grant says `batch`.
    audit
        Told of every accepted call that changes something, after its outcome is known.
    trust_metadata
        Whether callers say themselves who they are, which only loopback allows; a certificate
        says so otherwise.
    """

    def __init__(
        self,
        access: auth.Access,
        admission: Admission,
        clock: Clock,
        *,
        max_message_bytes: int,
        max_batch_bytes: int,
        audit: auth.AuditSink,
        trust_metadata: bool,
    ) -> None:
        self._access = access
        self._admission = admission
        self._clock = clock
        self._cap = {False: max_message_bytes, True: max_batch_bytes}
        self._audit = audit
        self._trust_metadata = trust_metadata
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        self._streams: set[asyncio.Task[Any]] = set()
        self._ending = False

    def end_streams(self) -> None:
        """End every open response stream with UNAVAILABLE; its caller resumes elsewhere."""
        self._ending = True
        for task in self._streams:
            task.cancel()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return the guarded handler of a method; `None` where nobody serves it."""
        method = handler_call_details.method
        if method not in self._wrapped:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            self._wrapped[method] = self._wrap(method, handler)
        return self._wrapped[method]

    def _wrap(self, method: str, handler: Any) -> grpc.RpcMethodHandler[Any, Any]:
        grant = self._access.get(method)
        cap = self._cap[grant.batch if grant else False]
        inner, make = _behaviour(handler)
        check = checked_stream if handler.request_streaming else checked
        limited = not method.startswith(UNLIMITED)
        stream = bool(handler.response_streaming)

        if inspect.isasyncgenfunction(inner):

            async def generate(request: Any, context: Any) -> AsyncIterator[Any]:
                async with self._guarded(method, context, limited=limited, stream=stream):
                    async for response in inner(check(request), context):
                        yield response

            wrapped: Any = generate
        else:

            async def call(request: Any, context: Any) -> Any:
                async with self._guarded(method, context, limited=limited, stream=stream):
                    return await inner(check(request), context)

            wrapped = call
        guarded_handler: grpc.RpcMethodHandler[Any, Any] = make(
            wrapped,
            request_deserializer=guarded(handler.request_deserializer, cap),
            response_serializer=handler.response_serializer,
        )
        return guarded_handler

    @asynccontextmanager
    async def _guarded(
        self, method: str, context: Any, *, limited: bool, stream: bool
    ) -> AsyncIterator[None]:
        """Do what is done around every call; turn whatever is raised into one status."""
        metadata = dict(context.invocation_metadata() or ())
        tracking_id = logs.tracking_id_from(metadata.get(logs.TRACKING_KEY))
        structlog.contextvars.bind_contextvars(tracking_id=tracking_id)
        call = _Call(method, metadata, tracking_id, time.perf_counter())
        try:
            grant = self._admit(call, context)
            if limited:
                self._admission.enter(stream=stream)
            call.audited = grant.mutates
            try:
                with self._noted(stream=stream):
                    yield
            finally:
                if limited:
                    self._admission.leave(stream=stream)
        except grpc.aio.AbortError:
            raise  # the handler has ended the call itself, as the health service does
        except asyncio.CancelledError:
            if not (stream and self._ending):
                await self._tell(call, "CANCELLED")  # what it did may stand
                raise
            status = _status(Unavailable(Reason.SHUTTING_DOWN), call)
        except Exception as error:  # noqa: BLE001 - the edge: nothing leaves a server untranslated
            status = _status_for(error, call)
        else:
            if logs.debugging():
                log.debug("served", method=method, ms=call.elapsed_ms())
            await self._tell(call, "OK")
            return
        await self._tell(call, _code_name(status.code))
        given = rpc_status.to_status(status)
        await context.abort(given.code, given.details, given.trailing_metadata)

    def _admit(self, call: _Call, context: Any) -> auth.Grant:
        if self._trust_metadata:
            call.principal = auth.from_metadata(call.metadata)
        else:
            names = context.auth_context().get("x509_subject_alternative_name", ())
            call.principal = auth.from_certificate(name.decode() for name in names)
        auth.set_principal(call.principal)
        return auth.authorise(self._access, call.method, call.principal)

    @contextmanager
    def _noted(self, *, stream: bool) -> Iterator[None]:
        """Keep the task of a stream where `end_streams` finds it."""
        task = asyncio.current_task()
        if not stream or task is None:
            yield
            return
        self._streams.add(task)
        try:
            yield
        finally:
            self._streams.discard(task)

    async def _tell(self, call: _Call, outcome: str) -> None:
        if not call.audited:
            return
        entry = auth.AuditEntry(
            self._clock.now(), call.method, call.principal, call.tracking_id, outcome
        )
        try:
            await self._audit(entry)
        except Exception:
            # The call itself is done and must be answered.
            log.exception("the audit sink failed", method=call.method)


@dataclass(slots=True)
class _Call:
    """What is known of the call being served."""

    method: str
    metadata: Mapping[str, str]
    tracking_id: str
    started: float
    principal: auth.Principal = auth.LOCAL
    audited: bool = False

    def elapsed_ms(self) -> float:
        return round(1e3 * (time.perf_counter() - self.started), 2)


def _status_for(error: Exception, call: _Call) -> status_pb2.Status:
    """Return what the caller hears of `error`."""
    refusal: Refusal | None = None
    if isinstance(error, Refusal):
        refusal = error
    elif isinstance(error, grpc.RpcError):
        said = peers.forwarded_status(error)
        if said is not None:
            return said
        refusal = peers.refusal_from(error)
    if refusal is None:
        error_id = uuid.uuid4().hex[:12]
        log.error(
            "a call failed by our fault", method=call.method, error_id=error_id, exc_info=error
        )
        return _status(Internal(error_id), call)
    _log_refusal(call.method, refusal)
    return _status(refusal, call)


def _status(refusal: Refusal, call: _Call) -> status_pb2.Status:
    languages = languages_of(call.metadata.get("accept-language", ""))
    return rich_status(refusal, languages=languages, tracking_id=call.tracking_id)


def _behaviour(handler: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the handler's function and the factory that makes its like."""
    kinds: dict[tuple[bool, bool], tuple[Any, Callable[..., Any]]] = {
        (False, False): (handler.unary_unary, grpc.unary_unary_rpc_method_handler),
        (False, True): (handler.unary_stream, grpc.unary_stream_rpc_method_handler),
        (True, False): (handler.stream_unary, grpc.stream_unary_rpc_method_handler),
        (True, True): (handler.stream_stream, grpc.stream_stream_rpc_method_handler),
    }
    return kinds[bool(handler.request_streaming), bool(handler.response_streaming)]


def _log_refusal(method: str, refusal: Refusal) -> None:
    # Under overload there are thousands of these a second, and they say nothing new.
    if isinstance(refusal, Exhausted) and not logs.debugging():
        return
    log.info(
        "refused",
        method=method,
        code=refusal.status.name,
        reason=refusal.reason.value,
        field=refusal.field,
        message=refusal.message,
    )


def _code_name(number: int) -> str:
    return next((code.name for code in grpc.StatusCode if code.value[0] == number), "UNKNOWN")
