"""Requests taken apart safely: a bad one becomes a value that the interceptor refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from services._kit.errors import Malformed
from services._kit.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Stands for a request that was refused before any handler saw it."""

    refusal: Malformed


def guarded(deserialise: Callable[[bytes], Any] | None, max_bytes: int) -> Callable[[bytes], Any]:
    """Return `deserialise`, answering `Undecodable` where it would fail.

    A deserialiser that raises ends the call as UNKNOWN before any interceptor can say why.
    """

    def read(data: bytes) -> Any:
        if len(data) > max_bytes:
            return Undecodable(
                Malformed(
                    Reason.MESSAGE_TOO_LARGE, field="$request", limit=max_bytes, actual=len(data)
                )
            )
        try:
            return data if deserialise is None else deserialise(data)
        except (DecodeError, UnicodeDecodeError, ValueError):
            return Undecodable(Malformed(Reason.UNDECODABLE, field="$request"))

    return read


def checked(request: Any) -> Any:
    """Return `request`; raise its refusal where it stands for one."""
    if isinstance(request, Undecodable):
        raise request.refusal
    return request


async def checked_stream(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Yield `requests` up to the first that stands for a refusal, and raise that."""
    async for request in requests:
        yield checked(request)
