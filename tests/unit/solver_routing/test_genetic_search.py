"""The parts of the genetic search, on PyVRP's own objects."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import pyvrp

from solver.routing.construct import construct
from solver.routing.engines.base import Budget
from solver.routing.engines.hgs.crossover import RouteExchange
from solver.routing.engines.hgs.individual import Reader
from solver.routing.engines.hgs.params import Params
from solver.routing.engines.hgs.penalties import Penalties
from solver.routing.engines.hgs.population import Subpopulation
from solver.routing.engines.hgs.search import genetic_search
from solver.routing.engines.pyvrp_model import PyvrpModel
from solver.routing.problem import (
    Depot,
    Location,
    Problem,
    Profile,
    Shipment,
    ShipmentEnd,
    Stop,
    VehicleType,
    Window,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from solver.routing.plan import Tour


@pytest.fixture
def windowed() -> Problem:
    """Eighteen stops with windows and two shipments for six vehicles."""
    rng = np.random.default_rng(3)
    points = rng.integers(0, 50, (23, 2))
    legs = np.rint(np.hypot(*(points[:, None, :] - points[None, :, :]).transpose(2, 0, 1)))
    legs = legs.astype(np.int64)
    opens_s = rng.integers(0, 150, 19)
    return Problem(
        locations=[Location(float(x), float(y)) for x, y in points],
        depots=[Depot(0, Window(0, 400))],
        vehicle_types=[VehicleType(count=6, capacity=(30,))],
        profiles=[Profile(legs, legs)],
        stops=[
            Stop(
                k,
                (int(rng.integers(1, 9)),),
                service_s=5,
                windows=(Window(int(o), int(o) + 60),),
            )
            for k, o in enumerate(opens_s[1:], start=1)
        ],
        shipments=[Shipment(ShipmentEnd(a), ShipmentEnd(a + 1), (4,), id=str(a)) for a in (19, 21)],
    )


@pytest.fixture
def model(windowed: Problem) -> PyvrpModel:
    return PyvrpModel(windowed)


def test_the_text_of_a_route_names_its_activities(model: PyvrpModel) -> None:
    kinds = pyvrp.ActivityType
    activities = [
        pyvrp.Activity(kinds.CLIENT, 3),
        pyvrp.Activity(kinds.PICKUP, 1),
        pyvrp.Activity(kinds.DELIVERY, 1),
    ]

    text = str(pyvrp.Route(model.data, activities, 0))

    assert text.split() == ["C3", "L1", "U1"]


def test_tours_survive_the_way_through_pyvrp(windowed: Problem, model: PyvrpModel) -> None:
    tours = construct(windowed)

    assert model.tours(model.solution(tours)) == tours


def test_an_individual_links_each_visit_to_its_neighbours(model: PyvrpModel) -> None:
    reader = Reader(model.data)
    solution = pyvrp.Solution.make_random(model.data, pyvrp.RandomNumberGenerator(seed=1))

    individual = reader.read(solution)

    successor, predecessor = np.split(individual.links, 2)
    for gene in individual.genes:
        assert predecessor[gene.sequence[0]] == -1
        assert successor[gene.sequence[-1]] == -1
        for a, b in zip(gene.sequence, gene.sequence[1:], strict=False):
            assert successor[a] == b
            assert predecessor[b] == a
    assert sum(gene.tasks.bit_count() for gene in individual.genes) == 20


@pytest.mark.parametrize("seed", range(20))
def test_a_child_serves_no_task_twice_and_stays_within_the_fleet(
    seed: int, model: PyvrpModel
) -> None:
    reader = Reader(model.data)
    rng = pyvrp.RandomNumberGenerator(seed=seed)
    parents = [reader.read(pyvrp.Solution.make_random(model.data, rng)) for _ in range(2)]
    evaluator = Penalties(model.data, Params()).evaluator()

    child = RouteExchange(model.data, reader)(
        (parents[0], parents[1]), evaluator, random.Random(seed)
    )

    visits = [visit for gene in reader.read(child).genes for visit in gene.sequence]
    assert len(visits) == len(set(visits))
    assert child.num_routes() <= 6


def test_selection_drops_twins_first_and_keeps_the_best(model: PyvrpModel) -> None:
    reader, params = Reader(model.data), Params(survivors=4, newcomers=4)
    penalties = Penalties(model.data, params).values
    rng = pyvrp.RandomNumberGenerator(seed=1)
    part = Subpopulation(params, 2 * reader.visits, len(penalties))
    individuals = [reader.read(pyvrp.Solution.make_random(model.data, rng)) for _ in range(7)]

    for individual in [*individuals, individuals[0], individuals[0]]:
        part.add(individual, penalties)

    assert len(part.individuals) == 4
    assert len({id(individual) for individual in part.individuals}) == 4
    best = min(individuals, key=lambda i: i.cost + float(i.excess @ penalties))
    assert best in part.individuals


def test_penalties_rise_while_too_little_is_feasible(model: PyvrpModel) -> None:
    params = Params(window=2)
    penalties = Penalties(model.data, params)
    individual = Reader(model.data).read(pyvrp.Solution(model.data, []))
    individual.excess = np.array([1.0, 1.0, 0.0])
    before = penalties.values.copy()

    changed = [penalties.register(individual) for _ in range(2)]

    assert changed == [False, True]
    assert (penalties.values[:2] > before[:2]).all()
    assert penalties.values[2] < before[2]


@pytest.mark.parametrize("start", [construct, lambda problem: []], ids=["warm", "cold"])
def test_is_not_worse_than_what_it_starts_from(
    start: Callable[[Problem], list[Tour]], windowed: Problem, model: PyvrpModel
) -> None:
    first = construct(windowed)
    ends_s = time.monotonic() + 0.5

    tours = genetic_search(model, Budget(ends_s), 1, lambda found: None, start(windowed))

    assert sorted(v for tour in tours for v in tour.visits) == list(range(22))
    assert model.solution(tours).distance() <= model.solution(first).distance()


def test_gives_up_where_nothing_feasible_turns_up(windowed: Problem) -> None:
    small = PyvrpModel(
        Problem(
            locations=windowed.locations,
            depots=windowed.depots,
            vehicle_types=[VehicleType(count=1, capacity=(30,))],
            profiles=windowed.profiles,
            stops=windowed.stops,
        )
    )
    now_s = time.monotonic()

    tours = genetic_search(small, Budget(now_s + 60), 1, lambda found: None, [], give_up_s=now_s)

    assert tours == []
