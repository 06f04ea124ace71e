"""Routing: our search, OR-Tools' and PyVRP's own, for the same seconds."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import pyvrp
import pyvrp.stop
from pyvrp.exceptions import PenaltyBoundWarning

from solver.routing.engines.pyvrp_model import PyvrpModel
from solver.routing.engines.registry import ENGINES, load
from solver.routing.incumbent import Incumbent
from solver.routing.readers import read_instance
from solver.routing.solve import solve
from tests.bench.data import routing_problem, shared_data
from tests.bench.figures import gap, ratio, spread
from tests.bench.tables import NOTHING, Table, number, per_cent, times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from solver.routing.problem import Problem

    Search = Callable[[Problem, float, int], int | None]


NOTE = (
    "Seeds of each: {seeds}. Reference: the published best known cost where there is one (*), else "
    "the best of this run. ours: what `auto` chooses; plain PyVRP: its `solve` with its own "
    "settings, version {version}; OR-Tools: guided local search. Every plan passes the independent "
    "checker. Costs are integers of the file's convention."
)


@dataclass(frozen=True, slots=True)
class Size:
    """Which problems, how long, with how many seeds."""

    files: tuple[str, ...]
    invented: tuple[int, ...]
    budget_s: float
    seeds: int


FULL = Size(
    (
        "solomon/R104.txt",
        "x/X-n200-k36.vrp",
        "ortec/ORTEC-VRPTW-ASYM-05362619-d1-n212-k20.txt",
        "gh1000/C1_10_2.vrp",
    ),
    (100, 200),
    10.0,
    3,
)
QUICK = Size(("solomon/R104.txt",), (80,), 2.0, 1)


@dataclass(frozen=True, slots=True)
class Case:
    """A problem and, where it is published, its best known cost in the problem's integers."""

    name: str
    problem: Problem
    best_known: float | None


def measure(size: Size) -> list[Table]:
    """Return each engine's cost and gap on each problem."""
    table = Table(
        f"Routing: {size.budget_s:.0f} s of wall time, one core",
        (
            "problem",
            ">stops",
            "engine",
            ">cost (median)",
            ">least",
            ">most",
            ">reference",
            ">gap (median)",
            ">to plain PyVRP",
        ),
        notes=[NOTE.format(seeds=size.seeds, version=version("pyvrp"))],
    )
    for engine in ENGINES:
        load(engine)  # importing is not searching
    searches: dict[str, Search] = {"ours": _ours, "OR-Tools": _ortools, "plain PyVRP": _plain}
    for case in _cases(size):
        costs = {
            name: [search(case.problem, size.budget_s, seed) for seed in range(1, size.seeds + 1)]
            for name, search in searches.items()
        }
        _add(table, case, costs)
    return [table]


def best_known(file: Path, scale: int) -> float | None:
    """Return the cost in the `.sol` file beside `file`, in the problem's integers."""
    solution = file.with_suffix(".sol")
    if not solution.exists():
        return None
    for line in solution.read_text(encoding="utf-8").splitlines():
        name, _, value = line.strip().partition(" ")
        if name.lower().rstrip(":") == "cost":
            return round(float(value) * scale)
    return None


def _cases(size: Size) -> Iterator[Case]:
    shared = shared_data()
    found = False
    for name in size.files if shared is not None else ():
        file = shared / "routing" / name
        if file.exists():
            found = True
            instance = read_instance(file)
            scale = round(1 / instance.distance.reported(1))
            yield Case(file.stem, instance.problem, best_known(file, scale))
    for stops in () if found else size.invented:
        yield Case(f"invented-{stops}", routing_problem(stops, seed=1), None)


def _add(table: Table, case: Case, costs: dict[str, list[int | None]]) -> None:
    feasible = {name: [cost for cost in each if cost is not None] for name, each in costs.items()}
    reference = case.best_known
    if reference is None:
        reference = min(cost for each in feasible.values() for cost in each)
    plain = spread(feasible["plain PyVRP"]).median if feasible["plain PyVRP"] else None
    star = "*" if case.best_known is not None else ""
    stops = number(case.problem.visits.count)
    for name, each in feasible.items():
        if not each:
            table.add(case.name, stops, name, *["no feasible plan"], *[NOTHING] * 5)
            continue
        found = spread(each)
        table.add(
            case.name,
            stops,
            name,
            number(found.median) + ("" if len(each) == len(costs[name]) else " (not every seed)"),
            number(found.least),
            number(found.most),
            number(reference) + star,
            per_cent(gap(found.median, reference)),
            times(ratio(found.median, plain)),
        )


def _ours(problem: Problem, budget_s: float, seed: int) -> int | None:
    plan = solve(problem, budget_s=budget_s, seed=seed)
    return plan.cost if plan.complete else None


def _ortools(problem: Problem, budget_s: float, seed: int) -> int | None:
    plan = solve(problem, budget_s=budget_s, seed=seed, engine="ortools")
    return plan.cost if plan.complete else None


def _plain(problem: Problem, budget_s: float, seed: int) -> int | None:
    """Return what PyVRP finds when it is called as its manual says."""
    began = time.monotonic()
    model = PyvrpModel(problem)
    left_s = budget_s - (time.monotonic() - began)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        result = pyvrp.solve(
            model.data,
            stop=pyvrp.stop.MaxRuntime(left_s),
            seed=seed,
            collect_stats=False,
            display=False,
        )
    if not result.is_feasible():
        return None
    incumbent = Incumbent(problem, (), began)
    incumbent.offer(model.tours(result.best))
    incumbent.settle()
    if not incumbent.plan.complete:
        raise RuntimeError("the checker refuses PyVRP's plan; the figures would mean nothing")
    return incumbent.plan.cost
