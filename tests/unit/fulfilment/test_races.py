"""Many buyers, one unit: whoever commits first has it, and nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from tests.unit.fulfilment.desk import Desk, order, receipt, sku, warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = allocation_v1.ALLOCATION_STATUS_FULL
ROUNDS, BUYERS = 50, 20


@pytest.fixture
def desks(desk: Desk) -> Iterator[list[Desk]]:
    """Every process that may write: two on PostgreSQL, one on SQLite, whose file is locked."""
    if not desk.database.is_postgres:
        yield [desk]
        return
    second = Desk(desk.config, desk.clock)
    yield [desk, second]
    second.close()


def test_exactly_one_of_twenty_buyers_gets_the_last_unit(desks: list[Desk]) -> None:
    desk = desks[0]
    desk.put_skus(*(sku(f"S{i}") for i in range(ROUNDS)))
    desk.put_warehouses(warehouse("W1"), warehouse("W2", 35, 114))
    desk.receive("r1", *(receipt("W1", f"S{i}") for i in range(ROUNDS)))
    asked = [order(f"{i}-{buyer}", (f"S{i}", 1)) for i in range(ROUNDS) for buyer in range(BUYERS)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(
                lambda job: desks[job[0] % len(desks)].allocate(job[1]).allocations[0],
                enumerate(asked),
            )
        )

    for i in range(ROUNDS):
        winners = [a for a in answers if a.order_number.startswith(f"{i}-") and a.status == FULL]
        assert len(winners) == 1
    levels = desk.levels(page_size=500)
    assert {(v.available, v.reserved) for v in levels} == {(0, 1)}


def test_batches_that_want_one_hot_sku_never_oversell_it(desks: list[Desk]) -> None:
    desk = desks[0]
    desk.put_skus(sku("HOT"), *(sku(f"S{i}") for i in range(20)))
    desk.put_warehouses(warehouse("W1"), warehouse("W2", 35, 114))
    desk.receive(
        "r1",
        receipt("W1", "HOT", 60),
        receipt("W2", "HOT", 40),
        *(receipt("W1", f"S{i}", 1000) for i in range(20)),
    )
    batches = [
        [order(f"{b}-{i}", (f"S{i % 20}", 1), ("HOT", 1)) for i in range(32)] for b in range(8)
    ]

    with ThreadPoolExecutor(4) as threads:
        jobs = threads.map(
            lambda job: desks[job[0] % len(desks)].allocate(*job[1]).allocations, enumerate(batches)
        )
        answers = [answer for allocations in jobs for answer in allocations]

    assert sum(answer.status == FULL for answer in answers) == 100
    assert sum(level.reserved for level in desk.levels(skus=["HOT"])) == 100
    assert sum(level.available for level in desk.levels(skus=["HOT"])) == 0


def test_an_order_asked_for_by_many_at_once_is_decided_once(desks: list[Desk]) -> None:
    desk = desks[0]
    desk.put_skus(sku())
    desk.put_warehouses(warehouse())
    desk.receive("r1", receipt(quantity=50))

    with ThreadPoolExecutor(8) as threads:
        responses = threads.map(
            lambda i: desks[i % len(desks)].allocate(order("o1", ("S1", 2))), range(24)
        )
        answers = {response.allocations[0].SerializeToString() for response in responses}

    assert len(answers) == 1
    assert sum(level.reserved for level in desk.levels()) == 2


def test_a_cancel_beside_a_decision_leaves_no_stock_behind(desks: list[Desk]) -> None:
    desk = desks[0]
    desk.put_skus(sku())
    desk.put_warehouses(warehouse())
    desk.receive("r1", receipt(quantity=1000))

    def race(i: int) -> None:
        number = f"o{i // 2}"
        if i % 2:
            desks[0].release(number, inventory_v1.RELEASE_CAUSE_CANCELLED, revision=1)
        else:
            desks[-1].allocate(order(number, ("S1", 2)))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(race, range(80)))

    assert sum(level.reserved for level in desk.levels()) == 0
