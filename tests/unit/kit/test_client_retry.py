"""The client's errors and retries against a real server with the kit's guard."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import wrappers_pb2

from orderhub_client.channel import caller_metadata, open_aio_channel, open_channel
from orderhub_client.errors import (
    DeadlineError,
    ExhaustedError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    OrderHubError,
    UnavailableError,
)
from orderhub_client.retry import Retrier, RetryBudget, RetryPolicy
from services._kit.auth import Grant, Role
from services._kit.config import Config
from services._kit.errors import Exhausted, Malformed, NotFound, Unavailable, Violation
from services._kit.reasons import Reason
from services._kit.server import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

Text = wrappers_pb2.StringValue
NAME = "test.Moody"
HASTY = RetryPolicy(deadline_s=10, first_pause_s=0.005, max_pause_s=0.02)

ACCESS = {
    f"/{name}": Grant(frozenset(Role))
    for name in ("grpc.health.v1.Health/Check", "grpc.health.v1.Health/Watch", f"{NAME}/Ask")
}


class MoodyService:
    """Refuses as often as it is told to."""

    names = (NAME,)

    def __init__(self) -> None:
        self.refusals: list[Exception] = []
        self.attempts = 0

    def register(self, server: Any) -> None:
        handler = grpc.unary_unary_rpc_method_handler(
            self.ask, Text.FromString, Text.SerializeToString
        )
        handlers = {"Ask": handler}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, handlers),))
        server.add_registered_method_handlers(NAME, handlers)

    async def ask(self, request: Any, context: Any) -> Any:
        self.attempts += 1
        if self.refusals:
            raise self.refusals.pop(0)
        return request

    async def drain(self) -> None:
        pass

    async def stop(self) -> None:
        pass


@pytest.fixture
async def moody() -> MoodyService:
    return MoodyService()


@pytest.fixture
async def address(moody: MoodyService, tmp_path: Path) -> AsyncIterator[str]:
    config = Config(data_dir=tmp_path, env="production", grace_s=1)
    server = Server(config, "127.0.0.1:0", access=ACCESS)
    yield await server.start([moody])
    await server.drain()


@pytest.fixture
async def ask(address: str) -> AsyncIterator[Any]:
    channel = open_aio_channel(address)
    yield channel.unary_unary(f"/{NAME}/Ask", Text.SerializeToString, Text.FromString)
    await channel.close()


async def test_details_of_a_refusal_are_decoded(ask: Any, moody: MoodyService) -> None:
    violations = [
        Violation("lines[0].quantity", Reason.OUT_OF_RANGE, "it is negative"),
        Violation("currency", Reason.UNKNOWN_VALUE, "XXX is no currency"),
    ]
    moody.refusals = [Malformed.several(violations)]

    with pytest.raises(InvalidArgumentError) as caught:
        await Retrier().acall(ask, Text())

    error = caught.value
    assert error.reason == "OUT_OF_RANGE"
    assert [(v.field, v.reason) for v in error.violations] == [
        ("lines[0].quantity", "OUT_OF_RANGE"),
        ("currency", "UNKNOWN_VALUE"),
    ]
    assert error.text("zh-CN") == "数值超出允许范围。"
    assert error.text("en") == "The value is out of range."
    assert str(error).startswith("INVALID_ARGUMENT OUT_OF_RANGE: ")
    assert moody.attempts == 1


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (NotFound(Reason.NOT_FOUND), NotFoundError),
        (Malformed(Reason.REQUIRED, field="id"), InvalidArgumentError),
        (RuntimeError("a bug"), InternalError),
    ],
)
async def test_what_stays_refused_is_asked_once(
    ask: Any, moody: MoodyService, refusal: Exception, kind: type[OrderHubError]
) -> None:
    moody.refusals = [refusal]

    with pytest.raises(kind):
        await Retrier(HASTY).acall(ask, Text())

    assert moody.attempts == 1


async def test_what_may_pass_is_asked_again_until_it_has(ask: Any, moody: MoodyService) -> None:
    moody.refusals = [
        Unavailable(Reason.PEER_UNAVAILABLE, retry_after_s=0.01),
        Exhausted(Reason.OVERLOADED, retry_after_s=0.01),
    ]

    reply = await Retrier(HASTY).acall(ask, Text(value="x"))

    assert reply.value == "x"
    assert moody.attempts == 3


async def test_the_synchronous_stub_is_asked_again_too(address: str, moody: MoodyService) -> None:
    moody.refusals = [Unavailable(Reason.PEER_UNAVAILABLE, retry_after_s=0.01)]

    def call() -> Any:
        with open_channel(address) as channel:
            ask = channel.unary_unary(f"/{NAME}/Ask", Text.SerializeToString, Text.FromString)
            return Retrier(HASTY).call(ask, Text(value="x"))

    reply = await asyncio.to_thread(call)

    assert reply.value == "x"
    assert moody.attempts == 2


async def test_an_unrepeatable_call_is_repeated_only_when_nothing_was_done(
    ask: Any, moody: MoodyService
) -> None:
    moody.refusals = [
        Exhausted(Reason.OVERLOADED, retry_after_s=0.01),
        Unavailable(Reason.OUTCOME_UNKNOWN, retry_after_s=0.01),
    ]

    with pytest.raises(UnavailableError):
        await Retrier(HASTY).acall(ask, Text(), repeatable=False)

    assert moody.attempts == 2


async def test_a_delay_beyond_the_deadline_is_not_waited_for(ask: Any, moody: MoodyService) -> None:
    moody.refusals = [Unavailable(Reason.STORAGE_FULL, retry_after_s=3600)]

    with pytest.raises(UnavailableError) as caught:
        await Retrier(HASTY).acall(ask, Text())

    assert caught.value.retry_after_s == 3600
    assert moody.attempts == 1


async def test_a_message_over_the_transports_cap_is_not_repeated(
    ask: Any, moody: MoodyService
) -> None:
    with pytest.raises(ExhaustedError) as caught:
        await Retrier(HASTY).acall(ask, Text(value="x" * (17 << 20)))

    assert caught.value.reason == ""
    assert moody.attempts == 0


async def test_an_outage_is_answered_with_at_most_one_fifth_more_attempts(
    ask: Any, moody: MoodyService
) -> None:
    calls = 100
    moody.refusals = [Unavailable(Reason.PEER_UNAVAILABLE, retry_after_s=0.0)] * 10 * calls
    policy = RetryPolicy(deadline_s=0.2, first_pause_s=0.001, max_pause_s=0.01)
    retrier = Retrier(policy, RetryBudget(ratio=0.2, reserve=0))

    async def one() -> None:
        with pytest.raises((UnavailableError, DeadlineError)):
            await retrier.acall(ask, Text())

    for _ in range(0, calls, 20):
        await asyncio.gather(*(one() for _ in range(20)))

    assert calls <= moody.attempts <= 1.2 * calls


async def test_a_call_waits_for_a_service_that_is_still_starting(
    moody: MoodyService, tmp_path: Path, unused_tcp_port: int
) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    channel = open_aio_channel(address)
    ask = channel.unary_unary(f"/{NAME}/Ask", Text.SerializeToString, Text.FromString)
    waiting = asyncio.ensure_future(Retrier().acall(ask, Text(value="early")))
    await asyncio.sleep(0.3)
    config = Config(data_dir=tmp_path, env="production", grace_s=1)
    server = Server(config, address, access=ACCESS)

    await server.start([moody])
    reply = await waiting

    assert reply.value == "early"
    await channel.close()
    await server.drain()


async def test_rolling_restarts_under_load_fail_no_call(
    moody: MoodyService, tmp_path: Path, unused_tcp_port: int
) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    config = Config(data_dir=tmp_path, env="production", grace_s=2)
    channel = open_aio_channel(address)
    ask = channel.unary_unary(f"/{NAME}/Ask", Text.SerializeToString, Text.FromString)
    retrier, over = Retrier(RetryPolicy(deadline_s=30)), asyncio.Event()
    answered: list[str] = []

    async def keep_asking() -> None:
        while not over.is_set():
            answered.append((await retrier.acall(ask, Text(value="x"))).value)

    async def restart() -> int:
        server = Server(config, address, access=ACCESS)
        await server.start([moody])
        before = len(answered)
        while len(answered) < before + 50:
            await asyncio.sleep(0.01)
        await server.drain()
        return len(answered) - before

    callers = [asyncio.ensure_future(keep_asking()) for _ in range(8)]
    served = [await restart() for _ in range(5)]
    server = Server(config, address, access=ACCESS)
    await server.start([moody])
    over.set()
    await asyncio.gather(*callers)

    await channel.close()
    await server.drain()
    assert all(count >= 50 for count in served)
    assert set(answered) == {"x"}


def test_metadata_holds_what_is_given_only() -> None:
    metadata = caller_metadata(role="channel", actor="tmall", language="zh-CN")

    assert metadata == (
        ("x-orderhub-role", "channel"),
        ("x-orderhub-actor", "tmall"),
        ("accept-language", "zh-CN"),
    )
