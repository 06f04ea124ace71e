"""Handlers of `orderhub.intake.v1`: check, hand on, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from services._kit.auth import current_principal
from services._kit.errors import NotFound
from services._kit.logs import tracking_id
from services._kit.reasons import Reason
from services.intake import claims, counting, finishing, listing, records, requests, sku_names
from services.intake.commanding import Commands
from services.intake.convert import now_us
from services.intake.listing import Page
from services.intake.submitting import Submits
from services.intake.visibility import hide_foreign, own_channel, require_personal
from services.intake.waiting import claim_when_there_is_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from services.intake.intake import Intake


class IntakeServicer(intake_grpc_v1.IntakeServiceServicer):
    """Serves one intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._submits = Submits(intake)
        self._commands = Commands(intake)

    async def SubmitOrder(
        self, request: intake_v1.SubmitOrderRequest, context: Any
    ) -> intake_v1.SubmitOrderResponse:
        """Take one order in."""
        return await self._submits.one(request)

    async def SubmitOrders(
        self, request: intake_v1.SubmitOrdersRequest, context: Any
    ) -> intake_v1.SubmitOrdersResponse:
        """Take many orders in."""
        return await self._submits.many(request)

    async def SubmitPayloads(
        self, request: intake_v1.SubmitPayloadsRequest, context: Any
    ) -> intake_v1.SubmitPayloadsResponse:
        """Take payloads of a channel in."""
        return await self._submits.payloads(request)

    async def GetOrder(
        self, request: intake_v1.GetOrderRequest, context: Any
    ) -> intake_v1.GetOrderResponse:
        """Return an order."""
        requests.check_get(request)
        if request.include_recipient:
            require_personal("include_recipient")
        field = "order_number" if request.order_number else "external_order_id"
        found = await self._intake.database.read(lambda c: records.named(c, request))
        if not found:
            raise NotFound(Reason.NOT_FOUND, "no such order", field=field)
        hide_foreign(found[0].order.channel, field)
        return intake_v1.GetOrderResponse(record=found[0])

    async def ListOrders(
        self, request: intake_v1.ListOrdersRequest, context: Any
    ) -> intake_v1.ListOrdersResponse:
        """List orders."""
        requests.check_filters(request)
        own, page = own_channel(), self._page(request)
        return await self._intake.database.read(
            lambda c: listing.list_orders(c, request, page, own)
        )

    async def CountOrders(
        self, request: intake_v1.CountOrdersRequest, context: Any
    ) -> intake_v1.CountOrdersResponse:
        """Count orders."""
        requests.check_filters(request)
        own = own_channel()
        return await self._intake.database.read(lambda c: counting.count_orders(c, request, own))

    async def CancelOrder(
        self, request: intake_v1.CancelOrderRequest, context: Any
    ) -> intake_v1.CancelOrderResponse:
        """Call an order off."""
        return await self._commands.cancel(request)

    async def RecordPayment(
        self, request: intake_v1.RecordPaymentRequest, context: Any
    ) -> intake_v1.RecordPaymentResponse:
        """Book a payment."""
        return await self._commands.pay(request)

    async def ListHolds(
        self, request: intake_v1.ListHoldsRequest, context: Any
    ) -> intake_v1.ListHoldsResponse:
        """List holds."""
        requests.check_filters(request)
        page = self._page(request)
        return await self._intake.database.read(lambda c: listing.list_holds(c, request, page))

    async def ReleaseHold(
        self, request: intake_v1.ReleaseHoldRequest, context: Any
    ) -> intake_v1.ReleaseHoldResponse:
        """Decide a hold."""
        return await self._commands.decide(request)

    async def ListOrderEvents(
        self, request: intake_v1.ListOrderEventsRequest, context: Any
    ) -> intake_v1.ListOrderEventsResponse:
        """List an order's events."""
        requests.check_order_events(request)
        page = self._page(request)
        channel = await self._intake.database.read(
            lambda c: records.channel_of(c, request.order_number)
        )
        if channel is None:
            raise NotFound(Reason.NOT_FOUND, "no such order", field="order_number")
        hide_foreign(channel, "order_number")
        return await self._intake.database.read(
            lambda c: listing.list_events(c, self._intake.outbox, request, page)
        )

    async def WatchEvents(
        self, request: intake_v1.WatchEventsRequest, context: Any
    ) -> AsyncIterator[intake_v1.WatchEventsResponse]:
        """Stream events from a cursor."""
        batches = self._intake.outbox.watch(
            self._intake.database,
            request.cursor,
            until_now=request.until_now,
            poll_s=self._intake.config.outbox_poll_s,
        )
        async for batch in batches:
            yield intake_v1.WatchEventsResponse(
                events=[listing.event_of(event) for event in batch.events], cursor=batch.cursor
            )

    async def ListQuarantined(
        self, request: intake_v1.ListQuarantinedRequest, context: Any
    ) -> intake_v1.ListQuarantinedResponse:
        """List what is kept aside."""
        requests.check_filters(request)
        if request.include_payload:
            require_personal("include_payload")
        own, page = own_channel(), self._page(request)
        return await self._intake.database.read(
            lambda c: listing.list_quarantined(c, request, page, own)
        )

    async def PutSkuMappings(
        self, request: intake_v1.PutSkuMappingsRequest, context: Any
    ) -> intake_v1.PutSkuMappingsResponse:
        """Store names of SKUs."""
        requests.check_mappings(request)
        stored = await self._intake.database.write(
            lambda c: sku_names.put(c, request), repeatable=True
        )
        self._intake.skus.forget()
        return intake_v1.PutSkuMappingsResponse(stored=stored)

    async def ListSkuMappings(
        self, request: intake_v1.ListSkuMappingsRequest, context: Any
    ) -> intake_v1.ListSkuMappingsResponse:
        """List names of SKUs."""
        requests.check_filters(request)
        page = self._page(request)
        return await self._intake.database.read(lambda c: sku_names.list_names(c, request, page))

    async def ClaimOrders(
        self, request: intake_v1.ClaimOrdersRequest, context: Any
    ) -> intake_v1.ClaimOrdersResponse:
        """Hand out work."""
        wanted, wait_s = requests.claim_from_pb(request)
        return await claim_when_there_is_work(self._intake, wanted, wait_s)

    async def RenewClaim(
        self, request: intake_v1.RenewClaimRequest, context: Any
    ) -> intake_v1.RenewClaimResponse:
        """Keep a lease."""
        requests.check_batch(request)
        at_us = now_us(self._intake.clock.now())
        return await self._intake.database.write(
            lambda c: claims.renew(c, request.batch_id, at_us), repeatable=True
        )

    async def FinishBatch(
        self, request: intake_v1.FinishBatchRequest, context: Any
    ) -> intake_v1.FinishBatchResponse:
        """Write down what became of a batch."""
        requests.check_batch(request)
        at_us = now_us(self._intake.clock.now())
        outbox, caused_by = self._intake.outbox, tracking_id()
        results = await self._intake.database.write(
            lambda c: finishing.finish(c, outbox, request, at_us, caused_by), repeatable=True
        )
        return intake_v1.FinishBatchResponse(results=results)  # type: ignore[arg-type]  # numbers

    def _page(self, request: Any) -> Page:
        scope = current_principal().id if own_channel() is not None else ""
        return Page(request, self._intake.tokens, scope)
