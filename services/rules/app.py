"""What the rules service consists of, put together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderhub.rules.v1 import rules_pb2_grpc as rules_grpc_v1
from services._kit.clock import SystemClock
from services._kit.database import Database
from services._kit.idempotency import Requests
from services._kit.pages import PageTokens
from services._kit.secret import load_secret
from services.rules.activation import Activator
from services.rules.desk import Desk
from services.rules.follower import Follower
from services.rules.judge import Judge
from services.rules.servicer import RulesServicer

if TYPE_CHECKING:
    import grpc

    from services._kit.clock import Clock
    from services._kit.config import Config


class Rules:
    """The desk with its workers, the follower of intake, and their door."""

    names = ("orderhub.rules.v1.RulesService",)

    def __init__(self, config: Config, database: Database, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        secret = load_secret(config)
        self._database = database
        self.desk = Desk(config, database, clock)
        self._follower = Follower(config, database)
        self._judge = Judge(database, self.desk, secret, clock, config.zone())
        activator = Activator(database, self.desk, Requests(sa.MetaData(), secret), clock)
        self._servicer = RulesServicer(
            config,
            database,
            desk=self.desk,
            judge=self._judge,
            activator=activator,
            tokens=PageTokens(secret),
        )

    async def open(self) -> None:
        """Seat the active rulebook and follow intake."""
        await self.desk.open()
        self._follower.start()

    def register(self, server: grpc.aio.Server) -> None:
        """Add the servicer."""
        rules_grpc_v1.add_RulesServiceServicer_to_server(self._servicer, server)

    async def drain(self) -> None:
        """Follow nothing more; batches in hand go on."""
        await self._follower.stop()
        await self.desk.stop_following()

    async def stop(self) -> None:
        """End the workers and close the database."""
        await self._judge.close()
        await self.desk.close()
        await self._database.close()


async def start(config: Config) -> Rules:
    """Return the rules service with its rulebook seated."""
    database = await asyncio.to_thread(Database.open, config, "rules")
    rules = Rules(config, database)
    try:
        await rules.open()
    except BaseException:
        await rules.stop()
        raise
    return rules
