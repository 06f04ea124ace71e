"""What is measured is what is claimed: invented data are sound, peers agree, gaps add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.rules.worker import Outcome
from solver.allocation.solve import allocate
from solver.routing.solve import solve
from tests.bench import routing
from tests.bench.data import allocation_problem, routing_problem
from tests.bench.rules import disagreements
from tests.bench.tables import NOTHING, Table

if TYPE_CHECKING:
    from pathlib import Path


def test_invented_batches_repeat_and_leave_room_between_the_rule_and_the_bound() -> None:
    first, second = (allocation_problem(60, seed=3) for _ in range(2))
    nearest = allocate(first, budget_s=0, method="nearest")
    ours = allocate(first, budget_s=0)

    assert (first.stock == second.stock).all()
    assert (first.parcel_cost == second.parcel_cost).all()
    assert ours.lower_bound <= ours.cost < nearest.cost


def test_invented_days_have_a_complete_plan() -> None:
    assert solve(routing_problem(12, seed=2), budget_s=0.3).complete


@pytest.mark.parametrize(
    ("text", "scale", "cost"),
    [("Route #1: 1 2\nCost 971.5\n", 10, 9715), ("cost: 58578\n", 1, 58578), ("Route\n", 1, None)],
)
def test_reads_the_published_cost_in_the_problems_integers(
    tmp_path: Path, text: str, scale: int, cost: int | None
) -> None:
    (tmp_path / "R104.sol").write_text(text)

    assert routing.best_known(tmp_path / "R104.txt", scale) == cost


def test_without_a_published_cost_the_best_of_the_run_is_the_reference() -> None:
    table = Table("t", tuple("abcdefghi"))
    case = routing.Case("small", routing_problem(3, seed=1), None)

    routing._add(table, case, {"ours": [100, 104], "OR-Tools": [None], "plain PyVRP": [110, None]})

    assert table.rows[0][3:] == ("102", "100", "104", "100", "2.00 %", "0.93×")
    assert table.rows[1][3:] == ("no feasible plan", *[NOTHING] * 5)
    assert table.rows[2][3] == "110 (not every seed)"


def test_judges_that_differ_are_counted() -> None:
    assert disagreements([Outcome((1,)), Outcome()], [Outcome((1,)), Outcome((), (2,))]) == 1
