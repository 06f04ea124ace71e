"""What another instance activated is taken over in the end, whatever went wrong meanwhile."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from services._kit.clock import SystemClock
from services._kit.config import Config
from services._kit.database import Database
from services.rules import desk as room
from services.rules import shelf
from services.rules.desk import Desk
from services.rules.loading import load

PATIENCE_S = 60


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "POLL_S", 0.02)
    monkeypatch.setattr(room, "MAX_PAUSE_S", 0.05)


@pytest.fixture
async def opened(quick, database_url, files, tmp_path):
    folder = tmp_path / "rules"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    config = Config(
        data_dir=tmp_path / "data",
        rules_dir=folder,
        ports="0",
        database_url=database_url,
        rule_workers=1,
    )
    database = await asyncio.to_thread(Database.open, config, "rules")
    desk = Desk(config, database, SystemClock())
    with capture_logs() as logs:
        await desk.open()
        yield desk, database, logs
        await desk.stop_following()
    await desk.close()
    await database.close()


def changed(files: dict[str, bytes], limit: bytes) -> dict[str, bytes]:
    return files | {"params.yaml": files["params.yaml"].replace(b"100.00", limit)}


async def activate(database: Database, digest: str) -> None:
    await database.write(lambda c: shelf.activate(c, digest, 1, "another", ""))


async def put(database: Database, files: dict[str, bytes], digest: str) -> None:
    await database.write(lambda c: shelf.put(c, files, digest, 1, 1))


async def until(happened) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not happened():
            await asyncio.sleep(0.02)


async def test_a_database_that_fails_in_between_only_delays_the_takeover(opened, files) -> None:
    desk, database, logs = opened
    new = changed(files, b"200.00")
    digest = load(new).hash
    await put(database, new, digest)
    await database.write(lambda c: c.execute(sa.text("ALTER TABLE rulebook RENAME TO away")))
    await activate(database, digest)

    await until(lambda: sum(line["log_level"] == "error" for line in logs) >= 2)
    await database.write(lambda c: c.execute(sa.text("ALTER TABLE away RENAME TO rulebook")))
    await until(lambda: desk.active.hash == digest)

    assert desk.active.epoch == 2


async def test_a_rulebook_whose_files_come_later_is_taken_over_then(opened, files) -> None:
    desk, database, logs = opened
    new = changed(files, b"200.00")
    digest = load(new).hash
    await activate(database, digest)
    await until(lambda: any("could not be seated" in line["event"] for line in logs))

    await put(database, new, digest)
    await until(lambda: desk.active.hash == digest)

    assert desk.active.epoch == 2


async def test_a_rulebook_that_cannot_be_used_is_refused_once_and_the_next_is_taken(
    opened, files
) -> None:
    desk, database, logs = opened
    before = desk.active.hash
    await put(database, changed(files, b"no number"), "broken")
    await activate(database, "broken")
    await until(lambda: any("cannot be used here" in line["event"] for line in logs))
    await asyncio.sleep(0.2)  # several looks later
    served_meanwhile = desk.active.hash

    await put(database, changed(files, b"300.00"), load(changed(files, b"300.00")).hash)
    await activate(database, load(changed(files, b"300.00")).hash)
    await until(lambda: desk.active.epoch == 3)

    assert served_meanwhile == before
    assert sum("cannot be used here" in line["event"] for line in logs) == 1
