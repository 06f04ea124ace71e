"""Plans as they are kept: the problem, how to search, and the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from sqlmodel import Field

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from services.fulfilment.store import CODE, Base

if TYPE_CHECKING:
    from sqlalchemy import Connection

UNFINISHED = (routing_v1.PLAN_STATE_QUEUED, routing_v1.PLAN_STATE_RUNNING)


class RoutePlanRow(Base, table=True):
    """One plan. `plan` is the serialised message; `state` repeats its state for queries."""

    __tablename__ = "route_plan"

    plan_id: str = Field(sa_type=CODE, primary_key=True)
    state: int = Field(sa_type=sa.SmallInteger, index=True)
    warehouse_id: str = Field(sa_type=CODE)
    date: str = Field(sa_type=sa.Text)
    created_us: int = Field(sa_type=sa.BigInteger)
    problem: bytes
    search: bytes
    plan: bytes


TABLE = RoutePlanRow.metadata.tables["route_plan"]


class KeptPlan(NamedTuple):
    """A plan with everything needed to go on with it."""

    plan: routing_v1.RoutePlan
    problem: bytes
    search: bytes


def insert(connection: Connection, kept: KeptPlan, created_us: int) -> None:
    """Keep a new plan."""
    plan = kept.plan
    connection.execute(
        TABLE.insert().values(
            plan_id=plan.plan_id,
            state=plan.state,
            warehouse_id=plan.warehouse_id,
            date=plan.date,
            created_us=created_us,
            problem=kept.problem,
            search=kept.search,
            plan=plan.SerializeToString(),
        )
    )


def update(connection: Connection, plan: routing_v1.RoutePlan) -> None:
    """Keep `plan` as it stands now; one that rests already is left as it is."""
    connection.execute(
        TABLE.update()
        .where(TABLE.c.plan_id == plan.plan_id, TABLE.c.state.in_(UNFINISHED))
        .values(state=plan.state, plan=plan.SerializeToString())
    )


def read(connection: Connection, plan_id: str) -> KeptPlan | None:
    """Return a plan, or `None` where there is none of that id."""
    row = connection.execute(sa.select(TABLE).where(TABLE.c.plan_id == plan_id)).one_or_none()
    return _kept(row) if row is not None else None


def unfinished(connection: Connection) -> list[KeptPlan]:
    """Return the plans that a stop left behind, oldest first."""
    query = sa.select(TABLE).where(TABLE.c.state.in_(UNFINISHED)).order_by(TABLE.c.created_us)
    return [_kept(row) for row in connection.execute(query)]


def _kept(row: sa.Row[tuple[object, ...]]) -> KeptPlan:
    return KeptPlan(routing_v1.RoutePlan.FromString(row.plan), row.problem, row.search)
