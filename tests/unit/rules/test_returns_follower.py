"""What intake's events mean for velocity, and that following them is exactly once in effect."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from orderhub.common.v1 import event_pb2 as event_v1
from services.rules import store
from services.rules.follower import CURSOR, keep, kind_of
from services.rules.history import Happening
from services.rules.identity import Keys


def event(subject: str, *moves: tuple[str, str], reason: str = "") -> event_v1.Event:
    made = event_v1.Event(subject=subject)
    made.transitions.extend(event_v1.Transition(dimension=d, to=to) for d, to in moves)
    if reason:
        made.details.append(event_v1.Detail(name="reason", value=reason))
    made.time.seconds = 100
    return made


@pytest.mark.parametrize(
    ("happened", "kind"),
    [
        (event("1", ("lifecycle", "CANCELLED")), "cancel"),
        (event("1", ("lifecycle", "REJECTED")), ""),
        (event("1", ("payment", "REFUNDED")), "return"),
        (event("1", ("payment", "PARTLY_REFUNDED")), "return"),
        (event("1", ("payment", "PAID")), ""),
        (event("1", ("shipment/S1", "RETURNING")), "return"),
        (event("1", ("hold/H1", "OPEN"), reason="REFUND_REQUESTED"), "return"),
        (event("1", ("hold/H1", "OPEN"), reason="HIGH_AMOUNT"), ""),
    ],
)
def test_knows_returns_and_cancellations(happened: event_v1.Event, kind: str) -> None:
    assert kind_of(happened) == kind


@pytest.fixture
def connection():
    engine = sa.create_engine("sqlite://")
    store.metadata.create_all(engine)
    with engine.begin() as opened:
        order = Happening("order/1", "order", "1", 5, Keys(customer=b"c"))
        store.keep_happenings(opened, [order])
        yield opened


def stored(connection) -> list[tuple[str, str, int, bytes]]:
    table = store.happening
    query = sa.select(table.c.event_id, table.c.kind, table.c.at_us, table.c.customer_key)
    return [tuple(row) for row in connection.execute(query.where(table.c.kind != "order"))]


def test_an_order_counts_as_returned_once(connection) -> None:
    asked = event("1", reason="REFUND_REQUESTED")
    paid_back = event("1", ("payment", "REFUNDED"))

    keep(connection, [asked], "c1")
    keep(connection, [asked, paid_back], "c2")

    assert stored(connection) == [("return/1", "return", 100_000_000, b"c")]
    assert store.read_cursor(connection, CURSOR) == "c2"


def test_an_order_never_judged_is_nobodys_return(connection) -> None:
    keep(connection, [event("2", ("payment", "REFUNDED"))], "c1")

    assert stored(connection) == []
    assert store.read_cursor(connection, CURSOR) == "c1"
