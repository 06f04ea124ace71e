"""Stored rulebooks and which of them decides: queries on `rulebook` and `activation`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderhub.rules.v1 import rules_pb2 as rules_v1
from services._kit.database import RetryTransactionError
from services.rules.store import activation, rulebook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Activation:
    """One switch to a rulebook; `epoch` rises by one with each."""

    epoch: int
    hash: str
    at_us: int
    actor: str
    comment: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored rulebook with its last activation, if it had one."""

    hash: str
    rule_count: int
    stored_us: int
    last: Activation | None


def put(
    connection: Connection, files: Mapping[str, bytes], digest: str, rules: int, at_us: int
) -> None:
    """Store `files` under their hash, once."""
    if files_of(connection, digest) is not None:
        return
    message = rules_v1.CheckRulebookRequest(
        files=[
            rules_v1.RulebookFile(path=path, content=content)
            for path, content in sorted(files.items())
        ]
    )
    row = {
        "hash": digest,
        "files": message.SerializeToString(deterministic=True),
        "rule_count": rules,
        "stored_us": at_us,
    }
    try:
        connection.execute(rulebook.insert(), [row])
    except sa.exc.IntegrityError as error:
        raise RetryTransactionError("the rulebook was stored meanwhile") from error


def files_of(connection: Connection, digest: str) -> dict[str, bytes] | None:
    """Return the files of a stored rulebook."""
    query = sa.select(rulebook.c.files).where(rulebook.c.hash == digest)
    stored = connection.execute(query).scalar()
    if stored is None:
        return None
    message = rules_v1.CheckRulebookRequest.FromString(stored)
    return {file.path: file.content for file in message.files}


def active(connection: Connection) -> Activation | None:
    """Return the activation that counts now."""
    query = sa.select(activation).order_by(activation.c.epoch.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return Activation(**row) if row else None


def activate(
    connection: Connection, digest: str, at_us: int, actor: str, comment: str
) -> Activation:
    """Make a stored rulebook the one that decides."""
    now = active(connection)
    chosen = Activation((now.epoch if now else 0) + 1, digest, at_us, actor, comment)
    row = {
        "epoch": chosen.epoch,
        "hash": digest,
        "at_us": at_us,
        "actor": actor,
        "comment": comment,
    }
    try:
        connection.execute(activation.insert(), [row])
    except sa.exc.IntegrityError as error:
        raise RetryTransactionError("another activation came first") from error
    return chosen


def listed(connection: Connection, limit: int, before: tuple[int, str] | None) -> list[Stored]:
    """Return rulebooks, newest activation first, after (epoch, hash) `before`."""
    latest = (
        sa.select(activation.c.hash, sa.func.max(activation.c.epoch).label("epoch"))
        .group_by(activation.c.hash)
        .subquery()
    )
    epoch = sa.func.coalesce(latest.c.epoch, 0)
    query = (
        sa.select(rulebook.c.hash, rulebook.c.rule_count, rulebook.c.stored_us, activation)
        .select_from(rulebook.outerjoin(latest, latest.c.hash == rulebook.c.hash))
        .outerjoin(activation, activation.c.epoch == latest.c.epoch)
        .order_by(epoch.desc(), rulebook.c.hash)
        .limit(limit)
    )
    if before is not None:
        last, digest = before
        query = query.where(sa.or_(epoch < last, sa.and_(epoch == last, rulebook.c.hash > digest)))
    found = []
    for row in connection.execute(query):
        last_one = Activation(row.epoch, row[0], row.at_us, row.actor, row.comment)
        found.append(Stored(row[0], row.rule_count, row.stored_us, last_one if row.epoch else None))
    return found
