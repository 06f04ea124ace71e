"""Putting a rulebook in force: check, try on real workers, store, switch."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from orderhub.rules.v1 import rules_pb2 as rules_v1
from services._kit.auth import current_principal
from services._kit.errors import FailedPrecondition, NotFound, Violation
from services._kit.idempotency import Answered
from services.rules import shelf
from services.rules.convert import micros, rulebook_to_pb
from services.rules.loading import load
from services.rules.problems import RulebookError
from services.rules.reasons import RulesReason
from services.rules.supervisor import WorkerDiedError
from services.rules.testing import run_tests_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services._kit.database import Database
    from services._kit.idempotency import Requests
    from services.rules.desk import Desk
    from services.rules.team import Team

METHOD = "ActivateRulebook"


class Activator:
    """Switches rulebooks; a refused one leaves the last good one serving."""

    def __init__(self, database: Database, desk: Desk, requests: Requests, clock: Clock) -> None:
        self._database = database
        self._desk = desk
        self._requests = requests
        self._clock = clock

    async def activate(
        self, request: rules_v1.ActivateRulebookRequest
    ) -> rules_v1.ActivateRulebookResponse:
        """Put the request's rulebook in force and return it.

        Raises
        ------
        FailedPrecondition
            RULEBOOK_REFUSED with every problem, or with the tests that failed.
        NotFound
            When `hash` names no stored rulebook.
        """
        body = self._requests.hash_of(request)
        given = await self._database.read(
            lambda c: self._requests.recall(c, METHOD, request.request_id, body)
        )
        if given is not None:
            return rules_v1.ActivateRulebookResponse.FromString(given)
        actor = current_principal().id  # here, since the transaction runs on another thread
        files = await self._files(request)
        team = await asyncio.to_thread(self._tried, files)
        try:
            answer, activation = await self._database.write(
                lambda c: self._write(c, request, files, team, actor), repeatable=True
            )
        except BaseException:
            await asyncio.to_thread(team.stop)
            raise
        if activation is None:
            await asyncio.to_thread(team.stop)
        else:
            await self._desk.switch(activation, team)
        return rules_v1.ActivateRulebookResponse.FromString(answer)

    async def _files(self, request: rules_v1.ActivateRulebookRequest) -> dict[str, bytes]:
        if request.files:
            return {file.path: file.content for file in request.files}
        files = await self._database.read(lambda c: shelf.files_of(c, request.hash))
        if files is None:
            raise NotFound(RulesReason.RULEBOOK_UNKNOWN, field="hash")
        return files

    def _tried(self, files: Mapping[str, bytes]) -> Team:
        """Return workers that hold the rulebook and have passed its tests."""
        try:
            rulebook = load(files)
            team = self._desk.prepare(rulebook)
        except RulebookError as error:
            raise _refused(
                (f"files[{at.file}]:{at.line}:{at.column}", message)
                for at, message in ((p.at, p.message) for p in error.problems)
            ) from None
        except WorkerDiedError as error:
            raise _refused([("files", str(error))]) from error
        failures = [t.failure for t in run_tests_on(rulebook, team.supervisors[0]) if t.failure]
        if failures:
            team.stop()
            raise _refused(("files", failure) for failure in failures)
        return team

    def _write(
        self,
        connection: Connection,
        request: rules_v1.ActivateRulebookRequest,
        files: Mapping[str, bytes],
        team: Team,
        actor: str,
    ) -> tuple[bytes, shelf.Activation | None]:
        """Return the answer, and the activation unless another call made it meanwhile."""
        body = self._requests.hash_of(request)
        given = self._requests.recall(connection, METHOD, request.request_id, body)
        if given is not None:
            return given, None
        now, rulebook = self._clock.now(), team.rulebook
        shelf.put(connection, files, rulebook.hash, len(rulebook.rules), micros(now))
        activation = shelf.activate(connection, rulebook.hash, micros(now), actor, request.comment)
        answer = rules_v1.ActivateRulebookResponse(
            rulebook=rulebook_to_pb(rulebook, activation, active=True)
        ).SerializeToString(deterministic=True)
        self._requests.remember(
            connection, METHOD, {request.request_id: Answered(body, answer)}, now
        )
        return answer, activation


def _refused(problems: Iterable[tuple[str, str]]) -> FailedPrecondition:
    violations = [
        Violation(field, RulesReason.RULEBOOK_REFUSED, message) for field, message in problems
    ]
    first = violations[0]
    return FailedPrecondition(
        RulesReason.RULEBOOK_REFUSED,
        f"{first.field}: {first.message}",
        violations=violations,
        problems=len(violations),
    )
