"""Databases for tests: every test gets its own, and leaves nothing behind."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest

from services._kit.config import SERVICES, Config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_SERVER = "postgresql://postgres@127.0.0.1:5432"


def postgres_server() -> str:
    """URL of the server in which tests make their databases, without one's name."""
    return os.environ.get("ORDERHUB_TEST_POSTGRES", DEFAULT_SERVER).rstrip("/")


def _connect() -> psycopg.Connection:
    return psycopg.connect(f"{postgres_server()}/postgres", autocommit=True, connect_timeout=3)


@pytest.fixture(scope="session")
def postgres() -> str:
    """URL of a server that answers; skips where there is none, unless one is required."""
    try:
        _connect().close()
    except psycopg.OperationalError as error:
        if os.environ.get("ORDERHUB_REQUIRE_POSTGRES") == "1":
            # Once, not once for each of the hundreds of tests that need it.
            pytest.exit(f"PostgreSQL is required, and {postgres_server()} says: {error}", 1)
        pytest.skip(f"NO POSTGRESQL at {postgres_server()}: its half of the tests does not run")
    return postgres_server()


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """URL of an empty database that is dropped afterwards."""
    name = f"orderhub_test_{uuid.uuid4().hex[:12]}"
    with _connect() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield f"{postgres}/{name}"
    with _connect() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def database_url(request: pytest.FixtureRequest) -> str:
    """Value of ORDERHUB_DATABASE_URL: empty for SQLite, then a fresh PostgreSQL database."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    """Settings on the test's own folder and database, with free ports."""
    return Config(
        data_dir=tmp_path / "data",
        database_url=database_url,
        ports=dict.fromkeys(SERVICES, 0),
        grace_s=5,
    )


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for key in list(os.environ):
        if key.startswith("ORDERHUB_") and not key.startswith(
            ("ORDERHUB_TEST_", "ORDERHUB_REQUIRE_", "ORDERHUB_SHARED_")
        ):
            monkeypatch.delenv(key)
