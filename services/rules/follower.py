"""Follows intake's events for the returns and cancellations that velocity counts."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import grpc

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from services._kit import logs
from services._kit.errors import Refusal
from services._kit.tls import channel_credentials
from services.rules import store
from services.rules.history import Happening

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from sqlalchemy import Connection

    from orderhub.common.v1.event_pb2 import Event
    from services._kit.config import Config
    from services._kit.database import Database

log = logs.logger("rules.follower")

CURSOR = "intake"
FIRST_PAUSE_S, MAX_PAUSE_S = 0.5, 15.0
AWAY = frozenset(  # what intake answers while it comes and goes
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    }
)
METADATA = (("x-orderhub-role", "service"), ("x-orderhub-actor", "rules"))


def kind_of(event: Event) -> str:
    """Return what `event` counts as: a return, a cancel, or "" for neither."""
    for move in event.transitions:
        if move.dimension == "lifecycle" and move.to == "CANCELLED":
            return "cancel"
        if move.dimension == "payment" and move.to in {"PARTLY_REFUNDED", "REFUNDED"}:
            return "return"
        if move.dimension.startswith("shipment") and move.to == "RETURNING":
            return "return"
    if any(d.name == "reason" and d.value == "REFUND_REQUESTED" for d in event.details):
        return "return"
    return ""


def keep(connection: Connection, events: Iterable[Event], cursor: str) -> None:
    """Count `events` and move the cursor, in one transaction.

    An order counts once as returned and once as cancelled, however many events say so. Its account
    is known from when it was judged; an order that never was has none.
    """
    found = []
    for event in events:
        kind = kind_of(event)
        keys = store.keys_of_order(connection, event.subject) if kind else None
        if keys is not None:
            at_us = event.time.seconds * 1_000_000 + event.time.nanos // 1_000
            found.append(Happening(f"{kind}/{event.subject}", kind, event.subject, at_us, keys))
    store.keep_happenings(connection, found)
    store.keep_cursor(connection, CURSOR, cursor)


class Follower:
    """One watch on intake, resumed where it stopped; intake may come and go."""

    def __init__(self, config: Config, database: Database) -> None:
        self._address = config.address("intake")
        self._credentials = channel_credentials(config)
        self._database = database
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                async with contextlib.aclosing(self._batches(await self._cursor())) as batches:
                    async for batch in batches:
                        await self._keep(batch)
                        pause_s = FIRST_PAUSE_S
            except Refusal as refusal:
                log.warning("events cannot be kept now", reason=refusal.reason.value)
            except Exception:  # the edge of a task: without it returns would be counted no more
                log.exception("intake's events could not be followed by our fault")
            await asyncio.sleep(pause_s)
            pause_s = min(MAX_PAUSE_S, pause_s * 2)

    async def _batches(self, cursor: str) -> AsyncGenerator[intake_v1.WatchEventsResponse, None]:
        """Yield what comes after `cursor` until the watch ends, however it does.

        A cursor that intake refuses is forgotten. The one we keep is the last good one, so there is
        none to go back to but the beginning; that counts nothing twice, since a happening's id
        follows from its order alone.
        """
        try:
            async with self._channel() as channel:
                watch = intake_grpc_v1.IntakeServiceStub(channel).WatchEvents(
                    intake_v1.WatchEventsRequest(cursor=cursor), metadata=METADATA
                )
                async for batch in watch:
                    yield batch
        except grpc.aio.AioRpcError as error:
            if error.code() in AWAY:
                log.debug("intake's events cannot be watched", error=str(error)[:200])
                return
            log.warning(
                "intake refuses to be watched", code=error.code().name, details=error.details()
            )
            if cursor and error.code() is grpc.StatusCode.INVALID_ARGUMENT:
                log.warning("the cursor in intake's events is refused: begun again", cursor=cursor)
                await self._database.write(
                    lambda c: store.keep_cursor(c, CURSOR, ""), repeatable=True
                )

    async def _cursor(self) -> str:
        return await self._database.read(lambda c: store.read_cursor(c, CURSOR))

    async def _keep(self, batch: intake_v1.WatchEventsResponse) -> None:
        await self._database.write(lambda c: keep(c, batch.events, batch.cursor), repeatable=True)

    def _channel(self) -> grpc.aio.Channel:
        if self._credentials is None:
            return grpc.aio.insecure_channel(self._address)
        return grpc.aio.secure_channel(self._address, self._credentials)
