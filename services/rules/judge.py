"""A batch of orders from wire to stored decisions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from orderhub.rules.v1 import decision_pb2 as decision_v1
from orderhub.rules.v1 import rules_pb2 as rules_v1
from services._kit.secret import derived
from services.rules import store
from services.rules.convert import VERDICTS, decision_to_pb, micros, trace_to_pb
from services.rules.decide import decide
from services.rules.facts import facts_of, placed_at
from services.rules.history import Happening, History, wanted
from services.rules.identity import keys_of
from services.rules.registry import PRIVATE
from services.rules.worker import Job

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services._kit.database import Database
    from services.rules.desk import Desk
    from services.rules.rulebook import Rulebook
    from services.rules.team import Team

    Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Case:
    """One order to judge, with what is counted of it."""

    asked: rules_v1.OrderToJudge
    itself: Happening

    @property
    def key(self) -> Key:
        """The decision's key."""
        return self.asked.order.order_number, self.asked.order.revision


class Judge:
    """Judges batches one after the other, so that each sees what the one before has counted."""

    def __init__(
        self, database: Database, desk: Desk, secret: bytes, clock: Clock, zone: ZoneInfo
    ) -> None:
        self._database = database
        self._desk = desk
        self._secret = derived(secret, "velocity")
        self._clock = clock
        self._zone = zone
        self._turn = asyncio.Lock()
        self._in_hand: set[asyncio.Task[list[decision_v1.Decision]]] = set()

    async def judge(self, orders: Sequence[rules_v1.OrderToJudge]) -> list[decision_v1.Decision]:
        """Return the decision on each order; one given before is given again to the byte.

        A caller that leaves does not stop the batch: its answers are there when it asks again.
        """
        task = asyncio.create_task(self._judged(orders))
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Wait for the batches in hand."""
        await asyncio.gather(*self._in_hand, return_exceptions=True)

    async def _judged(self, orders: Sequence[rules_v1.OrderToJudge]) -> list[decision_v1.Decision]:
        keys = [(each.order.order_number, each.order.revision) for each in orders]
        async with self._turn, self._desk.sitting() as sitting:
            known = await self._database.read(lambda c: store.decisions(c, keys))
            new = [
                Case(each, self._itself(each))
                for each, key in zip(orders, keys, strict=True)
                if key not in known
            ]
            if new:
                rulebook = sitting.team.rulebook
                happened = [case.itself for case in new]
                reads = wanted(rulebook.features, happened)
                stored = await self._database.read(lambda c: store.happenings(c, reads))
                history = History(stored, happened)
                rows = await asyncio.to_thread(
                    _decided, new, history, sitting.team, self._clock.now(), self._zone
                )
                known = await self._database.write(
                    lambda c: _keep(c, keys, happened, rows), repeatable=True
                )
        return [decision_v1.Decision.FromString(known[key]) for key in keys]

    def _itself(self, asked: rules_v1.OrderToJudge) -> Happening:
        order = asked.order
        return Happening(
            store.order_event(order.order_number),
            "order",
            order.order_number,
            micros(placed_at(order)),
            keys_of(order, self._secret),
        )


def _keep(
    connection: Connection,
    keys: Sequence[Key],
    happened: Sequence[Happening],
    rows: Sequence[dict[str, Any]],
) -> dict[Key, bytes]:
    """Store what was decided and counted; return what is stored now, which may be another's."""
    store.keep_happenings(connection, happened)
    store.keep_decisions(connection, rows)
    return store.decisions(connection, keys)


def _decided(
    cases: Sequence[Case], history: History, team: Team, now: datetime, zone: ZoneInfo
) -> list[dict[str, Any]]:
    rulebook, today = team.rulebook, now.astimezone(zone).date()
    jobs = []
    for case in cases:
        facts = facts_of(case.asked.order, rulebook.rates, zone, today)
        facts |= history.features(rulebook.features, case.itself)
        jobs.append(Job(facts, rulebook.absent_sources(facts)))
    outcomes = team.judge(jobs)
    at_us = micros(now)
    rows = []
    for case, job, outcome in zip(cases, jobs, outcomes, strict=True):
        verdict = decide(rulebook, outcome, job.facts, today, case.asked.waived_rules)
        number, revision = case.key
        answer = decision_to_pb(verdict, rulebook, number, revision, at_us)
        rows.append(
            {
                "order_number": number,
                "revision": revision,
                "decided_us": at_us,
                "verdict": VERDICTS[verdict.decision],
                "rulebook_hash": rulebook.hash,
                "decision": answer.SerializeToString(deterministic=True),
                "facts": orjson.dumps(
                    {name: value for name, value in job.facts.items() if name not in PRIVATE}
                ),
                "traces": _private_traces(rulebook, job).SerializeToString(deterministic=True),
            }
        )
    return rows


def _private_traces(rulebook: Rulebook, job: Job) -> rules_v1.GetDecisionResponse:
    """Return the traces that cannot be made later, because the personal facts are not kept."""
    return rules_v1.GetDecisionResponse(
        traces=[
            trace_to_pb(rule, job.facts, applies=sources.isdisjoint(job.absent))
            for rule, sources in rulebook.private
        ]
    )
