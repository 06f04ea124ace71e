"""OR-Tools' sparse front: the only file that touches it here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ortools.linear_solver.python import model_builder_helper as mbh

if TYPE_CHECKING:
    from solver.allocation.model import Model
    from solver.allocation.problem import FloatArray


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver found for a `Model`.

    Parameters
    ----------
    values
        One per column.
    duals
        One per row; empty after branching.
    optimal
        Whether the solver finished.
    bound
        Objective no solution of the model is below.
    """

    values: FloatArray
    duals: FloatArray
    optimal: bool
    bound: float


def solve_model(model: Model, *, engine: str, limit_s: float, whole: bool) -> Solution | None:
    """Solve `model`; None when the solver ends without a solution.

    Parameters
    ----------
    engine
        OR-Tools name of a bundled solver: ``glop``, ``highs``, ``scip``, ``sat``.
    limit_s
        Wall seconds.
    whole
        Whether every column must be 0 or 1.

    Notes
    -----
    The array interface is not documented by OR-Tools, hence pinned there and
    wrapped here; building the same model through Python objects takes 40
    times as long.
    """
    n = model.cost.size
    helper = mbh.ModelBuilderHelper()
    fill: Any = helper.fill_model_from_sparse_data  # its stubs misspell arrays
    fill(np.zeros(n), np.ones(n), model.cost, model.low, model.high, model.matrix)
    if whole:
        for column in range(n):
            helper.set_var_integrality(column, True)
    solver = mbh.ModelSolverHelper(engine)
    if engine == "highs":  # it greets on standard output
        solver.set_solver_specific_parameters("output_flag=false")
    solver.set_time_limit_in_seconds(limit_s)
    solver.solve(helper)
    if not solver.has_solution():
        return None
    optimal = solver.status() == mbh.SolveStatus.OPTIMAL
    return Solution(
        values=np.asarray(solver.variable_values(), dtype=np.float64),
        duals=np.empty(0) if whole else np.asarray(solver.dual_values(), dtype=np.float64),
        optimal=optimal,
        bound=solver.best_objective_bound() if whole else solver.objective_value(),
    )
