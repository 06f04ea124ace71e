"""Everything a running intake owns, opened and closed together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from services._kit.clock import SystemClock
from services._kit.database import Database
from services._kit.groups import GroupCommitter
from services._kit.idempotency import Requests
from services._kit.pages import PageTokens
from services._kit.secret import derived, load_secret
from services.intake import store
from services.intake.expiry import ExpiryTimer
from services.intake.housekeeping import Housekeeping
from services.intake.numbers import OrderNumbers
from services.intake.sku_names import SkuNames
from services.intake.submissions import Submission, Submitter
from services.intake.timer import Timer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from services._kit.clock import Clock
    from services._kit.config import Config
    from services._kit.outbox import Outbox
    from services.intake.mapped import PayloadMapping

EXPIRY_S = 1.0
HOUSEKEEPING_S = 600.0
POSTGRES_LANES = 2  # groups in commit at once; SQLite has one writer


@dataclass(slots=True, eq=False)
class Intake:
    """A running intake.

    Attributes
    ----------
    content_key
        Keys the hashes of contents and payloads.
    draining
        Set once the service stops: long polls end.
    """

    config: Config
    clock: Clock
    database: Database
    outbox: Outbox
    requests: Requests
    tokens: PageTokens
    numbers: OrderNumbers
    submitter: Submitter
    committer: GroupCommitter[Submission, intake_v1.SubmitResult]
    skus: SkuNames
    channels: Mapping[str, PayloadMapping]
    expiry: ExpiryTimer
    timers: list[Timer]
    content_key: bytes
    draining: asyncio.Event

    async def drain(self) -> None:
        """End long polls and background tasks."""
        self.draining.set()
        self.outbox.wake.notify()
        await asyncio.gather(*(timer.close() for timer in self.timers))

    async def close(self) -> None:
        """Commit what waits and close the database."""
        await self.committer.close()
        await self.database.close()


async def open_intake(
    config: Config, channels: Mapping[str, PayloadMapping], clock: Clock | None = None
) -> Intake:
    """Open intake's database and start its tasks on the running loop.

    Raises
    ------
    ConfigError, Unavailable
        When the database or the secret cannot be used.
    """
    clock = clock or SystemClock()
    secret = load_secret(config)
    database = await asyncio.to_thread(Database.open, config, "intake")
    outbox = store.new_outbox()
    requests = Requests(sa.MetaData(), secret)
    numbers = OrderNumbers(database, config.zone())
    content_key = derived(secret, "order content")
    expiry = ExpiryTimer(database, outbox, clock)
    housekeeping = Housekeeping(database, requests, clock)
    submitter = Submitter(outbox, requests, numbers, clock, content_key)
    return Intake(
        config=config,
        clock=clock,
        database=database,
        outbox=outbox,
        requests=requests,
        tokens=PageTokens(secret),
        numbers=numbers,
        submitter=submitter,
        committer=GroupCommitter(
            database,
            submitter.apply,
            max_items=config.group_max_items,
            max_wait_s=config.group_max_wait_s,
            repeatable=True,
            lanes=POSTGRES_LANES if database.is_postgres else 1,
        ),
        skus=SkuNames(database, clock),
        channels=channels,
        expiry=expiry,
        timers=[
            Timer("expiry", expiry.round, EXPIRY_S),
            Timer("housekeeping", housekeeping.round, HOUSEKEEPING_S),
        ],
        content_key=content_key,
        draining=asyncio.Event(),
    )
