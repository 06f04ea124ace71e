"""The headline over every combination of the dimensions."""

from __future__ import annotations

import itertools

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services.intake.headline import state_of

LIFECYCLES = [n for n in record_v1.Lifecycle.values() if n]
PAYMENTS = [n for n in record_v1.PaymentState.values() if n]
STOCKS = [n for n in record_v1.StockState.values() if n]
WORKS = record_v1.Work.values()
SHIPMENTS = [n for n in allocation_v1.ShipmentState.values() if n]


def every() -> list[dict[str, int]]:
    names = ("lifecycle", "payment", "stock", "work", "open_holds")
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(LIFECYCLES, PAYMENTS, STOCKS, WORKS, (0, 1, 2))
    ]


def name(state: int) -> str:
    return record_v1.OrderState.Name(state).removeprefix("ORDER_STATE_")  # type: ignore[arg-type]


def test_every_combination_has_a_headline() -> None:
    assert all(state_of(**values) for values in every())


def test_the_end_of_life_is_shown_before_anything_else() -> None:
    for values in every():
        life = record_v1.Lifecycle.Name(values["lifecycle"]).removeprefix("LIFECYCLE_")  # type: ignore[arg-type]

        shown = name(state_of(**values))

        assert (shown == life) == (life != "OPEN")


def test_an_open_order_with_an_open_hold_is_held_and_no_other_is() -> None:
    for values in every():
        if values["lifecycle"] == record_v1.LIFECYCLE_OPEN:
            assert (name(state_of(**values)) == "HELD") == (values["open_holds"] > 0)


def test_an_allocated_order_shows_its_least_advanced_live_parcel() -> None:
    ladder = ["ALLOCATED", "RELEASED", "PACKED", "SHIPPED", "DELIVERED"]
    number = {n: allocation_v1.ShipmentState.Value(f"SHIPMENT_STATE_{n}") for n in ladder}
    for first, second in itertools.product(ladder, repeat=2):
        parcels = [number[first], number[second], allocation_v1.SHIPMENT_STATE_CANCELLED]

        shown = name(_allocated(parcels))

        assert shown == min(first, second, key=ladder.index)


def test_a_parcel_in_trouble_is_shown_before_all_others() -> None:
    calm = {
        allocation_v1.ShipmentState.Value(f"SHIPMENT_STATE_{n}")
        for n in ("ALLOCATED", "RELEASED", "PACKED", "SHIPPED", "DELIVERED", "CANCELLED")
    }
    for trouble, other in itertools.product(set(SHIPMENTS) - calm, SHIPMENTS):
        assert name(_allocated([other, trouble])) == "DELIVERY_EXCEPTION"


def test_only_unpaid_kept_stock_awaits_payment() -> None:
    unpaid = {record_v1.PAYMENT_STATE_UNPAID, record_v1.PAYMENT_STATE_PARTLY_PAID}
    for values in every():
        if name(state_of(**values)) == "AWAITING_PAYMENT":
            assert values["payment"] in unpaid
            assert values["stock"] == record_v1.STOCK_STATE_RESERVED


def _allocated(shipments: list[int]) -> int:
    return state_of(
        lifecycle=record_v1.LIFECYCLE_OPEN,
        payment=record_v1.PAYMENT_STATE_PAID,
        stock=record_v1.STOCK_STATE_ALLOCATED,
        work=0,
        open_holds=0,
        shipments=shipments,
    )
