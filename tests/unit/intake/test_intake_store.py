"""What is on disk: as declared, and personal data where it belongs only."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_desk import Desk, allocated, an_order, outcome, verdict

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services._kit import migrations
from services.intake import store
from services.intake.stored import OrderValues

if TYPE_CHECKING:
    from sqlalchemy import Connection

SECRETS = ("王小明", "13800138000", "南京西路")
PERSONAL = {("intake_content", "recipient_pb"), ("intake_quarantine", "payload")}
RAW = {("intake_payload", "body")}


async def test_the_migrations_make_the_tables_that_are_declared(desk: Desk) -> None:
    assert migrations.drift(desk.intake.database.engine, store.metadata) == []


def test_every_column_of_an_order_is_carried_in_memory() -> None:
    columns = {column.name for column in store.orders.c}

    assert columns == {field.name for field in dataclasses.fields(OrderValues)}


async def test_a_person_is_stored_in_the_columns_for_it_and_nowhere_else(desk: Desk) -> None:
    number = await desk.accepted()
    await desk.submit(an_order(modified_s=60, skus={"SKU-1": 9}))
    await desk.submit(an_order(modified_s=60, skus={"SKU-1": 8}))  # kept aside
    await desk.send({"kind": "order", "id": "1", "skus": {"A": 1}, "to": SECRETS[0]})
    await desk.work(
        lambda c: outcome(c, verdict(decision_v1.VERDICT_REVIEW, "R1"), allocated(c, shipped=False))
    )
    hold = (await desk.record(number)).holds[0]
    request = intake_v1.ReleaseHoldRequest(request_id="r", hold_id=hold.hold_id)
    await desk.call.ReleaseHold(request, None)

    found = await desk.intake.database.read(where_it_says_so)

    assert found == PERSONAL | RAW


def where_it_says_so(connection: Connection) -> set[tuple[str, str]]:
    """Return every table and column in which a secret can be read."""
    found = set()
    for table in store.metadata.sorted_tables:
        for row in connection.execute(sa.select(table)).mappings():
            for column, value in row.items():
                data = value if isinstance(value, bytes) else str(value).encode()
                escaped = (*(s.encode() for s in SECRETS), SECRETS[0].encode("unicode_escape"))
                if any(secret in data for secret in escaped):
                    found.add((table.name, column))
    return found


async def test_events_are_joined_to_the_call_that_caused_them(desk: Desk) -> None:
    with structlog.contextvars.bound_contextvars(tracking_id="track-1"):
        await desk.accepted()
    with structlog.contextvars.bound_contextvars(tracking_id="track-2"):
        await desk.work()

    table = desk.intake.outbox.table
    query = sa.select(table.c.tracking_id).order_by(table.c.seq)
    found = await desk.intake.database.read(lambda c: list(c.scalars(query)))

    assert found == ["track-1", "track-2", "track-2"]


Item = tuple[str, int, int, bool]
ITEMS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "C"]),
        st.integers(0, 2),  # minutes of its modification
        st.integers(0, 2),  # pieces; 0 is malformed
        st.booleans(),  # whether it repeats the request before it
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(calls=st.lists(ITEMS, min_size=1, max_size=4))
async def test_what_goes_in_comes_out_as_exactly_one_thing(
    desk: Desk, calls: list[list[Item]]
) -> None:
    before = await desk.count()
    tag = desk.request_id()  # its own orders: the database is shared by the examples
    outcomes: list[int] = []
    for call in calls:
        request = intake_v1.SubmitOrdersRequest()
        for name, minute, pieces, repeats in call:
            order = an_order(f"{tag}-{name}", modified_s=60 * minute, skus={"S": 5})
            order.lines[0].quantity = pieces
            entry = request.orders.add(request_id=desk.request_id(), order=order)
            if repeats and len(request.orders) > 1:
                entry.CopyFrom(request.orders[-2])
        results = (await desk.call.SubmitOrders(request, None)).results
        outcomes += [result.outcome for result in results]

    after = await desk.count()

    known = {
        intake_v1.SUBMIT_OUTCOME_ACCEPTED,
        intake_v1.SUBMIT_OUTCOME_UPDATED,
        intake_v1.SUBMIT_OUTCOME_DUPLICATE,
        intake_v1.SUBMIT_OUTCOME_QUARANTINED,
        intake_v1.SUBMIT_OUTCOME_REFUSED,
    }
    assert len(outcomes) == sum(map(len, calls))
    assert set(outcomes) <= known
    new = _distinct_accepted(calls)
    assert after.orders - before.orders == new


def _distinct_accepted(calls: list[list[Item]]) -> int:
    """Count the names that any well-formed item has: each becomes one order, by whatever way."""
    names: set[Any] = set()
    for call in calls:
        last: Item | None = None
        for item in call:
            meant = last if item[3] and last is not None else item
            if meant[2] > 0:
                names.add(meant[0])
            last = meant
    return len(names)
