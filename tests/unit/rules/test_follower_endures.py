"""The follower of intake's events goes on, whatever intake or the database answers."""

from __future__ import annotations

import asyncio

import grpc
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from orderhub.common.v1 import event_pb2 as event_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from services._kit.config import Config
from services._kit.database import Database
from services.rules import follower as room
from services.rules import store
from services.rules.follower import CURSOR, Follower
from services.rules.history import Happening
from services.rules.identity import Keys

PATIENCE_S = 60


class Intake(intake_grpc_v1.IntakeServiceServicer):
    """Has one event, a cancellation of order 1; knows no cursors but its own `1`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def WatchEvents(self, request, context):
        self.asked.append(request.cursor)
        if request.cursor not in {"", "1"}:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not one of ours")
        if not request.cursor:
            event = event_v1.Event(subject="1")
            event.transitions.add(dimension="lifecycle", to="CANCELLED")
            event.time.seconds = 100
            yield intake_v1.WatchEventsResponse(events=[event], cursor="1")


@pytest.fixture
async def followed(monkeypatch, tmp_path, database_url):
    """Return intake, the database and a follower that is not started yet."""
    monkeypatch.setattr(room, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(room, "MAX_PAUSE_S", 0.05)
    intake = Intake()
    server = grpc.aio.server()
    intake_grpc_v1.add_IntakeServiceServicer_to_server(intake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    config = Config(
        data_dir=tmp_path, ports="0", intake_addr=f"127.0.0.1:{port}", database_url=database_url
    )
    database = await asyncio.to_thread(Database.open, config, "rules")
    order = Happening("order/1", "order", "1", 5, Keys(customer=b"c"))
    await database.write(lambda c: store.keep_happenings(c, [order]))
    follower = Follower(config, database)
    with capture_logs() as logs:
        yield intake, database, follower, logs
        await follower.stop()
    await server.stop(None)
    await database.close()


async def cursor_is(database: Database, wanted: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await database.read(lambda c: store.read_cursor(c, CURSOR)) != wanted:
            await asyncio.sleep(0.02)


async def kinds(database: Database) -> list[str]:
    query = sa.select(store.happening.c.kind).order_by(store.happening.c.kind)
    return list(await database.read(lambda c: c.execute(query).scalars().all()))


async def test_a_refused_cursor_is_said_and_begun_again_without_counting_twice(followed) -> None:
    intake, database, follower, logs = followed
    event = event_v1.Event(subject="1")
    event.transitions.add(dimension="lifecycle", to="CANCELLED")
    await database.write(lambda c: room.keep(c, [event], "another's"))  # counted before

    follower.start()
    await cursor_is(database, "1")

    assert intake.asked[:2] == ["another's", ""]
    assert await kinds(database) == ["cancel", "order"]
    warned = [line for line in logs if line["log_level"] == "warning"]
    assert any(line.get("cursor") == "another's" for line in warned)


async def test_a_fault_nobody_foresaw_is_said_and_followed_on(followed) -> None:
    intake, database, follower, logs = followed
    await database.write(lambda c: c.execute(sa.text("ALTER TABLE happening RENAME TO away")))
    follower.start()
    async with asyncio.timeout(PATIENCE_S):
        while sum(line["log_level"] == "error" for line in logs) < 2:
            await asyncio.sleep(0.02)

    await database.write(lambda c: c.execute(sa.text("ALTER TABLE away RENAME TO happening")))
    await cursor_is(database, "1")

    assert set(intake.asked[:2]) == {""}
    assert await kinds(database) == ["cancel", "order"]
