"""Leases, payments and releases: whose clock decides, and what is given back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services.fulfilment.settling import SWEEP_AFTER_US
from services.fulfilment.shipments import SHIPMENT
from tests.unit.fulfilment.desk import order, receipt, sku, warehouse

if TYPE_CHECKING:
    from services._kit.clock import ManualClock
    from tests.unit.fulfilment.desk import Desk

LEASED = inventory_v1.RESERVATION_STATE_LEASED
CONFIRMED = inventory_v1.RESERVATION_STATE_CONFIRMED
EXPIRED = inventory_v1.RESERVATION_STATE_EXPIRED
RELEASED = inventory_v1.RESERVATION_STATE_RELEASED
NOTHING = inventory_v1.RESERVATION_STATE_UNSPECIFIED
BY_EXPIRY = inventory_v1.RELEASE_CAUSE_EXPIRED
BY_CANCEL = inventory_v1.RELEASE_CAUSE_CANCELLED
HALF_AN_HOUR_S = 1800


@pytest.fixture(autouse=True)
def _leased(desk: Desk) -> None:
    """Order o1 holds two of three pieces under a lease of half an hour."""
    desk.put_skus(sku())
    desk.put_warehouses(warehouse())
    desk.receive("r1", receipt(quantity=3))
    desk.allocate(order("o1", ("S1", 2), lease_s=HALF_AN_HOUR_S))


def available(desk: Desk) -> int:
    return sum(level.available for level in desk.levels())


def test_a_payment_at_the_leases_last_instant_confirms(desk: Desk, clock: ManualClock) -> None:
    clock.advance(HALF_AN_HOUR_S)

    assert desk.confirm("o1") == [CONFIRMED]
    assert desk.confirm("o1") == [CONFIRMED]
    assert available(desk) == 1


def test_a_payment_in_time_confirms_however_late_it_is_heard(
    desk: Desk, clock: ManualClock
) -> None:
    paid_at = clock.now() + timedelta(seconds=HALF_AN_HOUR_S - 1)
    clock.advance(HALF_AN_HOUR_S + 20)

    assert desk.confirm("o1", paid_at=paid_at) == [CONFIRMED]


def test_a_payment_in_time_does_not_bring_freed_stock_back(desk: Desk, clock: ManualClock) -> None:
    paid_at = clock.now() + timedelta(seconds=HALF_AN_HOUR_S - 1)
    clock.advance(HALF_AN_HOUR_S + 20)
    desk.release("o1", BY_EXPIRY)

    assert desk.confirm("o1", paid_at=paid_at) == [EXPIRED]
    assert available(desk) == 3


def test_a_payment_after_the_lease_ends_it(desk: Desk, clock: ManualClock) -> None:
    clock.advance(HALF_AN_HOUR_S + 1)

    assert desk.confirm("o1") == [EXPIRED]
    assert available(desk) == 3


def test_a_payment_dated_in_the_future_counts_as_made_now(desk: Desk, clock: ManualClock) -> None:
    assert desk.confirm("o1", paid_at=clock.now() + timedelta(days=2)) == [CONFIRMED]


def test_a_lease_that_still_runs_is_kept_by_expiry(desk: Desk, clock: ManualClock) -> None:
    clock.advance(HALF_AN_HOUR_S)

    assert desk.release("o1", BY_EXPIRY) == LEASED
    assert available(desk) == 1


def test_a_lease_that_is_over_is_freed_by_expiry_once(desk: Desk, clock: ManualClock) -> None:
    clock.advance(HALF_AN_HOUR_S + 0.000001)

    assert desk.release("o1", BY_EXPIRY) == EXPIRED
    assert desk.release("o1", BY_EXPIRY) == EXPIRED
    assert available(desk) == 3
    assert [event.type for event in desk.events("o1")].count("orderhub.reservation.freed") == 1


def test_confirmed_stock_is_kept_by_expiry(desk: Desk, clock: ManualClock) -> None:
    desk.confirm("o1")
    clock.advance(HALF_AN_HOUR_S * 10)

    assert desk.release("o1", BY_EXPIRY) == CONFIRMED
    assert available(desk) == 1


@pytest.mark.parametrize(
    "cause",
    [
        inventory_v1.RELEASE_CAUSE_CANCELLED,
        inventory_v1.RELEASE_CAUSE_REJECTED,
        inventory_v1.RELEASE_CAUSE_SUPERSEDED,
    ],
)
def test_frees_confirmed_stock_and_calls_shipments_off(desk: Desk, cause: int) -> None:
    desk.confirm("o1")

    assert desk.release("o1", cause) == RELEASED
    assert desk.release("o1", cause) == RELEASED
    assert available(desk) == 3
    assert [s.state for s in desk.shipments("o1")] == [allocation_v1.SHIPMENT_STATE_CANCELLED]


def test_keeps_a_later_revision_than_the_one_to_release(desk: Desk) -> None:
    desk.allocate(order("o1", ("S1", 1), revision=3))

    assert desk.release("o1", BY_CANCEL, revision=2) == CONFIRMED
    assert available(desk) == 2


def test_an_order_never_seen_holds_nothing(desk: Desk) -> None:
    assert desk.release("o2", BY_CANCEL) == NOTHING
    assert desk.release("o3", BY_EXPIRY) == NOTHING
    assert desk.confirm("o4") == [NOTHING]


def test_packed_goods_stay_promised(desk: Desk) -> None:
    packed = int(allocation_v1.SHIPMENT_STATE_PACKED)
    desk.run(lambda c: c.execute(SHIPMENT.update().values(state=packed)))

    desk.release("o1", BY_CANCEL)

    assert available(desk) == 1
    assert [s.state for s in desk.shipments("o1")] == [packed]


def test_the_sweeper_waits_a_day_before_it_frees_a_forgotten_lease(
    desk: Desk, clock: ManualClock
) -> None:
    clock.advance(HALF_AN_HOUR_S + SWEEP_AFTER_US // 1_000_000)
    kept = desk.sweep()
    clock.advance(1)

    freed = desk.sweep()

    assert (kept, freed) == (0, 1)
    assert available(desk) == 3
    assert desk.confirm("o1") == [EXPIRED]


def test_the_sweeper_leaves_confirmed_stock_alone(desk: Desk, clock: ManualClock) -> None:
    desk.confirm("o1")
    clock.advance(SWEEP_AFTER_US)

    assert desk.sweep() == 0
    assert available(desk) == 1
