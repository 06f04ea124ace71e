"""SQL that both databases understand and that stays within their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import sqlalchemy as sa
    from sqlalchemy import Connection, Select

MAX_PARAMETERS = 800  # of one IN list; old SQLite builds stop at 999 of a statement


def among(
    connection: Connection,
    query: Select[Any],
    column: sa.ColumnElement[Any],
    values: Sequence[Any],
) -> Iterator[Any]:
    """Yield the rows of `query` whose `column` is one of `values`, in as many statements as needed.

    With ascending `values` and `query` ordered by `column`, rows are locked in that order.
    """
    for begin in range(0, len(values), MAX_PARAMETERS):
        part = list(values[begin : begin + MAX_PARAMETERS])
        yield from connection.execute(query.where(column.in_(part))).all()
