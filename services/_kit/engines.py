"""SQLAlchemy engines as we want them: SQLite durable and single-writer, PostgreSQL by schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from services._kit.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection, Engine

BUSY_TIMEOUT_S = 10
CONNECT_TIMEOUT_S = 3
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000
CACHE_KIB = 64 * 1024

_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,62}")


def sqlite_engine(path: Path, *, readers: int = 0) -> Engine:
    """Return an engine on the file at `path`, made where absent.

    Parameters
    ----------
    readers
        0: the one writer, whose transactions begin IMMEDIATE; else so many read-only connections.
    """
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        pool_size=readers or 1,
        max_overflow=0,
        hide_parameters=True,  # they hold personal data, and errors are logged
    )
    event.listen(engine, "connect", _prepare_reader if readers else _prepare_writer)
    event.listen(engine, "begin", _begin_deferred if readers else _begin_immediate)
    return engine


def postgres_engine(url: str, schema: str, *, connections: int, read_only: bool = False) -> Engine:
    """Return an engine on `schema` of the database at `url`.

    Parameters
    ----------
    read_only
        Whether the server is to refuse writes on these connections.

    Raises
    ------
    ConfigError
        When `schema` is no plain lower-case name or the URL cannot be read.
    """
    if not _SCHEMA.fullmatch(schema):
        raise ConfigError(f"{schema!r} cannot be a schema's name")
    try:
        parsed = sa.make_url(url).set(drivername="postgresql+psycopg")
    except sa.exc.ArgumentError as error:
        raise ConfigError("ORDERHUB_DATABASE_URL: not a database URL") from error
    settings = {
        "search_path": schema,
        "timezone": "UTC",
        "default_transaction_read_only": "on" if read_only else "off",
        "statement_timeout": STATEMENT_TIMEOUT_MS,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": STATEMENT_TIMEOUT_MS,
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = parsed.query.get("options")
    return sa.create_engine(
        parsed.difference_update_query(["options"]),
        connect_args={
            "options": f"{given} {options}" if given else options,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": f"orderhub-{schema}",
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
        },
        pool_size=connections,
        max_overflow=0,
        pool_use_lifo=True,
        hide_parameters=True,
    )


def _prepare_writer(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"cache_size=-{CACHE_KIB}",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_reader(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only=ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
