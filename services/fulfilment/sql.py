"""SQL that both databases understand, stays within their limits, and suits each where it counts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Select

MAX_PARAMETERS = 800  # of one IN list; old SQLite builds stop at 999 of a statement

# Narrower types first: PostgreSQL's name of each, for arrays.
_ARRAYS: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.SmallInteger, "smallint[]"),
    (sa.BigInteger, "bigint[]"),
    (sa.Integer, "integer[]"),
    (sa.Boolean, "boolean[]"),
    (sa.LargeBinary, "bytea[]"),
    (sa.Text, "text[]"),
)


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


def add_rows(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert `rows`, whole ones, as cheaply as the database allows.

    PostgreSQL takes them as one array per column in one statement: row by row, most of the time
    goes into parameters and round trips. SQLite has no round trips.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(table.insert(), rows)
        return
    columns = {name: [row[name] for row in rows] for name in table.columns.keys()}  # noqa: SIM118 - iterating a collection of columns gives columns
    connection.execute(_insert(table), columns)


def arrays_of(table: sa.Table, names: Mapping[str, str]) -> str:
    """Return `unnest(…)` of parameters, each typed as a column of `table`: name → column."""
    casts = (f"CAST(:{name} AS {_array(table.c[column])})" for name, column in names.items())
    return f"unnest({', '.join(casts)})"


@lru_cache(maxsize=32)
def _insert(table: sa.Table) -> sa.TextClause:
    names = [column.name for column in table.columns]
    quoted = ", ".join(f'"{name}"' for name in names)
    source = arrays_of(table, dict(zip(names, names, strict=True)))
    return sa.text(f'INSERT INTO "{table.name}" ({quoted}) SELECT * FROM {source}')  # noqa: S608 - names of our own columns


def _array(column: sa.Column[Any]) -> str:
    return next(name for kind, name in _ARRAYS if isinstance(column.type, kind))
