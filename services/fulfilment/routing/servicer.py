"""Handlers of `orderhub.fulfilment.v1.RoutingService`."""

from __future__ import annotations

import asyncio
import uuid
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub.fulfilment.v1 import routing_pb2_grpc as routing_grpc_v1
from services._kit.errors import FailedPrecondition, Malformed, NotFound
from services._kit.events import micros_from
from services._kit.idempotency import Answered
from services._kit.reasons import Reason as Kit
from services.fulfilment.reasons import Reason
from services.fulfilment.routing import convert, shipments, store
from services.fulfilment.routing.day import DEFAULT_MAX_STOPS, DEFAULT_SERVICE_S, Day, problem_of
from services.fulfilment.routing.validate import MAX_SECONDS, validate, validate_search

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc
    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services._kit.config import Config
    from services._kit.database import Database
    from services._kit.idempotency import Requests
    from services.fulfilment.routing.board import PlanBoard

METHOD = "CreatePlan"
MAX_REQUEST_ID = 128


class RoutingServicer(routing_grpc_v1.RoutingServiceServicer):
    """Starts plans, shows them, stops them."""

    def __init__(
        self,
        config: Config,
        database: Database,
        requests: Requests,
        board: PlanBoard,
        clock: Clock,
    ) -> None:
        self._config = config
        self._database = database
        self._requests = requests
        self._board = board
        self._clock = clock

    async def CreatePlan(
        self,
        request: routing_v1.CreatePlanRequest,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> routing_v1.CreatePlanResponse:
        """Keep a plan and start its search."""
        _check_request_id(request)
        validate_search(request.search, self._config)
        plan, problem = await self._posed(request)
        if request.validate_only:
            return routing_v1.CreatePlanResponse()
        kept = store.KeptPlan(plan, problem.SerializeToString(), request.search.SerializeToString())
        # Shielded: a caller that leaves between the commit and the start leaves no plan behind that
        # nobody works on.
        return await asyncio.shield(self._begun(request, kept))

    async def _begun(
        self, request: routing_v1.CreatePlanRequest, kept: store.KeptPlan
    ) -> routing_v1.CreatePlanResponse:
        answer, fresh = await self._database.write(
            lambda connection: self._kept(connection, request, kept)
        )
        reply = routing_v1.CreatePlanResponse.FromString(answer)
        if fresh:
            self._board.start(kept)
        else:
            await self._begin_again(reply.plan.plan_id)
        return reply

    async def _begin_again(self, plan_id: str) -> None:
        """Start a plan asked for twice, where the outcome of the first call was unknown."""
        known = await self._database.read(lambda connection: store.read(connection, plan_id))
        if known is not None and known.plan.state in store.UNFINISHED:
            self._board.start(known)

    def _kept(
        self,
        connection: Connection,
        request: routing_v1.CreatePlanRequest,
        kept: store.KeptPlan,
    ) -> tuple[bytes, bool]:
        """Keep the plan with its answer; return the answer, and whether it is a new one."""
        now = self._clock.now()
        body_hash = self._requests.hash_of(request)
        known = self._requests.recall(connection, METHOD, request.request_id, body_hash)
        if known is not None:
            return known, False
        store.insert(connection, kept, micros_from(now))
        answer = routing_v1.CreatePlanResponse(plan=kept.plan).SerializeToString()
        self._requests.remember(
            connection, METHOD, {request.request_id: Answered(body_hash, answer)}, now
        )
        return answer, True

    async def _posed(
        self, request: routing_v1.CreatePlanRequest
    ) -> tuple[routing_v1.RoutePlan, routing_v1.RouteProblem]:
        """Return the plan as it begins, and its problem, checked."""
        plan = routing_v1.RoutePlan(plan_id=uuid.uuid4().hex, state=routing_v1.PLAN_STATE_QUEUED)
        match request.WhichOneof("work"):
            case "problem":
                problem = request.problem
                validate(problem, self._config)
                # Building it is the last check; on a thread, since the matrix takes a while.
                await asyncio.to_thread(convert.problem_from_pb, problem)
            case "warehouse_day":
                problem = await self._of_day(request.warehouse_day, plan)
            case _:
                raise Malformed(Kit.REQUIRED, "give warehouse_day or problem", field="work")
        plan.stop_count = len(problem.stops)
        if problem.HasField("depot"):
            plan.depot.CopyFrom(problem.depot)
        return plan, problem

    async def _of_day(
        self, wanted: routing_v1.WarehouseDay, plan: routing_v1.RoutePlan
    ) -> routing_v1.RouteProblem:
        """Return the problem of a warehouse's day; fill in what the plan says of it."""
        day = _checked_day(wanted, self._config)
        depot = await self._database.read(
            lambda connection: shipments.read(connection, wanted.warehouse_id)
        )
        if depot is None:
            raise NotFound(
                Reason.WAREHOUSE_UNKNOWN,
                field="warehouse_day.warehouse_id",
                warehouse_id=wanted.warehouse_id,
            )
        zone = ZoneInfo(depot.warehouse.time_zone or self._config.time_zone)
        span = Day.of(day, zone)
        problem = problem_of(
            depot.warehouse,
            depot.vehicles,
            depot.shipments,
            depot.zones,
            span,
            service_s=wanted.service_s or DEFAULT_SERVICE_S,
            max_stops=wanted.max_stops or DEFAULT_MAX_STOPS,
        )
        for what, field in (("stops", "shipments"), ("vehicles", "vehicles")):
            if not getattr(problem, what):
                raise FailedPrecondition(
                    Reason.NOTHING_TO_PLAN,
                    f"warehouse {wanted.warehouse_id} has no own-fleet {field} on {wanted.date}",
                    warehouse_id=wanted.warehouse_id,
                    date=wanted.date,
                )
        plan.warehouse_id, plan.date = wanted.warehouse_id, wanted.date
        plan.plan_start_at.FromDatetime(span.start)
        plan.currency = depot.warehouse.tariff.currency
        return problem

    async def GetPlan(
        self,
        request: routing_v1.GetPlanRequest,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> routing_v1.GetPlanResponse:
        """Return a plan as it stands."""
        return routing_v1.GetPlanResponse(plan=await self._plan(request.plan_id))

    async def WatchPlan(
        self,
        request: routing_v1.WatchPlanRequest,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> AsyncIterator[routing_v1.WatchPlanResponse]:
        """Stream a plan until it rests; one that rests already is sent once."""
        last = None
        async for plan in self._board.watch(request.plan_id):
            last = plan
            yield routing_v1.WatchPlanResponse(plan=plan)
        if last is None or last.state in store.UNFINISHED:
            yield routing_v1.WatchPlanResponse(plan=await self._plan(request.plan_id))

    async def CancelPlan(
        self,
        request: routing_v1.CancelPlanRequest,
        context: grpc.aio.ServicerContext[Any, Any],
    ) -> routing_v1.CancelPlanResponse:
        """Stop a plan's search; the best so far is kept."""
        await self._board.cancel(request.plan_id)
        return routing_v1.CancelPlanResponse(plan=await self._plan(request.plan_id))

    async def _plan(self, plan_id: str) -> routing_v1.RoutePlan:
        if not plan_id:
            raise Malformed(Kit.REQUIRED, field="plan_id")
        if (plan := self._board.current(plan_id)) is not None:
            return plan
        kept = await self._database.read(lambda connection: store.read(connection, plan_id))
        if kept is None:
            raise NotFound(Reason.PLAN_UNKNOWN, field="plan_id", plan_id=plan_id[:64])
        return kept.plan


def _check_request_id(request: routing_v1.CreatePlanRequest) -> None:
    if request.validate_only:
        return
    if not request.request_id:
        raise Malformed(Kit.REQUIRED, field="request_id")
    if len(request.request_id.encode()) > MAX_REQUEST_ID:
        raise Malformed(Kit.TOO_LONG, field="request_id")


def _checked_day(wanted: routing_v1.WarehouseDay, config: Config) -> date:
    if not wanted.warehouse_id:
        raise Malformed(Kit.REQUIRED, field="warehouse_day.warehouse_id")
    if not 0 <= wanted.max_stops <= config.solver_max_stops:
        raise Malformed(Kit.OUT_OF_RANGE, field="warehouse_day.max_stops")
    if not 0 <= wanted.service_s <= MAX_SECONDS:
        raise Malformed(Kit.OUT_OF_RANGE, field="warehouse_day.service_s")
    try:
        day = date.fromisoformat(wanted.date)
    except ValueError:
        day = date.min
    if not 2000 <= day.year <= 2100:
        raise Malformed(
            Kit.OUT_OF_RANGE, "date is YYYY-MM-DD, 2000 to 2100", field="warehouse_day.date"
        )
    return day
