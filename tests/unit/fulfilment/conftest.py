"""A real fulfilment: its database, its rules, a clock that stands still."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest

from services._kit.clock import ManualClock
from services._kit.config import Config
from tests.unit.fulfilment.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def clock() -> ManualClock:
    """The present: 2026-01-01 00:00 UTC, until it is moved."""
    return ManualClock()


@pytest.fixture(scope="session")
def _sqlite_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(Config(data_dir=tmp_path_factory.mktemp("fulfilment")), ManualClock())
    yield desk
    desk.close()


@pytest.fixture(scope="session")
def _postgres_desk(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    name = f"orderhub_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    config = Config(
        data_dir=tmp_path_factory.mktemp("fulfilment"),
        database_url=f"{postgres}/{name}?options=-csynchronous_commit%3Doff",
    )
    desk = Desk(config, ManualClock())
    yield desk
    desk.close()
    with psycopg.connect(f"{postgres}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def desk(request: pytest.FixtureRequest, clock: ManualClock) -> Desk:
    """Fulfilment's own calls without a server around them; the database is made once, emptied."""
    desk: Desk = request.getfixturevalue(f"_{request.param}_desk")
    desk.empty(clock)
    return desk
