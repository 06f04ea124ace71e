"""Each service's own Alembic history, brought up to date at start.

A service keeps its revisions as `services/X/migrations/*.py`, nothing else: the environment is
the kit's. Revisions are additive, so that a new version runs beside an old one. Run
`python -m services._kit.migrations X` to draft the next one from the service's tables.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.util import CommandError

from services._kit.errors import ConfigError, Unavailable
from services._kit.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine, MetaData

ENVIRONMENT = Path(__file__).parent / "alembic"
LOCK_KEY = 0x0DE7  # first half of the advisory lock's key; the second is the schema's


def migrate(engine: Engine, service: str, *, schema: str | None = None) -> None:
    """Bring the tables of `service` to the newest revision; one process at a time.

    Parameters
    ----------
    schema
        PostgreSQL schema, made where absent.

    Raises
    ------
    Unavailable
        When the server does not answer.
    ConfigError
        When the file cannot be opened, or the database is newer than this program.
    """
    try:
        with engine.connect() as connection, _alone(connection, engine, schema):
            config = _config(service, connection)
            command.upgrade(config, "head")
    except CommandError as error:
        raise ConfigError(f"{service}: the database and this program differ: {error}") from error
    except sa.exc.OperationalError as error:
        said = f"{service}: the database cannot be opened: {str(error.orig).strip()}"
        if engine.dialect.name == "postgresql":
            raise Unavailable(Reason.DATABASE_UNAVAILABLE, said) from error
        raise ConfigError(said) from error


def drift(engine: Engine, metadata: MetaData) -> list[Any]:
    """Return how the migrated database differs from `metadata`; empty when it does not."""
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def versions_of(service: str) -> Path:
    """Return the folder of the revisions of `service`."""
    return Path(__file__).parents[1] / service / "migrations"


@contextmanager
def _alone(connection: Connection, engine: Engine, schema: str | None) -> Iterator[None]:
    if engine.dialect.name == "postgresql":
        connection.execute(
            sa.text("SELECT pg_advisory_lock(:key, hashtext(:schema))"),
            {"key": LOCK_KEY, "schema": schema},
        )
        connection.execute(sa.schema.CreateSchema(str(schema), if_not_exists=True))
        connection.commit()
        try:
            yield
        finally:
            connection.rollback()
            connection.execute(
                sa.text("SELECT pg_advisory_unlock(:key, hashtext(:schema))"),
                {"key": LOCK_KEY, "schema": schema},
            )
            connection.commit()
        return
    yield  # a SQLite file has one process, which holds its lock


def _config(service: str, connection: Connection | None = None) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("version_locations", str(versions_of(service)))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


def draft(service: str, message: str) -> None:
    """Write the next revision of `service` from its `store.metadata`, to be read and corrected."""
    metadata = importlib.import_module(f"services.{service}.store").metadata
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        config = _config(service, connection)
        config.attributes["metadata"] = metadata
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True)


if __name__ == "__main__":
    draft(sys.argv[1], " ".join(sys.argv[2:]) or "next")
