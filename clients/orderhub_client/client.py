"""One object to talk to the hub: blocking, with a deadline on every call."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc

from orderhub.fulfilment.v1 import allocation_pb2_grpc as allocation_grpc_v1
from orderhub.fulfilment.v1 import inventory_pb2_grpc as inventory_grpc_v1
from orderhub.fulfilment.v1 import routing_pb2_grpc as routing_grpc_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from orderhub.orchestrator.v1 import orchestrator_pb2_grpc as orchestrator_grpc_v1
from orderhub.rules.v1 import rules_pb2_grpc as rules_grpc_v1
from orderhub_client.channel import caller_metadata, open_channel
from orderhub_client.credentials import credentials_from_environment
from orderhub_client.errors import error_from
from orderhub_client.hub import found_hub
from orderhub_client.retry import Retrier, RetryBudget, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from google.protobuf.message import Message

    from orderhub.common.v1 import event_pb2 as event_v1
    from orderhub.common.v1 import order_pb2 as order_v1
    from orderhub.intake.v1 import record_pb2 as record_v1
    from orderhub_client.addresses import Addresses

ATTEMPT_S = 20.0
PATIENCE_S = 15.0
MAX_ATTEMPTS = 10_000  # patience ends a call, not counting
RESERVE = 200.0  # retries that a restarting service may cost before we slow down
PAGE_SIZE = 500

Reply = TypeVar("Reply")


def new_request_id() -> str:
    """Return an id for a call that is made once; repeat the call with the same one."""
    return uuid.uuid4().hex


class OrderHub:
    """Blocking client of all services; use as a context manager, from any number of threads.

    The stubs are attributes: `intake`, `rules`, `inventory`, `allocation`, `routing`,
    `orchestrator`. Call them through `call`, `pages` or `stream`, which add the deadline, repeat
    what may pass by itself and raise `OrderHubError`.

    `ORDERHUB_TLS_CA_FILE`, `ORDERHUB_TLS_CERT_FILE` and `ORDERHUB_TLS_KEY_FILE` name the
    certificates for a hub beyond this machine.

    Parameters
    ----------
    role, actor
        Who calls, as said to a hub on this machine; certificates decide on others.
    language
        `zh` or `en`: which of the hub's sentences come first.
    patience_s
        How long a call is repeated while its service restarts or is overloaded.
    """

    def __init__(
        self,
        addresses: Addresses,
        *,
        role: str = "operator",
        actor: str = "",
        language: str = "en",
        patience_s: float = PATIENCE_S,
    ) -> None:
        credentials = credentials_from_environment()
        self._channels = {
            name: open_channel(getattr(addresses, name), credentials)
            for name in ("intake", "rules", "fulfilment", "orchestrator")
        }
        self._metadata = caller_metadata(role=role, actor=actor, language=language)
        policy = RetryPolicy(deadline_s=patience_s, attempt_s=ATTEMPT_S, max_attempts=MAX_ATTEMPTS)
        budget = RetryBudget(ratio=1.0, reserve=RESERVE)
        self._retrier = Retrier(policy, budget, metadata=self._metadata)
        fulfilment = self._channels["fulfilment"]
        self.intake = intake_grpc_v1.IntakeServiceStub(self._channels["intake"])
        self.rules = rules_grpc_v1.RulesServiceStub(self._channels["rules"])
        self.inventory = inventory_grpc_v1.InventoryServiceStub(fulfilment)
        self.allocation = allocation_grpc_v1.AllocationServiceStub(fulfilment)
        self.routing = routing_grpc_v1.RoutingServiceStub(fulfilment)
        self.orchestrator = orchestrator_grpc_v1.OrchestratorServiceStub(
            self._channels["orchestrator"]
        )

    @classmethod
    def connect(cls, where: str = "", **options: Any) -> Self:
        """Return a client of a running hub.

        Parameters
        ----------
        where
            As `--hub` on the command line. If unset: the hub of `ORDERHUB_DATA_DIR`.

        Raises
        ------
        HubNotFoundError
            When no hub answers there; none is started.
        """
        return cls(found_hub(where), **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the channels."""
        for channel in self._channels.values():
            channel.close()

    @contextlib.contextmanager
    def closed_on_interrupt(self) -> Generator[None]:
        """Close the channels when Ctrl-C comes, so that calls in other threads end at once."""
        try:
            yield
        except KeyboardInterrupt:
            self.close()
            raise

    def call(
        self,
        method: Callable[..., Reply],
        request: Message,
        *,
        patience_s: float | None = None,
    ) -> Reply:
        """Return the reply of a stub's method; the same request is repeated while it may pass.

        Parameters
        ----------
        patience_s
            For how long, instead of the client's own. An attempt gets at most 20 s of it.

        Raises
        ------
        OrderHubError
            When the hub refuses, or time is over.
        """
        return self._retrier.call(method, request, deadline_s=patience_s)

    def pages(
        self, method: Callable[..., Any], request: Any, entries: str, limit: int | None = None
    ) -> Iterator[Any]:
        """Yield a listing's entries, page after page, at most `limit`."""
        left = limit
        while left is None or left > 0:
            request.page_size = PAGE_SIZE if left is None else min(left, PAGE_SIZE)
            reply = self.call(method, request)
            for entry in list(getattr(reply, entries))[:left]:
                yield entry
                left = None if left is None else left - 1
            if not reply.next_page_token:
                return
            request.page_token = reply.next_page_token

    def stream(
        self, method: Callable[..., Any], request: Message, *, timeout_s: float | None = None
    ) -> Iterator[Any]:
        """Yield a stream's replies; `timeout_s` unset: until it ends."""
        replies = method(request, timeout=timeout_s, metadata=self._metadata)
        try:
            yield from replies
        except grpc.RpcError as error:
            raise error_from(error) from None
        finally:
            replies.cancel()

    def submit(self, order: order_v1.Order, request_id: str = "") -> intake_v1.SubmitResult:
        """Submit one order; give a `request_id` of your own to be able to repeat it."""
        request = intake_v1.SubmitOrderRequest(
            request_id=request_id or new_request_id(), order=order
        )
        return self.call(self.intake.SubmitOrder, request).result

    def submit_many(
        self, orders: Sequence[tuple[str, order_v1.Order]]
    ) -> list[intake_v1.SubmitResult]:
        """Submit up to 500 (request id, order); one answer for each, in order."""
        request = intake_v1.SubmitOrdersRequest(
            orders=[
                intake_v1.OrderToSubmit(request_id=request_id, order=order)
                for request_id, order in orders
            ]
        )
        return list(self.call(self.intake.SubmitOrders, request).results)

    def submit_payloads(
        self, channel: str, payloads: Sequence[tuple[str, bytes]], shop: str = ""
    ) -> list[intake_v1.SubmitResult]:
        """Submit up to 500 (request id, body) of a channel; one answer for each, in order."""
        request = intake_v1.SubmitPayloadsRequest(
            channel=channel,
            shop=shop,
            payloads=[
                intake_v1.ChannelPayload(request_id=request_id, body=body)
                for request_id, body in payloads
            ],
        )
        return list(self.call(self.intake.SubmitPayloads, request).results)

    def get_order(self, order_number: str) -> record_v1.OrderRecord:
        """Return an order; `NotFoundError` where there is none."""
        request = intake_v1.GetOrderRequest(order_number=order_number)
        return self.call(self.intake.GetOrder, request).record

    def events(self, order_number: str) -> Iterator[event_v1.Event]:
        """Yield an order's events, first to last."""
        request = intake_v1.ListOrderEventsRequest(order_number=order_number)
        yield from self.pages(self.intake.ListOrderEvents, request, "events")

    def watch_events(
        self, cursor: str = "", *, until_now: bool = False
    ) -> Iterator[event_v1.Event]:
        """Yield intake's events after `cursor`, without end unless `until_now`."""
        request = intake_v1.WatchEventsRequest(cursor=cursor, until_now=until_now)
        for batch in self.stream(self.intake.WatchEvents, request):
            yield from batch.events
