"""Batches allocated on a real database: what is decided, kept, repeated and given back."""

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
CONFIRMED = inventory_v1.RESERVATION_STATE_CONFIRMED
RELEASED = inventory_v1.RESERVATION_STATE_RELEASED
CANCELLED = inventory_v1.RELEASE_CAUSE_CANCELLED


@pytest.fixture(autouse=True)
def _stocked(desk: Desk) -> None:
    """Two warehouses 1,100 km apart with five pieces of S1 each; S2 in the first only."""
    desk.put_skus(sku("S1"), sku("S2", weight_g=2500, volume_ml=700))
    desk.put_warehouses(
        warehouse("W1", 30, 114, split_cost_minor=70, own_fleet_radius_m=20_000),
        warehouse("W2", 40, 114),
    )
    desk.receive("r1", receipt("W1", "S1", 5), receipt("W2", "S1", 5), receipt("W1", "S2", 5))


def reserved(desk: Desk) -> dict[tuple[str, str], int]:
    return {(v.warehouse_id, v.sku): v.reserved for v in desk.levels() if v.reserved}


def test_gives_an_order_the_warehouse_that_is_cheapest(desk: Desk) -> None:
    answer = desk.allocate(order("o1", ("S1", 2), at=(40.0, 114.0))).allocations[0]

    assert answer.status == FULL
    assert list(answer.warehouse_ids) == ["W2"]
    assert reserved(desk) == {("W2", "S1"): 2}


def test_prices_every_part_by_name_and_sums_them(desk: Desk) -> None:
    # 5 x 500 g from 1,112 km away (12 steps), 2,500 g next door (no step), split over both.
    desk.allocate(order("o0", ("S1", 5)))

    answer = desk.allocate(order("o1", ("S1", 5), ("S2", 1))).allocations[0]

    terms = {term.name: term.amount_minor for term in answer.terms}
    assert terms == {"parcel": 1000, "distance": 600, "weight": 500, "split": 70}
    assert answer.cost.amount_minor == 2170
    assert answer.cost.currency == "CNY"


def test_makes_one_shipment_per_warehouse(desk: Desk) -> None:
    desk.allocate(order("o0", ("S1", 5)))

    desk.allocate(order("o1", ("S1", 5), ("S2", 2), at=(30.0, 114.1)))

    near, far = desk.shipments("o1")
    assert [near.shipment_id, far.shipment_id] == ["o1-1", "o1-2"]
    assert [near.warehouse_id, far.warehouse_id] == ["W1", "W2"]
    assert (near.weight_g, near.volume_ml) == (5000, 1400)
    assert near.mode == allocation_v1.SHIPMENT_MODE_OWN_FLEET
    assert far.mode == allocation_v1.SHIPMENT_MODE_CARRIER
    assert near.distance_m == pytest.approx(9_630, abs=20)
    assert far.state == allocation_v1.SHIPMENT_STATE_ALLOCATED


def test_sends_an_order_without_a_place_by_carrier_as_if_all_were_near(desk: Desk) -> None:
    answer = desk.allocate(order("o1", ("S2", 1), at=None)).allocations[0]

    assert {t.name: t.amount_minor for t in answer.terms} == {"parcel": 500, "weight": 250}
    assert answer.shipments[0].mode == allocation_v1.SHIPMENT_MODE_CARRIER
    assert answer.shipments[0].distance_m == 0


def test_keeps_an_unsplit_order_in_one_warehouse(desk: Desk) -> None:
    desk.allocate(order("o0", ("S1", 5)))

    answer = desk.allocate(order("o1", ("S1", 5), ("S2", 1), split=False)).allocations[0]

    assert answer.status == PARTIAL
    assert len(answer.shipments) == 1


def test_answers_the_same_revision_with_the_same_bytes(desk: Desk, clock: ManualClock) -> None:
    first = desk.allocate(order("o1", ("S1", 2), lease_s=1800)).allocations[0]
    clock.advance(100)

    again = desk.allocate(order("o1", ("S1", 2), lease_s=1800))

    assert again.allocations[0].SerializeToString() == first.SerializeToString()
    assert again.cost_minor == 0
    assert reserved(desk) == {("W1", "S1"): 2}


def test_survives_a_restart_with_the_same_bytes(desk: Desk) -> None:
    first = desk.allocate(order("o1", ("S1", 2))).allocations[0]
    desk.restart()

    again = desk.allocate(order("o1", ("S1", 2))).allocations[0]

    assert again.SerializeToString() == first.SerializeToString()


def test_gives_an_earlier_revisions_stock_back_first(desk: Desk) -> None:
    desk.allocate(order("o1", ("S1", 5)))

    answer = desk.allocate(order("o1", ("S1", 4), ("S2", 1), revision=2)).allocations[0]

    assert answer.status == FULL
    assert reserved(desk) == {("W1", "S1"): 4, ("W1", "S2"): 1}
    assert [(r.revision, r.state) for r in desk.reservations("o1")] == [
        (1, RELEASED),
        (2, CONFIRMED),
        (2, CONFIRMED),
    ]


def test_calls_an_earlier_revisions_shipments_off_and_never_reuses_their_ids(desk: Desk) -> None:
    desk.allocate(order("o1", ("S1", 1)))

    for revision in (2, 3):
        desk.allocate(order("o1", ("S1", 2), revision=revision))

    assert [(s.shipment_id, s.state) for s in desk.shipments("o1")] == [
        ("o1-1", allocation_v1.SHIPMENT_STATE_CANCELLED),
        ("o1-2", allocation_v1.SHIPMENT_STATE_CANCELLED),
        ("o1-3", allocation_v1.SHIPMENT_STATE_ALLOCATED),
    ]


def test_answers_a_late_earlier_revision_with_the_current_one(desk: Desk) -> None:
    current = desk.allocate(order("o1", ("S1", 1), revision=3)).allocations[0]

    late = desk.allocate(order("o1", ("S1", 4), revision=2)).allocations[0]

    assert late.SerializeToString() == current.SerializeToString()
    assert reserved(desk) == {("W1", "S1"): 1}


def test_reserves_nothing_for_a_revision_released_before_it_was_decided(desk: Desk) -> None:
    desk.release("o1", CANCELLED, revision=2)

    late = desk.allocate(order("o1", ("S1", 1), revision=2)).allocations[0]

    assert (late.status, late.revision) == (NONE, 2)
    assert reserved(desk) == {}


def test_decides_a_revision_after_a_released_one(desk: Desk) -> None:
    desk.release("o1", inventory_v1.RELEASE_CAUSE_SUPERSEDED, revision=1)

    answer = desk.allocate(order("o1", ("S1", 1), revision=2)).allocations[0]

    assert answer.status == FULL


def test_keeps_stock_without_shipments_when_only_asked_to_reserve(desk: Desk) -> None:
    answer = desk.allocate(order("o1", ("S1", 1), reserve_only=True)).allocations[0]

    assert answer.status == FULL
    assert list(answer.warehouse_ids) == ["W1"]
    assert not answer.shipments
    assert not desk.shipments()
    assert reserved(desk) == {("W1", "S1"): 1}


def test_makes_the_shipments_of_reserved_stock_when_asked_again_for_them(desk: Desk) -> None:
    desk.allocate(order("o1", ("S1", 1), ("S2", 2), reserve_only=True, lease_s=60))
    desk.confirm("o1")

    answer = desk.allocate(order("o1", ("S1", 1), ("S2", 2), lease_s=60)).allocations[0]
    again = desk.allocate(order("o1", ("S1", 1), ("S2", 2), lease_s=60)).allocations[0]
    back = desk.allocate(order("o1", ("S1", 1), ("S2", 2), reserve_only=True)).allocations[0]

    assert [(s.shipment_id, len(s.lines)) for s in answer.shipments] == [("o1-1", 2)]
    assert not answer.leased
    assert answer.SerializeToString() == again.SerializeToString() == back.SerializeToString()
    assert len(desk.shipments("o1")) == 1
    assert reserved(desk) == {("W1", "S1"): 1, ("W1", "S2"): 2}


def test_makes_reserved_stock_firm_when_shipped_without_a_lease(desk: Desk) -> None:
    desk.allocate(order("o1", ("S1", 1), reserve_only=True, lease_s=60))

    answer = desk.allocate(order("o1", ("S1", 1))).allocations[0]

    assert not answer.leased
    assert [r.state for r in desk.reservations("o1")] == [CONFIRMED]


def test_makes_no_shipments_of_stock_that_is_gone(desk: Desk, clock: ManualClock) -> None:
    first = desk.allocate(order("o1", ("S1", 1), reserve_only=True, lease_s=60)).allocations[0]
    clock.advance(61)
    desk.release("o1", inventory_v1.RELEASE_CAUSE_EXPIRED)

    again = desk.allocate(order("o1", ("S1", 1), lease_s=60)).allocations[0]

    assert again.SerializeToString() == first.SerializeToString()
    assert not desk.shipments()


def test_says_until_when_a_lease_runs(desk: Desk, clock: ManualClock) -> None:
    answer = desk.allocate(order("o1", ("S1", 1), lease_s=1800)).allocations[0]

    assert answer.leased
    assert answer.lease_ends_at.ToDatetime(tzinfo=clock.now().tzinfo) == clock.now() + timedelta(
        minutes=30
    )


def test_takes_the_batch_that_expires_first(desk: Desk, clock: ManualClock) -> None:
    desk.put_skus(sku("M"))
    desk.receive(
        "r2",
        receipt("W1", "M", 5, "never"),
        receipt("W1", "M", 2, "later", clock.now() + timedelta(days=9)),
        receipt("W1", "M", 2, "soon", clock.now() + timedelta(days=3)),
    )

    desk.allocate(order("o1", ("M", 5)))

    assert {v.batch: v.reserved for v in desk.levels(skus=["M"])} == {
        "soon": 2,
        "later": 2,
        "never": 1,
    }
    assert [r.quantity for r in desk.reservations("o1")] == [5]


def test_never_promises_an_expired_batch(desk: Desk, clock: ManualClock) -> None:
    desk.put_skus(sku("M"))
    desk.receive("r2", receipt("W1", "M", 5, "b", clock.now() + timedelta(seconds=10)))
    clock.advance(10)

    answer = desk.allocate(order("o1", ("M", 1))).allocations[0]

    assert answer.status == NONE
    assert answer.unfilled[0].reason == allocation_v1.UNFILLED_REASON_OUT_OF_STOCK


def test_counts_parcels_against_the_days_limit_and_gives_them_back(desk: Desk) -> None:
    desk.put_warehouses(warehouse("W1", 30, 114, parcels_per_day=2, time_zone="Asia/Shanghai"))
    desk.allocate(order("o1", ("S2", 1)), order("o2", ("S2", 1)))

    full = desk.allocate(order("o3", ("S2", 1))).allocations[0]
    desk.release("o1", CANCELLED)
    answer = desk.allocate(order("o4", ("S2", 1))).allocations[0]

    assert full.unfilled[0].reason == allocation_v1.UNFILLED_REASON_WAREHOUSE_CAPACITY
    assert answer.status == FULL
    assert desk.parcels() == {("W1", "2026-01-01"): 2}


def test_begins_a_new_count_with_the_warehouses_own_day(desk: Desk, clock: ManualClock) -> None:
    desk.put_warehouses(warehouse("W1", 30, 114, parcels_per_day=1, time_zone="Asia/Shanghai"))
    desk.allocate(order("o1", ("S2", 1)))
    clock.advance(16 * 3600)  # midnight in Shanghai

    answer = desk.allocate(order("o2", ("S2", 1))).allocations[0]

    assert answer.status == FULL
    assert desk.parcels() == {("W1", "2026-01-01"): 1, ("W1", "2026-01-02"): 1}


def test_moves_a_parcel_to_the_day_its_shipment_is_made(desk: Desk, clock: ManualClock) -> None:
    desk.put_warehouses(warehouse("W1", 30, 114, parcels_per_day=1, time_zone="UTC"))
    desk.allocate(order("o1", ("S2", 1), reserve_only=True))
    clock.advance(24 * 3600)

    desk.allocate(order("o1", ("S2", 1)))

    assert desk.parcels() == {("W1", "2026-01-02"): 1}


def test_never_packs_dangerous_or_cold_goods_with_others(desk: Desk) -> None:
    chilled = inventory_v1.TEMPERATURE_ZONE_CHILLED
    ambient = inventory_v1.TEMPERATURE_ZONE_AMBIENT
    desk.put_skus(sku("COLD", temperature=chilled), sku("FIRE", hazardous=True))
    desk.put_warehouses(warehouse("W1", 30, 114, temperatures=[ambient, chilled]))
    desk.receive("r2", receipt("W1", "COLD", 5), receipt("W1", "FIRE", 5))

    desk.allocate(order("o1", ("S1", 1), ("COLD", 1), ("FIRE", 1), ("S2", 1), split=False))

    shipped = {tuple(line.sku for line in s.lines) for s in desk.shipments("o1")}
    assert shipped == {("S1", "S2"), ("COLD",), ("FIRE",)}
    assert {s.warehouse_id for s in desk.shipments("o1")} == {"W1"}


def test_numbers_the_events_of_an_order_without_gaps(desk: Desk, clock: ManualClock) -> None:
    desk.allocate(order("o1", ("S1", 1), lease_s=60, reserve_only=True))
    desk.confirm("o1", paid_at=clock.now())
    desk.allocate(order("o1", ("S1", 1)))
    desk.allocate(order("o1", ("S1", 2), revision=2))
    desk.release("o1", CANCELLED)

    events = desk.events("o1")

    assert [event.aggregate_seq for event in events] == [1, 2, 3, 4, 5]
    assert [event.type.removeprefix("orderhub.") for event in events] == [
        "allocation.decided",
        "reservation.confirmed",
        "allocation.shipments_made",
        "allocation.decided",
        "reservation.freed",
    ]


def test_proves_how_far_a_batch_is_from_the_optimum(desk: Desk) -> None:
    response = desk.allocate(*(order(f"o{i}", ("S1", 2)) for i in range(3)))

    assert 0 < response.lower_bound_minor <= response.cost_minor <= response.nearest_cost_minor
    gap = response.cost_minor - response.lower_bound_minor
    assert response.gap_bp == -(-gap * 10_000 // response.cost_minor)
    assert response.cost_minor == sum(a.cost.amount_minor for a in response.allocations)
