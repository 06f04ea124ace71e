"""A real server: what callers hear when something is wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import wrappers_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from services._kit.auth import AuditEntry, Grant, Role, current_principal
from services._kit.config import Config
from services._kit.errors import ConfigError, Malformed, NotFound, Violation
from services._kit.reasons import Reason
from services._kit.server import AddressInUseError, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from google.protobuf.message import Message

Text = wrappers_pb2.StringValue
NAME = "test.Echo"
EVERYBODY = frozenset(Role)


class EchoService:
    """Answers with what it was asked, or fails as it is told."""

    names = (NAME,)

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.waiting = asyncio.Event()
        self.drained = self.stopped = False
        self.peer = "127.0.0.1:1"  # where nobody listens

    def register(self, server: grpc.aio.Server) -> None:
        def unary(fn: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(fn, Text.FromString, Text.SerializeToString)

        handlers = {
            "Say": unary(self.say),
            "Wait": unary(self.wait),
            "Change": unary(self.say),
            "Relay": unary(self.relay),
            "Count": grpc.unary_stream_rpc_method_handler(
                self.count, Text.FromString, Text.SerializeToString
            ),
            "Collect": grpc.stream_unary_rpc_method_handler(
                self.collect, Text.FromString, Text.SerializeToString
            ),
        }
        generic = grpc.method_handlers_generic_handler(NAME, handlers)
        server.add_generic_rpc_handlers((generic,))
        server.add_registered_method_handlers(NAME, handlers)

    async def say(self, request: Any, context: Any) -> Any:
        match request.value:
            case "bug":
                raise RuntimeError("select * from secrets where phone = 13812345678")
            case "missing":
                raise NotFound(Reason.NOT_FOUND, "no order 42", field="order_id", order="42")
            case "several":
                raise Malformed.several(
                    [
                        Violation("lines[0].quantity", Reason.OUT_OF_RANGE, "it is negative"),
                        Violation("currency", Reason.UNKNOWN_VALUE, "XXX is no currency"),
                    ]
                )
            case "endless":
                raise Malformed.several(
                    Violation(f"行项目[{n}]." + "很长" * 99, Reason.TOO_LONG, "太长了" * 99)
                    for n in range(500)
                )
            case "who":
                caller = current_principal()
                return Text(value=f"{caller.id} {caller.role} {caller.authenticated}")
        return Text(value=request.value)

    async def relay(self, request: Any, context: Any) -> Any:
        async with grpc.aio.insecure_channel(self.peer) as channel:
            say = channel.unary_unary(f"/{NAME}/Say", Text.SerializeToString, Text.FromString)
            return await say(request, timeout=5)

    async def wait(self, request: Any, context: Any) -> Any:
        self.waiting.set()
        await self.gate.wait()
        return request

    async def count(self, request: Any, context: Any) -> AsyncIterator[Any]:
        for number in range(3):
            yield Text(value=str(number))
        if request.value == "bug":
            raise RuntimeError("broken")
        if request.value == "forever":
            await self.gate.wait()

    async def collect(self, requests: Any, context: Any) -> Any:
        return Text(value="".join([request.value async for request in requests]))

    async def drain(self) -> None:
        self.drained = True

    async def stop(self) -> None:
        self.stopped = True


class Caller:
    """Calls by bytes, so that a broken request can be sent too."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.aio.insecure_channel(address)
        self.health = health_pb2_grpc.HealthStub(self.channel)

    async def say(self, text: str | bytes, method: str = "Say", **metadata: str) -> Any:
        raw = text if isinstance(text, bytes) else Text(value=text).SerializeToString()
        call = self.channel.unary_unary(f"/{NAME}/{method}")
        pairs = tuple((key.replace("_", "-"), value) for key, value in metadata.items())
        return Text.FromString(await call(raw, timeout=10, metadata=pairs)).value


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data_dir=tmp_path, max_in_flight=2, grace_s=5)


@pytest.fixture
def audited() -> list[AuditEntry]:
    return []


@pytest.fixture
async def service() -> EchoService:
    return EchoService()


@pytest.fixture
async def server(
    config: Config, service: EchoService, audited: list[AuditEntry]
) -> AsyncIterator[Server]:
    async def audit(entry: AuditEntry) -> None:
        audited.append(entry)

    server = Server(config, "127.0.0.1:0", access=access(), audit=audit)
    await server.start([service])
    yield server
    service.gate.set()
    await server.drain()


@pytest.fixture
async def caller(server: Server) -> AsyncIterator[Caller]:
    caller = Caller(server.address)
    yield caller
    await caller.channel.close()


def access() -> dict[str, Grant]:
    rows = {f"/{NAME}/{m}": Grant(EVERYBODY) for m in ("Say", "Wait", "Count", "Collect", "Relay")}
    infrastructure = (
        "/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    )
    rows |= {name: Grant(EVERYBODY) for name in infrastructure}
    rows[f"/{NAME}/Change"] = Grant(frozenset({Role.ADMIN}), mutates=True)
    return rows


def detail(error: grpc.aio.AioRpcError, kind: type[Message]) -> Any:
    status = rpc_status.from_call(error)
    found = []
    for packed in status.details:
        message = kind()
        if packed.Unpack(message):
            found.append(message)
    return found[0] if len(found) == 1 else found


async def refusal(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_a_refusal_arrives_with_reason_field_and_both_texts(caller: Caller) -> None:
    error = await refusal(caller.say("missing", accept_language="en-GB,zh;q=0.5"))

    assert error.code() is grpc.StatusCode.NOT_FOUND
    assert error.details() == "no order 42"
    info = detail(error, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain, info.metadata["order"]) == ("NOT_FOUND", "orderhub", "42")
    assert detail(error, error_details_pb2.BadRequest).field_violations[0].field == "order_id"
    texts = detail(error, error_details_pb2.LocalizedMessage)
    assert [text.locale for text in texts] == ["en", "zh-CN"]
    assert texts[1].message == "未找到。"


async def test_every_wrong_field_is_named_at_once(caller: Caller) -> None:
    error = await refusal(caller.say("several"))

    violations = detail(error, error_details_pb2.BadRequest).field_violations
    assert [(v.field, v.reason) for v in violations] == [
        ("lines[0].quantity", "OUT_OF_RANGE"),
        ("currency", "UNKNOWN_VALUE"),
    ]


async def test_a_long_list_of_faults_is_cut_and_still_arrives(caller: Caller) -> None:
    error = await refusal(caller.say("endless"))

    violations = detail(error, error_details_pb2.BadRequest).field_violations
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert violations[0].field.startswith("行项目[0].")


@pytest.mark.parametrize(
    "raw", [b"\x0a\x02\xff\xfe", b"\x0a\x7f", b"\xff\xff\xff"], ids=["utf8", "short", "garbage"]
)
async def test_bytes_that_are_no_message_are_an_invalid_argument(
    caller: Caller, raw: bytes
) -> None:
    error = await refusal(caller.say(raw))

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert detail(error, error_details_pb2.ErrorInfo).reason == "UNDECODABLE"


async def test_a_request_over_the_methods_cap_is_told_both_sizes(caller: Caller) -> None:
    error = await refusal(caller.say("x" * (2 << 20)))

    info = detail(error, error_details_pb2.ErrorInfo)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (info.reason, info.metadata["limit"]) == ("MESSAGE_TOO_LARGE", str(1 << 20))


@pytest.mark.parametrize("method", ["Say", "Count"])
async def test_a_bug_shows_an_id_and_nothing_else(
    caller: Caller, method: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if method == "Say":
        error = await refusal(caller.say("bug"))
    else:
        stream = caller.channel.unary_stream(f"/{NAME}/Count")
        error = await refusal(drained(stream(Text(value="bug").SerializeToString(), timeout=10)))

    info = detail(error, error_details_pb2.ErrorInfo)
    assert error.code() is grpc.StatusCode.INTERNAL
    assert info.metadata["error_id"] in str(error.details())
    said = str(error.details()) + str(rpc_status.from_call(error))
    assert not any(word in said for word in ("select", "secrets", "13812345678", "broken"))
    assert "Traceback" not in said


async def drained(stream: Any) -> list[str]:
    return [Text.FromString(data).value async for data in stream]


async def test_streams_pass_through_both_ways(caller: Caller) -> None:
    count = caller.channel.unary_stream(f"/{NAME}/Count")
    collect = caller.channel.stream_unary(f"/{NAME}/Collect")
    requests = [Text(value=letter).SerializeToString() for letter in "abc"]

    counted = await drained(count(b"", timeout=10))
    collected = await collect(iter(requests), timeout=10)
    error = await refusal(collect(iter([requests[0], b"\x0a\x01\xff"]), timeout=10))

    assert counted == ["0", "1", "2"]
    assert Text.FromString(collected).value == "abc"
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_calls_over_the_limit_are_refused_with_a_delay_and_health_is_not(
    caller: Caller, service: EchoService
) -> None:
    waiting = [asyncio.ensure_future(caller.say("x", "Wait")) for _ in range(2)]
    await asyncio.sleep(0.1)

    error = await refusal(caller.say("x"))
    health = await caller.health.Check(health_pb2.HealthCheckRequest(service=NAME))
    service.gate.set()
    answers = await asyncio.gather(*waiting)

    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert detail(error, error_details_pb2.RetryInfo).retry_delay.ToMilliseconds() > 0
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    assert answers == ["x", "x"]
    assert await caller.say("again") == "again"


async def test_the_caller_is_who_it_says_but_unauthenticated(caller: Caller) -> None:
    assert await caller.say("who") == "local operator False"
    told = await caller.say("who", x_orderhub_role="channel", x_orderhub_actor="tmall")

    assert told == "tmall channel False"


async def test_a_peers_refusal_is_passed_on_its_bugs_and_its_absence_are_not(
    caller: Caller, server: Server, service: EchoService
) -> None:
    absent = await refusal(caller.say("x", "Relay"))
    service.peer = server.address
    refused = await refusal(caller.say("missing", "Relay"))
    bug = await refusal(caller.say("bug", "Relay"))

    assert absent.code() is grpc.StatusCode.UNAVAILABLE
    assert detail(absent, error_details_pb2.ErrorInfo).reason == "PEER_UNAVAILABLE"
    assert detail(absent, error_details_pb2.RetryInfo).retry_delay.ToMilliseconds() > 0
    assert refused.code() is grpc.StatusCode.NOT_FOUND
    assert detail(refused, error_details_pb2.BadRequest).field_violations[0].field == "order_id"
    assert bug.code() is grpc.StatusCode.INTERNAL


async def test_a_role_without_a_grant_is_refused_and_one_with_it_is_audited(
    caller: Caller, audited: list[AuditEntry]
) -> None:
    error = await refusal(caller.say("x", "Change"))
    unknown = await refusal(caller.say("x", "Change", x_orderhub_role="root"))
    await caller.say("x", "Change", x_orderhub_role="admin", x_tracking_id="t-1")
    await caller.say("x")

    assert error.code() is unknown.code() is grpc.StatusCode.PERMISSION_DENIED
    (entry,) = audited
    assert (entry.method, entry.outcome, entry.tracking_id) == (f"/{NAME}/Change", "OK", "t-1")


async def test_a_method_nobody_serves_is_unimplemented(caller: Caller) -> None:
    error = await refusal(caller.say("x", "Sing"))

    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_method_without_a_row_in_the_table_stops_the_server(
    config: Config, service: EchoService
) -> None:
    rows = access()
    del rows[f"/{NAME}/Change"]
    server = Server(config, "127.0.0.1:0", access=rows)

    with pytest.raises(ConfigError, match=r"/test\.Echo/Change"):
        await server.start([service])


async def test_a_used_port_is_refused(config: Config, server: Server) -> None:
    second = Server(config, server.address, access=access())

    with pytest.raises(AddressInUseError, match="taken by another process"):
        await second.start([EchoService()])


async def test_draining_finishes_calls_and_ends_streams_as_unavailable(
    config: Config, service: EchoService
) -> None:
    server = Server(config, "127.0.0.1:0", access=access())
    caller = Caller(await server.start([service]))
    call = asyncio.ensure_future(caller.say("late", "Wait"))
    stream = caller.channel.unary_stream(f"/{NAME}/Count")(
        Text(value="forever").SerializeToString(), timeout=10
    )
    first = [await stream.read() for _ in range(3)]
    await service.waiting.wait()

    draining = asyncio.ensure_future(server.drain())
    ended = await refusal(stream.read())
    service.gate.set()
    answer = await call
    await draining

    assert len(first) == 3
    assert ended.code() is grpc.StatusCode.UNAVAILABLE
    assert answer == "late"
    assert service.drained
    assert service.stopped
    await caller.channel.close()
