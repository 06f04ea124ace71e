"""What an order holds is not given to another order of its batch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from tests.unit.fulfilment.desk import order, receipt, sku, warehouse

if TYPE_CHECKING:
    from services._kit.clock import ManualClock
    from tests.unit.fulfilment.desk import Desk

FULL = allocation_v1.ALLOCATION_STATUS_FULL
PARTIAL = allocation_v1.ALLOCATION_STATUS_PARTIAL
NONE = allocation_v1.ALLOCATION_STATUS_NONE
ALLOCATED = allocation_v1.SHIPMENT_STATE_ALLOCATED
CALLED_OFF = allocation_v1.SHIPMENT_STATE_CANCELLED
CONFIRMED = inventory_v1.RESERVATION_STATE_CONFIRMED
LEASED = inventory_v1.RESERVATION_STATE_LEASED
DEAR = 500_000


@pytest.fixture(autouse=True)
def _stocked(desk: Desk) -> None:
    """Two warehouses 1,100 km apart; one piece of S1 in the first, two of S2."""
    desk.put_skus(sku("S1"), sku("S2"))
    desk.put_warehouses(warehouse("W1", 30, 114), warehouse("W2", 40, 114))
    desk.receive("r1", receipt("W1", "S1", 1), receipt("W1", "S2", 2))


def statuses(response: allocation_v1.AllocateOrdersResponse) -> dict[str, int]:
    return {answer.order_number: answer.status for answer in response.allocations}


@pytest.mark.parametrize("paid_first", [True, False])
def test_a_paid_order_keeps_its_stock_beside_a_dearer_newcomer(
    desk: Desk, clock: ManualClock, paid_first: bool
) -> None:
    desk.allocate(order("A", ("S1", 1, 5_000), lease_s=1800, reserve_only=True))
    desk.confirm("A", paid_at=clock.now())
    paid = order("A", ("S1", 1, 5_000), revision=2)
    newcomer = order("B", ("S1", 1, DEAR))

    response = desk.allocate(*([paid, newcomer] if paid_first else [newcomer, paid]))

    assert [a.order_number for a in response.allocations] == (
        ["A", "B"] if paid_first else ["B", "A"]
    )
    assert statuses(response) == {"A": FULL, "B": NONE}
    assert [(r.order_number, r.revision, r.state) for r in desk.reservations()] == [
        ("A", 2, CONFIRMED)
    ]
    assert [(s.shipment_id, s.revision, s.state) for s in desk.shipments()] == [
        ("A-1", 2, ALLOCATED)
    ]


def test_kept_stock_is_answered_again_with_the_same_bytes(desk: Desk, clock: ManualClock) -> None:
    desk.allocate(order("A", ("S1", 1), lease_s=60, reserve_only=True))
    wanted = order("A", ("S1", 1), revision=2, lease_s=600)
    first = desk.allocate(wanted).allocations[0]
    clock.advance(5)
    desk.restart()

    again = desk.allocate(wanted).allocations[0]
    late = desk.allocate(order("A", ("S1", 1), lease_s=60)).allocations[0]

    assert again.SerializeToString() == first.SerializeToString()
    assert late.SerializeToString() == first.SerializeToString()
    assert first.revision == 2
    assert len(desk.shipments("A")) == 1


def test_a_kept_order_calls_its_shipments_off_and_makes_them_under_new_ids(desk: Desk) -> None:
    desk.allocate(order("A", ("S1", 1), ("S2", 1)))

    desk.allocate(order("A", ("S1", 1), ("S2", 1), revision=2))
    desk.allocate(order("A", ("S1", 1), ("S2", 1), revision=3, reserve_only=True))
    desk.allocate(order("A", ("S1", 1), ("S2", 1), revision=3))

    assert [(s.shipment_id, s.revision, s.state) for s in desk.shipments("A")] == [
        ("A-1", 1, CALLED_OFF),
        ("A-2", 2, CALLED_OFF),
        ("A-3", 3, ALLOCATED),
    ]
    assert [event.aggregate_seq for event in desk.events("A")] == [1, 2, 3, 4]


def test_a_kept_order_has_the_lease_its_revision_asks_for(desk: Desk, clock: ManualClock) -> None:
    desk.allocate(order("A", ("S1", 1), lease_s=60))
    clock.advance(30)

    leased = desk.allocate(order("A", ("S1", 1), revision=2, lease_s=60)).allocations[0]
    (under_lease,) = desk.reservations("A")
    firm = desk.allocate(order("A", ("S1", 1), revision=3)).allocations[0]
    (confirmed,) = desk.reservations("A")

    ends = clock.now() + timedelta(seconds=60)
    assert leased.lease_ends_at.ToDatetime(tzinfo=clock.now().tzinfo) == ends
    assert (under_lease.state, under_lease.revision) == (LEASED, 2)
    assert under_lease.lease_ends_at == leased.lease_ends_at
    assert not firm.leased
    assert not firm.HasField("lease_ends_at")
    assert (confirmed.state, confirmed.revision) == (CONFIRMED, 3)


def test_a_kept_order_is_explained_as_it_was_decided(desk: Desk) -> None:
    desk.receive("r2", receipt("W2", "S1", 1))
    desk.allocate(order("A", ("S1", 1), reserve_only=True))
    before = desk.explain("A")

    answer = desk.allocate(order("A", ("S1", 1), revision=2)).allocations[0]

    after = desk.explain("A")
    assert after.allocation == answer
    assert (after.chosen, after.runner_up) == (before.chosen, before.runner_up)
    assert list(after.runner_up.warehouse_ids) == ["W2"]


def test_a_kept_order_moves_its_parcel_to_the_day_of_its_shipment(
    desk: Desk, clock: ManualClock
) -> None:
    desk.put_warehouses(warehouse("W1", 30, 114, parcels_per_day=1, time_zone="UTC"))
    desk.allocate(order("A", ("S1", 1), reserve_only=True))
    clock.advance(24 * 3600)

    response = desk.allocate(order("A", ("S1", 1), revision=2), order("B", ("S2", 1, DEAR)))

    assert statuses(response) == {"A": FULL, "B": NONE}
    assert desk.parcels() == {("W1", "2026-01-02"): 1}


def test_an_order_to_another_place_is_decided_anew_before_newcomers(desk: Desk) -> None:
    desk.receive("r2", receipt("W2", "S1", 1))
    desk.allocate(order("A", ("S1", 1, 5_000)))

    response = desk.allocate(
        order("B", ("S1", 1, DEAR), at=(40.0, 114.0)),
        order("A", ("S1", 1, 5_000), revision=2, at=(40.0, 114.0)),
    )

    houses = {a.order_number: list(a.warehouse_ids) for a in response.allocations}
    assert houses == {"B": ["W1"], "A": ["W2"]}


def test_an_order_that_still_misses_a_line_keeps_the_others(desk: Desk) -> None:
    desk.allocate(order("A", ("S1", 1, 5_000), ("S2", 9, 5_000)))
    desk.allocate(order("B", ("S2", 1)))

    response = desk.allocate(
        order("C", ("S1", 1, DEAR)),
        order("B", ("S1", 1, DEAR), revision=2),
        order("A", ("S1", 1, 5_000), ("S2", 9, 5_000), revision=2),
    )

    assert statuses(response) == {"A": PARTIAL, "B": NONE, "C": NONE}


def test_a_changed_order_is_decided_on_its_own_stock_before_newcomers(desk: Desk) -> None:
    desk.allocate(order("A", ("S2", 1, 5_000)))

    response = desk.allocate(order("B", ("S2", 1, DEAR)), order("A", ("S2", 2, 5_000), revision=2))

    assert statuses(response) == {"A": FULL, "B": NONE}
    assert response.cost_minor == sum(a.cost.amount_minor for a in response.allocations)
    assert response.lower_bound_minor == response.cost_minor
    assert response.nearest_cost_minor == sum(a.nearest_cost_minor for a in response.allocations)


def test_newcomers_get_what_a_changed_order_gives_back(desk: Desk) -> None:
    desk.allocate(order("A", ("S1", 1)))

    response = desk.allocate(order("B", ("S1", 1)), order("A", ("S2", 1), revision=2))

    assert statuses(response) == {"A": FULL, "B": FULL}
