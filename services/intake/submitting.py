"""Submits: checked one by one, committed in groups, answered one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services._kit.auth import current_principal
from services._kit.errors import Malformed, Refusal
from services._kit.logs import tracking_id
from services.intake.convert import content_from_pb
from services.intake.payloads import mapping_of, submission_from_payload
from services.intake.replies import refused, results_of
from services.intake.requests import check_count, check_payloads, check_request_id
from services.intake.submissions import Submission
from services.intake.validate import violations_of
from services.intake.visibility import request_scope, require_own

if TYPE_CHECKING:
    from datetime import datetime

    from orderhub.common.v1 import order_pb2 as order_v1
    from services.intake.intake import Intake


class Submits:
    """The three ways in."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def one(self, request: intake_v1.SubmitOrderRequest) -> intake_v1.SubmitOrderResponse:
        """Take one order in, or say all that is wrong with it."""
        intake = self._intake
        now = intake.clock.now()
        submission = self._submission(request.request_id, request.order, now)
        if request.validate_only:
            result = await intake.database.write(
                lambda c: intake.submitter.rehearse(c, submission), repeatable=True
            )
        else:
            await intake.numbers.ensure(now)
            result = await intake.committer.submit(submission)
        return intake_v1.SubmitOrderResponse(result=result)

    async def many(self, request: intake_v1.SubmitOrdersRequest) -> intake_v1.SubmitOrdersResponse:
        """Take orders in; a malformed one is refused alone."""
        check_count("orders", len(request.orders))
        now = self._intake.clock.now()
        items: list[Submission | intake_v1.SubmitResult] = []
        for entry in request.orders:
            try:
                items.append(self._submission(entry.request_id, entry.order, now))
            except Refusal as refusal:
                items.append(refused(entry.request_id, refusal))
        return intake_v1.SubmitOrdersResponse(results=await self._commit(items, now))

    async def payloads(
        self, request: intake_v1.SubmitPayloadsRequest
    ) -> intake_v1.SubmitPayloadsResponse:
        """Take payloads in; what cannot be mapped is kept aside, none is refused."""
        check_payloads(request)
        intake = self._intake
        require_own(request.channel, "channel")
        mapping = mapping_of(intake.channels, request.channel)
        now = intake.clock.now()
        sku_of = await intake.skus.of(request.channel)
        items: list[Submission | intake_v1.SubmitResult] = [
            submission_from_payload(
                payload,
                mapping,
                request.shop,
                sku_of,
                requests=intake.requests,
                key=intake.content_key,
                now=now,
                scope=request_scope(),
                actor=current_principal().id,
                max_lines=intake.config.max_order_lines,
            )
            for payload in request.payloads
        ]
        return intake_v1.SubmitPayloadsResponse(results=await self._commit(items, now))

    def _submission(self, request_id: str, order: order_v1.Order, now: datetime) -> Submission:
        check_request_id(request_id)
        intake = self._intake
        found = violations_of(order, now, max_lines=intake.config.max_order_lines)
        if found:
            raise Malformed.several(found)
        require_own(order.channel, "order.channel")
        payload = order.SerializeToString(deterministic=True)
        return Submission(
            request_id=request_id,
            scope=request_scope(),
            actor=current_principal().id,
            channel=order.channel,
            body_hash=intake.requests.hash_of(payload),
            what=content_from_pb(order, intake.content_key),
            payload=payload,
            tracking_id=tracking_id(),
        )

    async def _commit(
        self, items: list[Submission | intake_v1.SubmitResult], now: datetime
    ) -> list[intake_v1.SubmitResult]:
        """Return a result for each item, those decided before their group included."""
        submissions = [item for item in items if isinstance(item, Submission)]
        if submissions:
            await self._intake.numbers.ensure(now)
        answers = await self._intake.committer.submit_all(submissions)
        taken = iter(results_of([s.request_id for s in submissions], answers))
        return [next(taken) if isinstance(item, Submission) else item for item in items]
