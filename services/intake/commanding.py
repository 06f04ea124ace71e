"""Commands on one order, each answered once per request id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services._kit.auth import current_principal
from services._kit.errors import NotFound
from services._kit.idempotency import Answered
from services._kit.logs import tracking_id
from services._kit.reasons import Reason
from services.intake import commands, records
from services.intake.book import Book
from services.intake.convert import now_us
from services.intake.requests import check_command, check_payment
from services.intake.visibility import own_channel, request_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message
    from sqlalchemy import Connection

    from orderhub.intake.v1 import record_pb2 as record_v1
    from services.intake.intake import Intake
    from services.intake.stored import StoredOrder


class Request(Protocol):
    """What every command carries."""

    request_id: str


Answer = TypeVar("Answer", bound="Message")


class Commands:
    """Cancel, pay, decide."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def cancel(self, request: intake_v1.CancelOrderRequest) -> intake_v1.CancelOrderResponse:
        """Call an order off."""
        check_command(request)

        def run(book: Book, at_us: int, actor: str) -> intake_v1.CancelOrderResponse:
            stored = commands.cancel_order(book, request, at_us, actor)
            return intake_v1.CancelOrderResponse(record=_record(book, stored))

        return await self._once("CancelOrder", request, run, intake_v1.CancelOrderResponse)

    async def pay(self, request: intake_v1.RecordPaymentRequest) -> intake_v1.RecordPaymentResponse:
        """Book a payment."""
        check_payment(request, self._intake.clock.now())

        def run(book: Book, at_us: int, actor: str) -> intake_v1.RecordPaymentResponse:
            stored = commands.record_payment(book, request, at_us, actor)
            return intake_v1.RecordPaymentResponse(record=_record(book, stored))

        return await self._once("RecordPayment", request, run, intake_v1.RecordPaymentResponse)

    async def decide(self, request: intake_v1.ReleaseHoldRequest) -> intake_v1.ReleaseHoldResponse:
        """Decide a hold."""
        check_command(request)

        def run(book: Book, at_us: int, actor: str) -> intake_v1.ReleaseHoldResponse:
            stored, hold = commands.decide_hold(book, request, at_us, actor)
            return intake_v1.ReleaseHoldResponse(hold=hold, record=_record(book, stored))

        return await self._once("ReleaseHold", request, run, intake_v1.ReleaseHoldResponse)

    async def _once(
        self,
        method: str,
        request: Request,
        run: Callable[[Book, int, str], Answer],
        kind: type[Answer],
    ) -> Answer:
        """Run a command in one transaction, or give the answer its request id had before."""
        intake = self._intake
        now, actor, scope, own = (
            intake.clock.now(),
            current_principal().id,
            request_scope(),
            own_channel(),
        )
        caused_by = tracking_id()
        body_hash = intake.requests.hash_of(request)  # type: ignore[arg-type]  # a message

        def transact(connection: Connection) -> bytes:
            known = intake.requests.recall(
                connection, method, request.request_id, body_hash, scope=scope
            )
            if known is not None:
                return known
            if own is not None:
                _require_own_order(connection, request, own)
            book = Book(connection, intake.outbox, caused_by)
            answer = run(book, now_us(now), actor).SerializeToString()
            intake.requests.remember(
                connection,
                method,
                {request.request_id: Answered(body_hash, answer)},
                now,
                scope=scope,
            )
            return answer

        return kind.FromString(await intake.database.write(transact, repeatable=True))


def _record(book: Book, stored: StoredOrder) -> record_v1.OrderRecord:
    book.flush()
    return records.records_of(book.connection, [stored.values.order_number])[0]


def _require_own_order(connection: Connection, request: object, own: str) -> None:
    # On a writer's thread nobody is the caller, so whose it is comes from outside.
    if records.channel_of(connection, getattr(request, "order_number", "")) != own:
        raise NotFound(Reason.NOT_FOUND, "no such order", field="order_number")
