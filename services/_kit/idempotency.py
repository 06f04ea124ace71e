"""Answers by request id: the same call again gets the same bytes again."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services._kit.bulk import insert_many
from services._kit.database import RetryTransactionError
from services._kit.errors import Malformed
from services._kit.reasons import Reason
from services._kit.secret import derived
from services._kit.tables import request_v1

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from google.protobuf.message import Message
    from sqlalchemy import Connection, MetaData

KEPT = timedelta(days=7)
PRUNE_ROWS = 1000
MAX_PARAMETERS = 500  # of one IN list


class Answered(NamedTuple):
    """What is kept of a call that was answered."""

    body_hash: bytes
    answer: bytes


class Requests:
    """One service's answered request ids; every method works in the caller's transaction.

    Parameters
    ----------
    metadata
        The service's own; the table is declared in it.
    secret
        Keys the hash of bodies, which may hold personal data.
    """

    def __init__(self, metadata: MetaData, secret: bytes) -> None:
        self.table = sa.Table("request", metadata, *request_v1())
        self._key = derived(secret, "request body")

    def hash_of(self, body: Message | bytes) -> bytes:
        """Return 16 bytes that differ between bodies."""
        data = body if isinstance(body, bytes) else body.SerializeToString(deterministic=True)
        return hashlib.blake2b(data, key=self._key, digest_size=16).digest()

    def recall(
        self,
        connection: Connection,
        method: str,
        request_id: str,
        body_hash: bytes,
        *,
        scope: str = "",
        field: str = "request_id",
    ) -> bytes | None:
        """Return the answer given to this request before; `None` for a new or empty id.

        Parameters
        ----------
        scope
            Whose ids they are, as a channel: one caller never sees another's answers.

        Raises
        ------
        Malformed
            REQUEST_ID_REUSED, naming `field`, when the id came with another body.
        """
        if not request_id:
            return None
        known = self.recall_many(connection, method, [request_id], scope=scope).get(request_id)
        if known is None:
            return None
        return same_body(known, body_hash, field)

    def recall_many(
        self, connection: Connection, method: str, request_ids: Sequence[str], *, scope: str = ""
    ) -> Mapping[str, Answered]:
        """Return what is kept of those ids that were answered; see `same_body`."""
        table = self.table
        found: dict[str, Answered] = {}
        for begin in range(0, len(request_ids), MAX_PARAMETERS):
            query = sa.select(table.c.request_id, table.c.body_hash, table.c.answer).where(
                table.c.method == method,
                table.c.scope == scope,
                table.c.request_id.in_(request_ids[begin : begin + MAX_PARAMETERS]),
            )
            found |= {row[0]: Answered(row[1], row[2]) for row in connection.execute(query)}
        return found

    def remember(
        self,
        connection: Connection,
        method: str,
        answers: Mapping[str, Answered],
        at: datetime,
        *,
        scope: str = "",
    ) -> None:
        """Keep the answers of `answers`, by request id, for 7 days; empty ids are left out.

        Raises
        ------
        RetryTransactionError
            When another process answered one of them first: run again and recall its answer.
        """
        rows = [
            {
                "method": method,
                "scope": scope,
                "request_id": request_id,
                "body_hash": answered.body_hash,
                "answer": answered.answer,
                "at_s": int(at.timestamp()),
            }
            for request_id, answered in answers.items()
            if request_id
        ]
        if not rows:
            return
        try:
            insert_many(connection, self.table, rows)
        except IntegrityError as error:
            raise RetryTransactionError("a request id was answered meanwhile") from error

    def prune(self, connection: Connection, now: datetime) -> int:
        """Forget at most 1000 answers older than 7 days; return how many."""
        table = self.table
        too_old = table.c.at_s < int((now - KEPT).timestamp())
        keys = (table.c.method, table.c.scope, table.c.request_id)
        doomed = sa.select(*keys).where(too_old).limit(PRUNE_ROWS)
        return connection.execute(sa.delete(table).where(sa.tuple_(*keys).in_(doomed))).rowcount


def same_body(known: Answered, body_hash: bytes, field: str = "request_id") -> bytes:
    """Return the kept answer where the body is the one it was given to.

    Raises
    ------
    Malformed
        REQUEST_ID_REUSED, naming `field`, otherwise.
    """
    if not hmac.compare_digest(known.body_hash, body_hash):
        raise Malformed(Reason.REQUEST_ID_REUSED, field=field)
    return known.answer
