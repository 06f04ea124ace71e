"""The kit's tables by migration are the tables the kit uses; each service's history is its own."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from services._kit import migrations
from services._kit.database import Database
from services._kit.errors import ConfigError, Unavailable
from services._kit.idempotency import Requests
from services._kit.outbox import Outbox

if TYPE_CHECKING:
    from pathlib import Path

    from services._kit.config import Config

FIRST = """
    from __future__ import annotations

    from alembic import op

    from services._kit.tables import create_outbox_v1, create_request_v1

    revision = "0001"
    down_revision = None


    def upgrade() -> None:
        create_outbox_v1(op)
        create_request_v1(op)
"""


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A history with the kit's tables, in place of every service's."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.py").write_text(textwrap.dedent(FIRST))
    monkeypatch.setattr(migrations, "versions_of", lambda _service: folder)
    return folder


def kit_tables() -> sa.MetaData:
    metadata = sa.MetaData()
    Outbox(metadata, "orderhub/test")
    Requests(metadata, b"s" * 32)
    return metadata


def test_the_migrated_database_is_what_the_kit_declares(config: Config, history: Path) -> None:
    database = Database.open(config, "intake", schema="kit_history")

    names = set(sa.inspect(database.engine).get_table_names())
    drift = [d for d in migrations.drift(database.engine, kit_tables()) if is_ours(d)]

    database.close_sync()
    assert names == {"alembic_version", "outbox", "request"}
    assert drift == []


def is_ours(difference: object) -> bool:
    """Leave out Alembic's own table, which no service declares."""
    return "alembic_version" not in repr(difference)


def test_opening_again_changes_nothing(config: Config, history: Path) -> None:
    Database.open(config, "intake", schema="kit_again").close_sync()

    database = Database.open(config, "intake", schema="kit_again")

    assert "outbox" in sa.inspect(database.engine).get_table_names()
    database.close_sync()


def test_a_database_newer_than_the_program_is_refused(config: Config, history: Path) -> None:
    database = Database.open(config, "intake", schema="kit_newer")
    database.write_sync(lambda c: c.exec_driver_sql("update alembic_version set version_num='9'"))
    database.close_sync()

    with pytest.raises(ConfigError, match="the database and this program differ"):
        Database.open(config, "intake", schema="kit_newer")


@pytest.mark.postgres
def test_services_in_one_database_do_not_see_each_other(
    config: Config, postgres_url: str, history: Path
) -> None:
    both = config.model_copy(update={"database_url": postgres_url})
    intake, rules = Database.open(both, "intake"), Database.open(both, "rules")

    intake.write_sync(lambda c: c.exec_driver_sql("drop table outbox"))

    assert "outbox" not in sa.inspect(intake.engine).get_table_names()
    assert "outbox" in sa.inspect(rules.engine).get_table_names()
    intake.close_sync()
    rules.close_sync()


def test_a_server_that_does_not_answer_is_unavailable_and_not_a_wrong_setting(
    config: Config, unused_tcp_port: int
) -> None:
    url = f"postgresql://nobody:hush@127.0.0.1:{unused_tcp_port}/none"

    with pytest.raises(Unavailable, match="cannot be opened") as caught:
        Database.open(config.model_copy(update={"database_url": url}), "intake")

    assert "hush" not in str(caught.value)
