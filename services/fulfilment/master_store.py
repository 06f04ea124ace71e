"""Master data as it is kept: SKUs, warehouses and vehicle types, each with its etag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import sqlalchemy as sa

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services._kit.errors import Conflict, NotFound, Violation
from services._kit.reasons import Reason as Kit
from services.fulfilment.reasons import Reason
from services.fulfilment.sql import among
from services.fulfilment.store import metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

M = TypeVar("M", inventory_v1.Sku, inventory_v1.Warehouse, inventory_v1.Vehicle)

VERSION = metadata.tables["master_version"]


@dataclass(frozen=True)
class Kind(Generic[M]):
    """One kind of master data: where it is kept, and what names an entry.

    Attributes
    ----------
    field
        Name of the repeated field of its requests, for paths in refusals.
    key
        Name of the message's field that identifies it.
    columns
        Copies of further fields that are queried by.
    """

    message: type[M]
    table: sa.Table
    field: str
    key: str
    columns: tuple[str, ...] = ()

    def id_of(self, message: M) -> str:
        """Return what identifies `message`."""
        return str(getattr(message, self.key))


SKUS = Kind(inventory_v1.Sku, metadata.tables["sku"], "skus", "sku")
WAREHOUSES = Kind(
    inventory_v1.Warehouse, metadata.tables["warehouse"], "warehouses", "warehouse_id"
)
VEHICLES = Kind(
    inventory_v1.Vehicle,
    metadata.tables["vehicle"],
    "vehicles",
    "vehicle_id",
    ("warehouse_id",),
)


def put(connection: Connection, kind: Kind[M], messages: Sequence[M]) -> list[M]:
    """Store `messages`, all or none, and return them with their etags.

    What is stored already and says the same keeps its etag, whatever etag was given: the call
    may be repeated.

    Raises
    ------
    Conflict
        Naming every entry whose etag is not the stored one.
    """
    version = _next_version(connection)
    stored = _stored(connection, kind, [kind.id_of(message) for message in messages])
    answers: list[M] = []
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    stale: list[Violation] = []
    for i, message in enumerate(messages):
        answer = kind.message()
        answer.CopyFrom(message)
        answer.ClearField("etag")
        payload = answer.SerializeToString(deterministic=True)
        known = stored.get(kind.id_of(message))
        if known is not None and known[1] == payload:
            answer.etag = etag_of(known[0])
        else:
            if message.etag and (known is None or message.etag != etag_of(known[0])):
                stale.append(Violation(f"{kind.field}[{i}].etag", Kit.STALE_REVISION))
            row = {"id": kind.id_of(message), "version": version, "payload": payload}
            row |= {name: getattr(message, name) for name in kind.columns}
            (fresh if known is None else changed).append(row)
            answer.etag = etag_of(version)
        answers.append(answer)
    if stale:
        raise Conflict(Kit.STALE_REVISION, violations=stale)
    if fresh:
        connection.execute(kind.table.insert(), fresh)
    if changed:
        names = ("version", "payload", *kind.columns)
        values: dict[str, Any] = {name: sa.bindparam(name) for name in names}
        key: sa.BindParameter[str] = sa.bindparam("key")
        update = kind.table.update().where(kind.table.c.id == key).values(values)
        connection.execute(update, [{"key": row.pop("id"), **row} for row in changed])
    if fresh or changed:
        connection.execute(VERSION.update().values(version=version))
    return answers


def put_vehicles(
    connection: Connection, vehicles: Sequence[inventory_v1.Vehicle]
) -> list[inventory_v1.Vehicle]:
    """Store `vehicles` as `put` does; refuse those of a warehouse that does not exist."""
    ids = [vehicle.warehouse_id for vehicle in vehicles]
    require(connection, WAREHOUSES, ids, lambda i: f"vehicles[{i}].warehouse_id")
    return put(connection, VEHICLES, vehicles)


def page_of(
    connection: Connection,
    kind: Kind[M],
    after: str | None,
    limit: int,
    only: Mapping[str, str] | None = None,
) -> list[M]:
    """Return at most `limit` entries above `after`, by id; `only` compares columns."""
    table = kind.table
    query = sa.select(table.c.version, table.c.payload).order_by(table.c.id).limit(limit)
    if after is not None:
        query = query.where(table.c.id > after)
    for name, value in (only or {}).items():
        query = query.where(table.c[name] == value)
    return [_message(kind, row.version, row.payload) for row in connection.execute(query)]


def require(
    connection: Connection, kind: Kind[M], ids: Sequence[str], path: Callable[[int], str]
) -> None:
    """Refuse unless every one of `ids` exists.

    Raises
    ------
    NotFound
        Naming the field, by `path`, of every id that does not.
    """
    found = _stored(connection, kind, sorted(set(ids)))
    missing = [(i, key) for i, key in enumerate(ids) if key not in found]
    if not missing:
        return
    reason = Reason.SKU_UNKNOWN if kind.key == "sku" else Reason.WAREHOUSE_UNKNOWN
    violations = [Violation(path(i), reason, f"there is no {kind.key} {key}") for i, key in missing]
    first = missing[0][1]
    raise NotFound(reason, violations=violations, sku=first, warehouse_id=first)


def version_of(connection: Connection) -> int:
    """Return the number of the latest change of any master data, 0 before the first."""
    return int(connection.execute(sa.select(VERSION.c.version)).scalar_one())


def changed_since(connection: Connection, kind: Kind[M], version: int) -> list[M]:
    """Return the entries changed after `version`."""
    table = kind.table
    query = sa.select(table.c.version, table.c.payload).where(table.c.version > version)
    return [_message(kind, row.version, row.payload) for row in connection.execute(query)]


def etag_of(version: int) -> str:
    """Return the etag of an entry last changed by change number `version`."""
    return f"v{version:x}"


def _next_version(connection: Connection) -> int:
    """Return the number of this change; changes wait for each other here."""
    query = sa.select(VERSION.c.version).with_for_update()
    return int(connection.execute(query).scalar_one()) + 1


def _stored(
    connection: Connection, kind: Kind[M], ids: Sequence[str]
) -> dict[str, tuple[int, bytes]]:
    table = kind.table
    query = sa.select(table.c.id, table.c.version, table.c.payload)
    return {row.id: (row.version, row.payload) for row in among(connection, query, table.c.id, ids)}


def _message(kind: Kind[M], version: int, payload: bytes) -> M:
    message = kind.message.FromString(payload)
    message.etag = etag_of(version)
    return message
