"""Which rulebook decides now: seeded once, switched atomically, followed across instances."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services._kit import logs
from services._kit.errors import ConfigError, Refusal, Unavailable
from services._kit.reasons import Reason
from services.rules import shelf
from services.rules.convert import micros
from services.rules.loading import load, read_folder
from services.rules.problems import RulebookError
from services.rules.rulebook import content_hash
from services.rules.supervisor import WorkerDiedError
from services.rules.team import Team

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services._kit.config import Config
    from services._kit.database import Database
    from services.rules.rulebook import Rulebook
    from services.rules.shelf import Activation

log = logs.logger("rules.desk")

POLL_S = 1.0  # how soon an instance follows another's activation
MAX_PAUSE_S = 15.0  # between tries to seat what could not be seated
SEEDED_BY = "orderhub"


@dataclass(slots=True, eq=False)
class Sitting:
    """One activated rulebook with its workers; `users` counts the batches in hand."""

    activation: Activation
    team: Team
    users: int = 0
    retired: bool = False


class Desk:
    """Holds the sitting that decides. A batch keeps the one it began with: batches never mix."""

    def __init__(self, config: Config, database: Database, clock: Clock) -> None:
        self._config = config
        self._database = database
        self._clock = clock
        self._now: Sitting | None = None
        self._refused = 0  # epoch of the last activation whose rulebook cannot be used here
        self._switching = asyncio.Lock()
        self._following: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Seat the active rulebook; an empty database is seeded from the rules folder.

        Raises
        ------
        ConfigError
            When there is no usable rulebook at all.
        """
        active = await self._database.read(shelf.active) or await self._seed()
        await self._warn_of_other_folder(active.hash)
        try:
            await self._seat(active)
        except (RulebookError, WorkerDiedError) as error:
            raise ConfigError(
                f"the active rulebook {active.hash[:12]} cannot serve: {error}"
            ) from error
        self._following = asyncio.create_task(self._follow())

    @contextlib.asynccontextmanager
    async def sitting(self) -> AsyncIterator[Sitting]:
        """Yield the sitting that decides now, for the length of one batch."""
        sitting = self._now
        if sitting is None:
            raise Unavailable(Reason.SHUTTING_DOWN)
        sitting.users += 1
        try:
            yield sitting
        finally:
            sitting.users -= 1
            await self._clear(sitting)

    @property
    def active(self) -> Activation:
        """The activation that decides now."""
        if self._now is None:
            raise Unavailable(Reason.SHUTTING_DOWN)
        return self._now.activation

    def prepare(self, rulebook: Rulebook) -> Team:
        """Return started workers for `rulebook`; blocks. Raises `WorkerDiedError`."""
        team = Team(rulebook, self._config.rule_workers)
        team.start()
        return team

    async def switch(self, activation: Activation, team: Team) -> None:
        """Let `team` decide from the next batch on; an older activation than ours is dropped."""
        async with self._switching:
            if self._now is not None and self._now.activation.epoch >= activation.epoch:
                await asyncio.to_thread(team.stop)
                return
            before, self._now = self._now, Sitting(activation, team)
            log.info("rulebook active", hash=activation.hash[:12], epoch=activation.epoch)
            if before is not None:
                before.retired = True
                await self._clear(before)

    async def stop_following(self) -> None:
        """Look for activations no more."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following

    async def close(self) -> None:
        """End the workers."""
        sitting, self._now = self._now, None
        if sitting is not None:
            await asyncio.to_thread(sitting.team.stop)

    async def _clear(self, sitting: Sitting) -> None:
        if sitting.retired and not sitting.users:
            await asyncio.to_thread(sitting.team.stop)

    async def _seed(self) -> Activation:
        try:
            files = await asyncio.to_thread(read_folder, self._config.rules_dir)
            rulebook = await asyncio.to_thread(load, files)
        except RulebookError as error:
            raise ConfigError(f"ORDERHUB_RULES_DIR: {error}") from error
        at_us = micros(self._clock.now())

        def write(connection: Connection) -> Activation:
            shelf.put(connection, files, rulebook.hash, len(rulebook.rules), at_us)
            known = shelf.active(connection)
            return known or shelf.activate(connection, rulebook.hash, at_us, SEEDED_BY, "seeded")

        return await self._database.write(write, repeatable=True)

    async def _warn_of_other_folder(self, active_hash: str) -> None:
        with contextlib.suppress(RulebookError, OSError):
            files: Mapping[str, bytes] = await asyncio.to_thread(
                read_folder, self._config.rules_dir
            )
            if content_hash(files) != active_hash:
                log.info(
                    "the rules folder differs from the active rulebook, which decides; "
                    "activate the folder to use it",
                    folder=str(self._config.rules_dir),
                )

    async def _seat(self, activation: Activation) -> None:
        files = await self._database.read(lambda c: shelf.files_of(c, activation.hash))
        if files is None:
            raise ConfigError(f"the active rulebook {activation.hash[:12]} is not stored")
        rulebook = await asyncio.to_thread(load, files)
        team = await asyncio.to_thread(self.prepare, rulebook)
        await self.switch(activation, team)

    async def _follow(self) -> None:
        """Take over what another instance activated; until it is seated, ours serves."""
        pause_s = POLL_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                await self._catch_up()
            except Refusal as refusal:
                log.warning("activations cannot be followed now", reason=refusal.reason.value)
            except (WorkerDiedError, ConfigError) as error:
                log.error("an activated rulebook could not be seated", error=str(error))
            except Exception:  # the edge of a task: without it we would judge by the old for ever
                log.exception("activations could not be followed by our fault")
            else:
                pause_s = POLL_S
                continue
            pause_s = min(MAX_PAUSE_S, pause_s * 2)

    async def _catch_up(self) -> None:
        active = await self._database.read(shelf.active)
        if active is None or active.epoch <= max(self.active.epoch, self._refused):
            return
        try:
            await self._seat(active)
        except RulebookError as error:
            self._refused = active.epoch  # its text never changes: trying again is in vain
            log.error("an activated rulebook cannot be used here", error=str(error))
