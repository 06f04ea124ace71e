"""What an order to allocate may not look like, each fault by its field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services._kit.errors import Malformed
from services.fulfilment.allocation_checks import check_orders
from tests.unit.fulfilment.desk import order

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[allocation_v1.OrderToAllocate], Any]


def no_lines(order: allocation_v1.OrderToAllocate) -> None:
    del order.lines[:]


def too_many_lines(order: allocation_v1.OrderToAllocate) -> None:
    for i in range(500):
        order.lines.add(line_no=i + 2, sku="S1", quantity=1)


def set_line(**given: Any) -> Change:
    return lambda order: order.lines[0].MergeFrom(allocation_v1.LineToAllocate(**given))


def set_order(**given: Any) -> Change:
    return lambda order: order.MergeFrom(allocation_v1.OrderToAllocate(**given))


def set_window(order: allocation_v1.OrderToAllocate) -> None:
    order.delivery_window.start.seconds = 10
    order.delivery_window.end.seconds = 9


def set_year_20000(order: allocation_v1.OrderToAllocate) -> None:
    order.delivery_window.end.seconds = 10**12


def set_lease(seconds: int) -> Change:
    return lambda order: setattr(order.lease, "seconds", seconds)


def no_datum(order: allocation_v1.OrderToAllocate) -> None:
    order.destination.location.datum = 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (no_lines, "lines"),
        (too_many_lines, "lines"),
        (set_line(quantity=-1), "lines[0].quantity"),
        (set_line(quantity=1_000_001), "lines[0].quantity"),
        (set_line(value_minor=-1), "lines[0].value_minor"),
        (set_line(sku="x" * 65), "lines[0].sku"),
        (set_line(line_no=-1), "lines[0].line_no"),
        (set_line(line_no=2), "lines[1].line_no"),
        (set_order(currency="cny"), "currency"),
        (set_order(revision=-1), "revision"),
        (set_order(order_number="x\x00"), "order_number"),
        (set_window, "delivery_window.end"),
        (set_year_20000, "delivery_window.end"),
        (set_lease(0), "lease"),
        (set_lease(-1), "lease"),
        (set_lease(10**9), "lease"),
        (no_datum, "destination.location.datum"),
    ],
)
def test_names_the_field_of_a_bad_order(change: Change, field: str) -> None:
    bad = order("o1", ("S1", 1), ("S2", 1))
    change(bad)

    with pytest.raises(Malformed) as caught:
        check_orders(allocation_v1.AllocateOrdersRequest(orders=[order("o0", ("S1", 1)), bad]))

    assert caught.value.field == f"orders[1].{field}"


def test_refuses_one_order_twice_in_a_batch() -> None:
    batch = [order("o1", ("S1", 1)), order("o1", ("S1", 2), revision=2)]

    with pytest.raises(Malformed) as caught:
        check_orders(allocation_v1.AllocateOrdersRequest(orders=batch))

    assert caught.value.field == "orders[1].order_number"


@pytest.mark.parametrize("count", [0, 257])
def test_takes_1_to_256_orders(count: int) -> None:
    batch = [order(f"o{i}", ("S1", 1)) for i in range(count)]

    with pytest.raises(Malformed) as caught:
        check_orders(allocation_v1.AllocateOrdersRequest(orders=batch))

    assert caught.value.field == "orders"
