"""Allocation: the industry's rule, each order for itself, and the batch together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from solver.allocation.readers import read_allocation
from solver.allocation.solve import allocate, warm_up
from tests.bench.data import allocation_problem, shared_data
from tests.bench.figures import gap, rate, ratio
from tests.bench.tables import Table, number, per_cent, times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from solver.allocation.answer import Allocation
    from solver.allocation.problem import Problem


NOTE = (
    "nearest: the nearest warehouse that has all of an order, in order of arrival; myopic: each "
    "order in turn gets its exact cheapest set of warehouses; fast path: myopic, then ejection, as "
    "the service does at once; full search: {budget_s:.0f} s. Gap to the best bound proven in this "
    "run. Costs in minor units, checked by the independent checker; compilation is not counted."
)


@dataclass(frozen=True, slots=True)
class Size:
    """Which batches, and how long the full search may take."""

    files: tuple[str, ...]
    invented: tuple[int, ...]
    budget_s: float


FULL = Size(("orx-100-s0", "orx-1000-s0", "olist-1000-s0", "orx-10000-s0"), (1000, 10_000), 10.0)
QUICK = Size(("orx-1000-s0",), (300,), 2.0)


def measure(size: Size) -> list[Table]:
    """Return cost, bound, gap and speed of each way on each batch."""
    table = Table(
        "Allocation: cost of a batch",
        (
            "batch",
            ">orders",
            "way",
            ">cost",
            ">to nearest",
            ">best proven bound",
            ">gap",
            ">parcels",
            ">unfilled lines",
            ">seconds",
            ">orders/s",
        ),
        notes=[NOTE.format(budget_s=size.budget_s)],
    )
    warm_up()
    for name, problem in _batches(size):
        _add(table, name, problem, size.budget_s)
    return [table]


def _batches(size: Size) -> Iterator[tuple[str, Problem]]:
    shared = shared_data()
    found = False
    for name in size.files if shared is not None else ():
        file = shared / "allocation" / f"{name}.json.gz"
        if file.exists():
            found = True
            yield name, read_allocation(file).problem
    for orders in () if found else size.invented:
        yield f"invented-{orders}", allocation_problem(orders, seed=1)


def _add(table: Table, name: str, problem: Problem, budget_s: float) -> None:
    ways = {
        "nearest": allocate(problem, budget_s=0, method="nearest"),
        "myopic": allocate(problem, budget_s=0, method="myopic"),
        "ours, fast path": allocate(problem, budget_s=0),
        "ours, full search": allocate(problem, budget_s=budget_s),
    }
    bound = max(found.lower_bound for found in ways.values())
    for way, found in ways.items():
        table.add(
            name, number(problem.orders), way, *_cells(problem, found, bound, ways["nearest"].cost)
        )


def _cells(problem: Problem, found: Allocation, bound: int, nearest: int) -> tuple[str, ...]:
    return (
        number(found.cost),
        times(ratio(found.cost, nearest)),
        number(bound),
        per_cent(gap(found.cost, bound), 3),
        number(found.parcels),
        number(found.unfilled_lines),
        number(found.seconds, 3),
        number(rate(problem.orders, found.seconds)),
    )
