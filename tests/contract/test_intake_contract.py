"""Intake over a real wire: bad input is a typed refusal that names its field, and loses nothing."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from services._kit.server import Server
from services.intake.app import start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from services._kit.config import Config

YEAR_9999_S = 253_370_764_800


@pytest.fixture
def database_url() -> str:
    """The wire is the subject here; one database is enough."""
    return ""


@asynccontextmanager
async def served(config: Config) -> AsyncIterator[tuple[Any, grpc.aio.Channel]]:
    app = await start(config, channels={})
    server = Server(config, "127.0.0.1:0")
    address = await server.start([app])
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield intake_grpc_v1.IntakeServiceStub(channel), channel
    finally:
        await server.drain()


def good(external_id: str = "A1") -> order_v1.Order:
    order = order_v1.Order(
        channel="shop", external_order_id=external_id, currency="CNY", total_minor=100
    )
    order.placed_at.GetCurrentTime()
    order.lines.add(sku="SKU-1", quantity=1, unit_price_minor=100)
    return order


def with_(change: Callable[[order_v1.Order], Any]) -> order_v1.Order:
    order = good()
    change(order)
    return order


def a_line_more(order: order_v1.Order, **given: Any) -> None:
    order.lines.add(**{"sku": "SKU-2", "quantity": 1} | given)


BAD = {
    "no lines": (lambda o: o.ClearField("lines"), "order.lines", "NO_LINES"),
    "negative quantity": (
        lambda o: a_line_more(o, quantity=-1),
        "order.lines[1].quantity",
        "OUT_OF_RANGE",
    ),
    "no quantity": (
        lambda o: a_line_more(o, quantity=0),
        "order.lines[1].quantity",
        "OUT_OF_RANGE",
    ),
    "unknown currency": (
        lambda o: setattr(o, "currency", "XXY"),
        "order.currency",
        "UNKNOWN_CURRENCY",
    ),
    "no currency": (lambda o: o.ClearField("currency"), "order.currency", "REQUIRED"),
    "501 lines": (
        lambda o: [a_line_more(o) for _ in range(500)],
        "order.lines",
        "TOO_MANY",
    ),
    "the year 9999": (
        lambda o: setattr(o.placed_at, "seconds", YEAR_9999_S),
        "order.placed_at",
        "PLACED_IN_FUTURE",
    ),
    "an instant beyond the year 9999": (
        lambda o: setattr(o.placed_at, "seconds", 1 << 62),
        "order.placed_at",
        "PLACED_IN_FUTURE",
    ),
    "before 1970": (
        lambda o: setattr(o.placed_at, "seconds", -1),
        "order.placed_at",
        "OUT_OF_RANGE",
    ),
    "modified in the year 9999": (
        lambda o: setattr(o.modified_at, "seconds", YEAR_9999_S),
        "order.modified_at",
        "OUT_OF_RANGE",
    ),
    "never placed": (lambda o: o.ClearField("placed_at"), "order.placed_at", "REQUIRED"),
    "negative total": (
        lambda o: setattr(o, "total_minor", -1),
        "order.total_minor",
        "OUT_OF_RANGE",
    ),
    "negative price": (
        lambda o: a_line_more(o, unit_price_minor=-5),
        "order.lines[1].unit_price_minor",
        "OUT_OF_RANGE",
    ),
    "a line number twice": (
        lambda o: (setattr(o.lines[0], "line_no", 1), a_line_more(o, line_no=1)),
        "order.lines[1].line_no",
        "DUPLICATE_LINE",
    ),
    "no SKU": (lambda o: a_line_more(o, sku=""), "order.lines[1].sku", "REQUIRED"),
    "a SKU too long": (lambda o: a_line_more(o, sku="S" * 65), "order.lines[1].sku", "TOO_LONG"),
    "a SKU with a NUL": (lambda o: a_line_more(o, sku="S\x00"), "order.lines[1].sku", "MALFORMED"),
    "no channel": (lambda o: o.ClearField("channel"), "order.channel", "REQUIRED"),
    "an external id too long": (
        lambda o: setattr(o, "external_order_id", "x" * 129),
        "order.external_order_id",
        "TOO_LONG",
    ),
    "more refunded than paid": (
        lambda o: setattr(o.payment, "refunded_minor", 1),
        "order.payment.refunded_minor",
        "OUT_OF_RANGE",
    ),
    "an unknown payment mode": (
        lambda o: setattr(o.payment, "mode", 99),
        "order.payment.mode",
        "UNKNOWN_VALUE",
    ),
    "a coordinate without a datum": (
        lambda o: setattr(o.destination.location, "lat_e7", 310_000_000),
        "order.destination.location.datum",
        "REQUIRED",
    ),
    "a latitude beyond the pole": (
        lambda o: setattr(o.destination.location, "lat_e7", 900_000_001),
        "order.destination.location.lat_e7",
        "OUT_OF_RANGE",
    ),
    "a window that ends before it starts": (
        lambda o: (
            setattr(o.delivery_window.start, "seconds", 2000),
            setattr(o.delivery_window.end, "seconds", 1000),
        ),
        "order.delivery_window.end",
        "WINDOW_REVERSED",
    ),
    "a street over 1 KB": (
        lambda o: setattr(o.recipient, "street", "路" * 342),
        "order.recipient.street",
        "TOO_LONG",
    ),
    "an attribute over 1 KB": (
        lambda o: o.attributes.update({"note": "x" * 1025}),
        "order.attributes[note]",
        "TOO_LONG",
    ),
}


async def refusal_of(call: Any) -> tuple[grpc.StatusCode, str, dict[str, str], list[Any]]:
    """Return code, reason, violations by field and every detail of a call that must fail."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = rpc_status.from_call(caught.value)
    details = {}
    for packed in status.details:
        for kind in (
            error_details_pb2.ErrorInfo,
            error_details_pb2.BadRequest,
            error_details_pb2.LocalizedMessage,
        ):
            message = kind()
            if packed.Is(kind.DESCRIPTOR):
                packed.Unpack(message)
                details.setdefault(kind.__name__, []).append(message)
    fields = {
        violation.field: violation.reason
        for bad in details.get("BadRequest", ())
        for violation in bad.field_violations
    }
    assert "Traceback" not in status.message
    assert {m.locale for m in details["LocalizedMessage"]} == {"zh-CN", "en"}
    return caught.value.code(), details["ErrorInfo"][0].reason, fields, list(status.details)


async def test_every_bad_order_is_refused_by_field_and_reason(config: Config) -> None:
    async with served(config) as (stub, _):
        for name, (change, field, reason) in BAD.items():
            request = intake_v1.SubmitOrderRequest(request_id=name, order=with_(change))

            code, _, fields, _ = await refusal_of(stub.SubmitOrder(request))

            assert code is grpc.StatusCode.INVALID_ARGUMENT, name
            assert fields.get(field) == reason, (name, fields)
        count = await stub.CountOrders(intake_v1.CountOrdersRequest())
        assert count.orders == 0


async def test_every_fault_of_an_order_is_said_at_once(config: Config) -> None:
    order = good()
    order.currency = "???"
    a_line_more(order, quantity=0, sku="")
    async with served(config) as (stub, _):
        request = intake_v1.SubmitOrderRequest(request_id="r", order=order)

        _, _, fields, _ = await refusal_of(stub.SubmitOrder(request))

    assert set(fields) == {"order.currency", "order.lines[1].quantity", "order.lines[1].sku"}


async def test_bad_orders_in_a_batch_are_refused_alone(config: Config) -> None:
    orders = [intake_v1.OrderToSubmit(request_id="good-1", order=good("G1"))]
    for name, (change, _, _) in BAD.items():
        orders.append(intake_v1.OrderToSubmit(request_id=name, order=with_(change)))
    orders.append(intake_v1.OrderToSubmit(request_id="good-2", order=good("G2")))
    async with served(config) as (stub, _):
        results = (await stub.SubmitOrders(intake_v1.SubmitOrdersRequest(orders=orders))).results

    refused = intake_v1.SUBMIT_OUTCOME_REFUSED
    assert [r.outcome == refused for r in results] == [False, *[True] * len(BAD), False]
    assert [r.field for r in results[1:-1]] == [field for _, field, _ in BAD.values()]
    assert [r.request_id for r in results] == [o.request_id for o in orders]


async def test_a_message_of_two_megabytes_is_refused_by_its_size(config: Config) -> None:
    order = good()
    order.labels.extend("x" * 1000 for _ in range(2100))
    async with served(config) as (stub, _):
        request = intake_v1.SubmitOrderRequest(request_id="r", order=order)

        code, reason, fields, _ = await refusal_of(stub.SubmitOrder(request))

    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MESSAGE_TOO_LARGE")
    assert list(fields) == ["$request"]


async def test_text_that_is_no_utf8_is_refused_before_any_handler(config: Config) -> None:
    raw = intake_v1.SubmitOrderRequest(request_id="r", order=good("MARKER")).SerializeToString()
    async with served(config) as (_, channel):
        call = channel.unary_unary("/orderhub.intake.v1.IntakeService/SubmitOrder")

        code, reason, _, _ = await refusal_of(
            call(raw.replace(b"MARKER", b"\xff\xfe\xfd\xff\xfe\xfd"))
        )

    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "UNDECODABLE")


async def test_random_bytes_never_end_as_unknown(config: Config) -> None:
    seed = intake_v1.SubmitOrderRequest(request_id="r", order=good()).SerializeToString()
    async with served(config) as (_, channel):
        call = channel.unary_unary("/orderhub.intake.v1.IntakeService/SubmitOrder")
        chance = random.Random(7)
        for i in range(300):
            data = bytearray(seed)
            for _ in range(1 + i % 4):
                data[chance.randrange(len(data))] = chance.randrange(256)

            try:
                await call(bytes(data))
            except grpc.aio.AioRpcError as error:
                code = error.code()
            else:
                continue

            assert code is grpc.StatusCode.INVALID_ARGUMENT, bytes(data)


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("SubmitOrder", intake_v1.SubmitOrderRequest(order=good()), "request_id"),
        ("SubmitOrders", intake_v1.SubmitOrdersRequest(), "orders"),
        ("SubmitPayloads", intake_v1.SubmitPayloadsRequest(channel="x"), "payloads"),
        ("GetOrder", intake_v1.GetOrderRequest(), "order_number"),
        ("GetOrder", intake_v1.GetOrderRequest(order_number="\x00"), "order_number"),
        ("ListOrders", intake_v1.ListOrdersRequest(page_size=-1), "page_size"),
        ("ListOrders", intake_v1.ListOrdersRequest(channel="a\x00"), "channel"),
        ("ListOrders", intake_v1.ListOrdersRequest(states=[77]), "states[0]"),
        ("CancelOrder", intake_v1.CancelOrderRequest(order_number="1"), "request_id"),
        (
            "RecordPayment",
            intake_v1.RecordPaymentRequest(request_id="r", order_number="1"),
            "amount",
        ),
        ("ListHolds", intake_v1.ListHoldsRequest(state=77), "state"),
        ("ReleaseHold", intake_v1.ReleaseHoldRequest(request_id="r"), "hold_id"),
        ("ListOrderEvents", intake_v1.ListOrderEventsRequest(), "order_number"),
        ("ListQuarantined", intake_v1.ListQuarantinedRequest(page_token="?"), "page_token"),
        ("PutSkuMappings", intake_v1.PutSkuMappingsRequest(), "mappings"),
        ("ListSkuMappings", intake_v1.ListSkuMappingsRequest(page_token="?"), "page_token"),
    ],
)
async def test_every_method_names_the_field_it_refuses(
    config: Config, method: str, request_: Any, field: str
) -> None:
    async with served(config) as (stub, _):
        code, _, fields, _ = await refusal_of(getattr(stub, method)(request_))

    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert field in fields


async def test_a_thing_that_is_not_there_is_not_found(config: Config) -> None:
    async with served(config) as (stub, _):
        calls = [
            stub.GetOrder(intake_v1.GetOrderRequest(order_number="1")),
            stub.ListOrderEvents(intake_v1.ListOrderEventsRequest(order_number="1")),
            stub.CancelOrder(intake_v1.CancelOrderRequest(request_id="r", order_number="1")),
            stub.ReleaseHold(intake_v1.ReleaseHoldRequest(request_id="r", hold_id="1")),
        ]
        codes = [(await refusal_of(call))[0] for call in calls]

    assert set(codes) == {grpc.StatusCode.NOT_FOUND}


async def test_an_order_goes_in_over_the_wire_and_its_events_come_out(config: Config) -> None:
    async with served(config) as (stub, _):
        request = intake_v1.SubmitOrderRequest(request_id="r", order=good())

        result = (await stub.SubmitOrder(request)).result
        again = (await stub.SubmitOrder(request)).result
        watch = stub.WatchEvents(intake_v1.WatchEventsRequest(until_now=True))
        events = [event async for batch in watch for event in batch.events]

    assert again == result
    assert [(e.subject, e.type) for e in events] == [
        (result.order_number, "orderhub.order.accepted")
    ]
