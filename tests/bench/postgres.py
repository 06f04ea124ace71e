"""A PostgreSQL database of our own, where a server answers."""

from __future__ import annotations

import contextlib
import os
import uuid
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_SERVER = "postgresql://postgres@127.0.0.1:5432"


def server() -> str:
    """Return the URL of the server, without a database's name."""
    return os.environ.get("ORDERHUB_TEST_POSTGRES", DEFAULT_SERVER).rstrip("/")


def answering() -> str | None:
    """Return the server's version; `None` where none answers."""
    try:
        with _connect() as connection:
            return str(connection.execute("SHOW server_version").fetchone()[0]).split()[0]
    except psycopg.OperationalError:
        return None


@contextlib.contextmanager
def database() -> Iterator[str]:
    """Yield the URL of an empty database that is dropped afterwards."""
    name = f"orderhub_bench_{uuid.uuid4().hex[:12]}"
    with _connect() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield f"{server()}/{name}"
    finally:
        with _connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def backends(url: str) -> list[int]:
    """Return the process ids of the server's sessions on the database of `url`."""
    with _connect() as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s", [url.rpartition("/")[2]]
        )
        return [pid for (pid,) in found]


def _connect() -> psycopg.Connection:
    return psycopg.connect(f"{server()}/postgres", autocommit=True, connect_timeout=3)
