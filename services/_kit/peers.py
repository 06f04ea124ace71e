"""What becomes of a failed call to one of our peers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
from google.rpc import error_details_pb2, status_pb2

from services._kit.errors import OutOfTime, Refusal, Unavailable
from services._kit.reasons import Reason
from services._kit.status import DETAILS_KEY, DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterable


# CANCELLED is how a peer that stops ends what it has not begun.
_PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
    }
)


def refusal_from(error: grpc.RpcError) -> Refusal | None:
    """Return the refusal to give when a peer did not answer; `None` when the fault is ours."""
    code = getattr(error, "code", lambda: None)()
    if code in _PASSING:
        return Unavailable(Reason.PEER_UNAVAILABLE)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return OutOfTime(Reason.DEADLINE_TOO_SHORT)
    return None


def forwarded_status(error: grpc.RpcError) -> status_pb2.Status | None:
    """Return the refusal a peer of ours gave, to be passed on unchanged; `None` if it gave none.

    INTERNAL is never passed on: it is the peer's bug, with an id in the peer's log.
    """
    trailing: Iterable[tuple[str, str | bytes]] = (
        getattr(error, "trailing_metadata", lambda: None)() or ()
    )
    for key, value in trailing:
        if key == DETAILS_KEY and isinstance(value, bytes):
            status = status_pb2.Status.FromString(value)
            if status.code != grpc.StatusCode.INTERNAL.value[0] and _is_ours(status):
                return status
    return None


def _is_ours(status: status_pb2.Status) -> bool:
    info = error_details_pb2.ErrorInfo()
    return any(detail.Unpack(info) and info.domain == DOMAIN for detail in status.details)
