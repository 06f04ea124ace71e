"""Everything that needs a person, from three lists of intake's, gravest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.common.v1 import text_pb2 as text_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.orchestrator.v1 import orchestrator_pb2 as orchestrator_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services.orchestrator.procedures import BACKORDER, MAPPING, QUARANTINE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import Any


PAGE = 500
PAGE_TIMEOUT_S = 10.0
# One fault of a mapping can quarantine a whole day; a list a person works through needs no more.
MOST_OF_A_KIND = 5_000

Exceptions = list[orchestrator_v1.Exception]


def sort_key(entry: orchestrator_v1.Exception) -> tuple[int, int, str]:
    """Return the place of `entry`: gravest first, then oldest, then by id."""
    return (-entry.severity, entry.since_at.ToMicroseconds(), entry.exception_id)


def from_hold(hold: record_v1.Hold) -> orchestrator_v1.Exception:
    """Return an open hold as an exception."""
    entry = orchestrator_v1.Exception(
        exception_id=hold.hold_id,
        kind=orchestrator_v1.EXCEPTION_KIND_HOLD,
        order_number=hold.order_number,
        reason=hold.reason,
        severity=hold.severity or decision_v1.SEVERITY_MEDIUM,
        owner=hold.owner or hold.queue,
        message=hold.message,
        sop=hold.sop,
        since_at=hold.opened_at,
    )
    if hold.HasField("due_at"):
        entry.due_at.CopyFrom(hold.due_at)
    return entry


def from_quarantined(kept: intake_v1.Quarantined) -> orchestrator_v1.Exception:
    """Return a quarantined payload as an exception."""
    procedure = QUARANTINE.get(kept.reason, MAPPING)
    return orchestrator_v1.Exception(
        exception_id=kept.quarantine_id,
        kind=orchestrator_v1.EXCEPTION_KIND_QUARANTINED,
        reason=kept.reason,
        severity=procedure.severity,
        owner=procedure.owner,
        message=kept.message if kept.message.en else _text(procedure.message),
        sop=_text(procedure.sop),
        since_at=kept.received_at,
    )


def from_backorder(record: record_v1.OrderRecord) -> orchestrator_v1.Exception:
    """Return an order without any stock as an exception."""
    return orchestrator_v1.Exception(
        exception_id=record.order.order_number,
        kind=orchestrator_v1.EXCEPTION_KIND_BACKORDER,
        order_number=record.order.order_number,
        reason="BACKORDERED",
        severity=BACKORDER.severity,
        owner=BACKORDER.owner,
        message=_text(BACKORDER.message),
        sop=_text(BACKORDER.sop),
        since_at=record.updated_at,
    )


async def gather(intake: Any, kind: orchestrator_v1.ExceptionKind.ValueType) -> Exceptions:
    """Return every exception of `kind` (unset: of all), in their order.

    Parameters
    ----------
    intake
        Asynchronous stub of intake; its errors pass through.
    """
    found: Exceptions = []
    for wanted, read in (
        (orchestrator_v1.EXCEPTION_KIND_HOLD, _holds),
        (orchestrator_v1.EXCEPTION_KIND_QUARANTINED, _quarantined),
        (orchestrator_v1.EXCEPTION_KIND_BACKORDER, _backorders),
    ):
        if kind in (orchestrator_v1.EXCEPTION_KIND_UNSPECIFIED, wanted):
            found += [entry async for entry in read(intake)]
    return sorted(found, key=sort_key)


async def _holds(intake: Any) -> AsyncIterator[orchestrator_v1.Exception]:
    request = intake_v1.ListHoldsRequest(state=record_v1.HOLD_STATE_OPEN, page_size=PAGE)
    async for page in _pages(intake.ListHolds, request):
        for hold in page.holds:
            yield from_hold(hold)


async def _quarantined(intake: Any) -> AsyncIterator[orchestrator_v1.Exception]:
    request = intake_v1.ListQuarantinedRequest(page_size=PAGE)
    async for page in _pages(intake.ListQuarantined, request):
        for kept in page.quarantined:
            yield from_quarantined(kept)


async def _backorders(intake: Any) -> AsyncIterator[orchestrator_v1.Exception]:
    request = intake_v1.ListOrdersRequest(
        states=[record_v1.ORDER_STATE_BACKORDERED], page_size=PAGE
    )
    async for page in _pages(intake.ListOrders, request):
        for record in page.records:
            yield from_backorder(record)


async def _pages(method: Callable[..., Awaitable[Any]], request: Any) -> AsyncIterator[Any]:
    for _ in range(MOST_OF_A_KIND // PAGE):
        page = await method(request, timeout=PAGE_TIMEOUT_S)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _text(pair: tuple[str, str]) -> text_v1.LocalizedText:
    return text_v1.LocalizedText(zh=pair[0], en=pair[1])
