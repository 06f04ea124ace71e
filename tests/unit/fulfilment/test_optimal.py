"""What the service answers, against every other answer there is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.unit.fulfilment.desk import order, receipt, sku, warehouse
from tests.unit.fulfilment.enumeration import World

if TYPE_CHECKING:
    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
    from tests.unit.fulfilment.desk import Desk

SEEDS = range(12)
CODES = ("S1", "S2", "S3")


def build(desk: Desk, seed: int) -> tuple[World, random.Random]:
    """A world of three warehouses with little stock, in the service and beside it."""
    rng = random.Random(seed)
    skus = [
        sku(code, weight_g=rng.randrange(1, 4000), shortage_cost_minor=rng.choice([0, 300]))
        for code in CODES
    ]
    split = rng.choice([0, 150])
    houses = [
        warehouse(
            f"W{i}",
            rng.uniform(20, 45),
            rng.uniform(90, 120),
            base=rng.randrange(300, 900),
            per_100_km=rng.randrange(10, 90),
            per_kg=rng.randrange(20, 200),
            split_cost_minor=split,
        )
        for i in range(3)
    ]
    stock = {(h.warehouse_id, code): rng.randrange(5) for h in houses for code in CODES}
    desk.put_skus(*skus)
    desk.put_warehouses(*houses)
    desk.receive("r", *(receipt(h, code, n) for (h, code), n in stock.items() if n))
    return World(skus, houses, stock), rng


def random_order(
    rng: random.Random, number: str, lines: int, *, repeat: bool = False
) -> allocation_v1.OrderToAllocate:
    codes = rng.choices(CODES, k=lines) if repeat else rng.sample(CODES, k=lines)
    return order(
        number,
        *((code, rng.randrange(1, 4), rng.randrange(100, 6000)) for code in codes),
        at=(rng.uniform(20, 45), rng.uniform(90, 120)),
        split=rng.random() < 0.8,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_single_order_costs_no_more_than_the_best_of_all_ways(desk: Desk, seed: int) -> None:
    world, rng = build(desk, seed)
    wanted = random_order(rng, "o1", 3)

    answer = desk.allocate(wanted).allocations[0]

    assert answer.cost.amount_minor == world.optimum([wanted])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_batch_lies_between_its_bound_and_what_it_claims(desk: Desk, seed: int) -> None:
    world, rng = build(desk, seed)
    batch = [random_order(rng, f"o{i}", 2) for i in range(3)]

    response = desk.allocate(*batch)

    assert response.lower_bound_minor <= world.optimum(batch) <= response.cost_minor
    if response.bound_kind == "optimal":
        assert response.cost_minor == world.optimum(batch)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_runner_up_is_the_best_other_set_of_warehouses(desk: Desk, seed: int) -> None:
    world, rng = build(desk, seed)
    wanted = random_order(rng, "o1", 3, repeat=seed % 2 == 1)
    answer = desk.allocate(wanted).allocations[0]

    explained = desk.explain("o1")

    assert explained.allocation.SerializeToString() == answer.SerializeToString()
    assert explained.chosen.cost == answer.cost
    assert list(explained.chosen.terms) == list(answer.terms)
    second = world.second(wanted, answer.warehouse_ids)
    assert explained.HasField("runner_up") == (second is not None)
    if second is not None:
        other = explained.runner_up
        assert other.cost.amount_minor == second == sum(t.amount_minor for t in other.terms)
        assert set(other.warehouse_ids) != set(answer.warehouse_ids)


def test_the_explanation_is_of_the_moment_of_the_decision(desk: Desk) -> None:
    world, rng = build(desk, 3)
    wanted = random_order(rng, "o1", 2)
    desk.allocate(wanted)
    before = desk.explain("o1")
    houses = [warehouse(name, 0, 0, base=1) for name in world.houses]

    desk.put_warehouses(*houses)
    desk.allocate(random_order(rng, "o2", 3))

    assert desk.explain("o1") == before
