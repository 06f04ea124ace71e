"""Every pair of values of every dimension: applied and told where legal, refused where not."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services.intake.stored import OrderValues, StoredOrder
from services.intake.transitions import (
    DIMENSIONS,
    HOLD,
    LIFECYCLE,
    PAYMENT,
    SHIPMENT,
    STOCK,
    WORK,
    Dimension,
    IllegalTransition,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# What may follow what, said a second time and apart from the product.
LEGAL = {
    "lifecycle": {">OPEN", "OPEN>REJECTED", "OPEN>CANCELLED", "OPEN>EXPIRED"},
    "stock": {">NONE"}
    | {
        f"{a}>{b}"
        for a, b in itertools.permutations(("NONE", "RESERVED", "ALLOCATED", "BACKORDERED"), 2)
    },
    "hold": {">OPEN", "OPEN>RELEASED", "OPEN>REJECTED", "OPEN>OBSOLETE"},
    "work": {
        *(f"NONE>{w}" for w in ("PROCESS", "CONFIRM_PAYMENT", "RELEASE", "EXPIRE")),
        *(f"{w}>NONE" for w in ("PROCESS", "CONFIRM_PAYMENT", "RELEASE", "EXPIRE")),
        *(f"{w}>RELEASE" for w in ("PROCESS", "CONFIRM_PAYMENT", "EXPIRE")),
        "CONFIRM_PAYMENT>PROCESS",
        "EXPIRE>PROCESS",
        "RELEASE>PROCESS",
        "EXPIRE>CONFIRM_PAYMENT",
    },
    "payment": {
        *(
            f">{p}"
            for p in ("UNPAID", "PARTLY_PAID", "PAID", "NOT_DUE", "PARTLY_REFUNDED", "REFUNDED")
        ),
        *(
            f"{p}>{r}"
            for p in ("UNPAID", "PARTLY_PAID", "PAID", "NOT_DUE")
            for r in ("PARTLY_REFUNDED", "REFUNDED")
        ),
        "UNPAID>PARTLY_PAID",
        "UNPAID>PAID",
        "UNPAID>NOT_DUE",
        "PARTLY_PAID>PAID",
        "PARTLY_PAID>NOT_DUE",
        "PAID>PARTLY_PAID",
        "PAID>NOT_DUE",
        "NOT_DUE>UNPAID",
        "NOT_DUE>PARTLY_PAID",
        "NOT_DUE>PAID",
        "PARTLY_REFUNDED>REFUNDED",
    },
    "shipment": {
        ">ALLOCATED",
        ">RELEASED",
        "ALLOCATED>RELEASED",
        "RELEASED>PACKED",
        "PACKED>SHIPPED",
        "ALLOCATED>CANCELLED",
        "RELEASED>CANCELLED",
        "PACKED>CANCELLED",
        *(f"SHIPPED>{s}" for s in ("DELIVERED", "INTERCEPTED", "FAILED", "REFUSED", "LOST")),
        "FAILED>SHIPPED",
        *(f"{s}>RETURNING" for s in ("FAILED", "INTERCEPTED", "REFUSED")),
        *(f"{s}>LOST" for s in ("FAILED", "INTERCEPTED", "REFUSED", "RETURNING")),
    },
}


def pairs() -> Iterator[tuple[Dimension, int, int]]:
    for dimension in DIMENSIONS:
        for before, after in itertools.product(dimension.names, repeat=2):
            if before != after:
                yield dimension, before, after


def an_order(**values: int) -> StoredOrder:
    columns = OrderValues("N", "c", "s", "e", "", "CNY", 0, 1, b"", b"", 0, 0, 0, 0, **values)
    return StoredOrder(columns, record_v1.OrderRecord())


def move(order: StoredOrder, dimension: Dimension, before: int, after: int) -> None:
    if dimension is HOLD:
        order.move_hold(record_v1.Hold(hold_id="H", state=before), after)  # type: ignore[arg-type]
    elif dimension is SHIPMENT:
        order.move_shipment(allocation_v1.Shipment(shipment_id="S"), before, after)
    else:
        order.move(dimension, after)


@pytest.mark.parametrize(
    ("dimension", "before", "after"),
    [pytest.param(d, a, b, id=f"{d.name}:{d.names[a]}>{d.names[b]}") for d, a, b in pairs()],
)
def test_a_change_is_applied_and_told_exactly_where_the_table_allows_it(
    dimension: Dimension, before: int, after: int
) -> None:
    own = {} if dimension in (HOLD, SHIPMENT) else {dimension.name: before}
    order = an_order(**own)
    step = f"{dimension.names[before]}>{dimension.names[after]}"

    if step not in LEGAL[dimension.name]:
        with pytest.raises(IllegalTransition, match=dimension.name):
            move(order, dimension, before, after)
        assert not order._moves
        assert not own or getattr(order.values, dimension.name) == before
        return
    move(order, dimension, before, after)
    order.emit("tested", 0)

    (told,) = order.new_events[0].transitions
    assert told.dimension.partition("/")[0] == dimension.name
    assert f"{getattr(told, 'from')}>{told.to}" == step


@pytest.mark.parametrize("dimension", [LIFECYCLE, PAYMENT, STOCK, WORK])
def test_staying_is_no_change(dimension: Dimension) -> None:
    for value in dimension.names:
        order = an_order(**{dimension.name: value})

        order.move(dimension, value)

        assert not order._moves


def test_a_move_that_no_event_tells_of_is_a_bug() -> None:
    order = an_order(lifecycle=record_v1.LIFECYCLE_OPEN)
    order.move(LIFECYCLE, record_v1.LIFECYCLE_CANCELLED)

    with pytest.raises(AssertionError, match="untold lifecycle"):
        order.assert_told()
