"""Handlers of `orderhub.rules.v1`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson

from orderhub.rules.v1 import rules_pb2 as rules_v1
from orderhub.rules.v1 import rules_pb2_grpc as rules_grpc_v1
from services._kit.errors import NotFound
from services._kit.pages import page_size
from services.rules import shelf, store, validate
from services.rules.check import check_files
from services.rules.convert import checked_to_pb, facts_to_pb, stored_to_pb, trace_to_pb
from services.rules.loading import load
from services.rules.reasons import RulesReason

if TYPE_CHECKING:
    import grpc

    from services._kit.config import Config
    from services._kit.database import Database
    from services._kit.pages import PageTokens
    from services.rules.activation import Activator
    from services.rules.desk import Desk
    from services.rules.judge import Judge
    from services.rules.rulebook import Rulebook

    Context = grpc.aio.ServicerContext[Any, Any]


class RulesServicer(rules_grpc_v1.RulesServiceServicer):
    """Checks requests, hands them on, answers."""

    def __init__(
        self,
        config: Config,
        database: Database,
        *,
        desk: Desk,
        judge: Judge,
        activator: Activator,
        tokens: PageTokens,
    ) -> None:
        self._config = config
        self._database = database
        self._desk = desk
        self._judge = judge
        self._activator = activator
        self._tokens = tokens

    async def EvaluateOrders(
        self, request: rules_v1.EvaluateOrdersRequest, context: Context
    ) -> rules_v1.EvaluateOrdersResponse:
        """Judge a batch."""
        del context
        validate.check_evaluate(request, self._config)
        return rules_v1.EvaluateOrdersResponse(decisions=await self._judge.judge(request.orders))

    async def GetDecision(
        self, request: rules_v1.GetDecisionRequest, context: Context
    ) -> rules_v1.GetDecisionResponse:
        """Return a decision with facts and traces."""
        del context
        row = await self._database.read(
            lambda c: store.decision_row(c, request.order_number, request.revision)
        )
        if row is None:
            raise NotFound(RulesReason.DECISION_UNKNOWN, field="order_number")
        facts = orjson.loads(row["facts"])
        answer = rules_v1.GetDecisionResponse(facts=facts_to_pb(facts))
        answer.decision.ParseFromString(row["decision"])
        kept = rules_v1.GetDecisionResponse.FromString(row["traces"])
        known = {trace.rule_id: trace for trace in kept.traces}
        rulebook = await self._rulebook(row["rulebook_hash"])
        beside = set(answer.decision.not_applicable)
        answer.traces.extend(
            known.get(rule.id) or trace_to_pb(rule, facts, applies=rule.id not in beside)
            for rule in rulebook.evaluated
        )
        return answer

    async def CheckRulebook(
        self, request: rules_v1.CheckRulebookRequest, context: Context
    ) -> rules_v1.CheckRulebookResponse:
        """Check files, changing nothing."""
        del context
        validate.check_files(request)
        files = {file.path: file.content for file in request.files}
        return checked_to_pb(await asyncio.to_thread(check_files, files))

    async def ActivateRulebook(
        self, request: rules_v1.ActivateRulebookRequest, context: Context
    ) -> rules_v1.ActivateRulebookResponse:
        """Switch to another rulebook."""
        del context
        validate.check_activate(request)
        return await self._activator.activate(request)

    async def ListRulebooks(
        self, request: rules_v1.ListRulebooksRequest, context: Context
    ) -> rules_v1.ListRulebooksResponse:
        """List stored rulebooks, newest activation first."""
        del context
        size = page_size(request.page_size, largest=self._config.max_page_size)
        position = self._tokens.position(b"rulebooks", request.page_token)
        before = (int(position[0]), str(position[1])) if position else None
        found = await self._database.read(lambda c: shelf.listed(c, size + 1, before))
        page = found[:size]
        answer = rules_v1.ListRulebooksResponse(
            rulebooks=[stored_to_pb(each, self._desk.active.hash) for each in page]
        )
        if len(found) > size:
            last = page[-1]
            epoch = last.last.epoch if last.last else 0
            answer.next_page_token = self._tokens.token(b"rulebooks", [epoch, last.hash])
        return answer

    async def _rulebook(self, digest: str) -> Rulebook:
        async with self._desk.sitting() as sitting:
            if sitting.activation.hash == digest:
                return sitting.team.rulebook
        files = await self._database.read(lambda c: shelf.files_of(c, digest))
        if files is None:
            raise NotFound(RulesReason.RULEBOOK_UNKNOWN)
        return await asyncio.to_thread(load, files)
