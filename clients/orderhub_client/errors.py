"""What the services refuse, as exceptions: status, reason, fields, delay, texts for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
from google.rpc import error_details_pb2, status_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DOMAIN = "orderhub"
DETAILS_KEY = "grpc-status-details-bin"


class FieldViolation(NamedTuple):
    """One field of the request and what is wrong with it."""

    field: str
    reason: str
    description: str


@dataclass(frozen=True, slots=True)
class Details:
    """Everything a refusal says.

    Attributes
    ----------
    code
        The gRPC status.
    reason
        Stable name for programs, as `REQUEST_ID_REUSED`; empty when the transport failed.
    message
        English, for developers.
    texts
        For people, by locale: `zh-CN` and `en`.
    facts
        Values that belong to the reason.
    retry_after_s
        When to ask again; `None` where repeating does not help or nothing was said.
    """

    code: grpc.StatusCode
    reason: str
    message: str
    violations: tuple[FieldViolation, ...]
    texts: Mapping[str, str]
    facts: Mapping[str, str]
    retry_after_s: float | None


class OrderHubError(Exception):
    """A call that was refused or failed."""

    def __init__(self, details: Details) -> None:
        super().__init__(details)
        self.details = details

    @property
    def code(self) -> grpc.StatusCode:
        """The gRPC status."""
        return self.details.code

    @property
    def reason(self) -> str:
        """Stable name of the cause; empty when the transport failed."""
        return self.details.reason

    @property
    def violations(self) -> tuple[FieldViolation, ...]:
        """The fields to blame."""
        return self.details.violations

    @property
    def retry_after_s(self) -> float | None:
        """When to ask again."""
        return self.details.retry_after_s

    def text(self, language: str = "en") -> str:
        """Return the text for people, in `language` where there is one."""
        wanted = language[:2].lower()
        for locale, text in self.details.texts.items():
            if locale[:2].lower() == wanted:
                return text
        return self.details.message

    def __str__(self) -> str:
        said = self.details
        name = f"{said.code.name} {said.reason}".strip()
        fields = [v.field for v in said.violations if v.field not in said.message]
        where = f" ({', '.join(fields)})" if fields else ""
        return f"{name}: {said.message}{where}"


class InvalidArgumentError(OrderHubError):
    """The request is wrong and stays so; `violations` names the fields."""


class NotFoundError(OrderHubError):
    """The named thing does not exist, or is not ours to see."""


class AlreadyExistsError(OrderHubError):
    """It exists already."""


class AbortedError(OrderHubError):
    """Somebody else changed it first: read again."""


class FailedPreconditionError(OrderHubError):
    """Its state does not allow the call."""


class ExhaustedError(OrderHubError):
    """Too much at once; nothing was done."""


class UnavailableError(OrderHubError):
    """Something does not answer; the outcome is unknown. Repeat with the same request id."""


class DeadlineError(OrderHubError):
    """No answer in time; the outcome is unknown. Repeat with the same request id."""


class ForbiddenError(OrderHubError):
    """Our role may not do this, or we have no identity."""


class InternalError(OrderHubError):
    """A fault of the service; the message has its id in the service's log."""


BY_CODE: dict[grpc.StatusCode, type[OrderHubError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    grpc.StatusCode.OUT_OF_RANGE: InvalidArgumentError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExistsError,
    grpc.StatusCode.ABORTED: AbortedError,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPreconditionError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ExhaustedError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.CANCELLED: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineError,
    grpc.StatusCode.PERMISSION_DENIED: ForbiddenError,
    grpc.StatusCode.UNAUTHENTICATED: ForbiddenError,
    grpc.StatusCode.INTERNAL: InternalError,
}


def error_from(error: grpc.RpcError) -> OrderHubError:
    """Return what `error`, of a synchronous or an asyncio stub, says."""
    details = details_from(error)
    return BY_CODE.get(details.code, OrderHubError)(details)


def details_from(error: grpc.RpcError) -> Details:
    """Return the decoded details of `error`; those that are absent are empty."""
    code = _called(error, "code") or grpc.StatusCode.UNKNOWN
    status = _status(_called(error, "trailing_metadata") or ())
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    texts = {}
    retry_after_s = None
    for packed in status.details:
        text = error_details_pb2.LocalizedMessage()
        if packed.Unpack(text):
            texts[text.locale] = text.message
        elif packed.Unpack(retry):
            retry_after_s = retry.retry_delay.ToNanoseconds() / 1e9
        elif not packed.Unpack(info):
            packed.Unpack(request)
    return Details(
        code=code,
        reason=info.reason if info.domain == DOMAIN else "",
        message=_called(error, "details") or "",
        violations=tuple(
            FieldViolation(v.field, v.reason, v.description) for v in request.field_violations
        ),
        texts=texts,
        facts=dict(info.metadata),
        retry_after_s=retry_after_s,
    )


def _called(error: grpc.RpcError, method: str) -> Any:
    return getattr(error, method, lambda: None)()


def _status(trailing: Iterable[tuple[str, str | bytes]]) -> Any:
    for key, value in trailing:
        if key == DETAILS_KEY and isinstance(value, bytes):
            return status_pb2.Status.FromString(value)
    return status_pb2.Status()
