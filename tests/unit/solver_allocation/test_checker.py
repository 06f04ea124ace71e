"""The checker finds what is planted, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from solver.allocation.checker import ViolationKind, check
from solver.allocation.problem import Problem


def problem(**changes: object) -> Problem:
    """Two orders, the first of two lines; two warehouses; one unit of SKU 0 in each."""
    fields: dict[str, object] = {
        "stock": np.array([[1, 5], [1, 5]]),
        "parcel_capacity": np.array([2, 2]),
        "order_ptr": np.array([0, 2, 3]),
        "parcel_cost": np.array([[100, 200], [300, 400]]),
        "line_sku": np.array([0, 1, 0]),
        "line_qty": np.array([1, 2, 1]),
        "unfilled_cost": np.array([1000, 2000, 3000]),
        "line_cost": np.array([[1, 2], [3, 4], [5, 6]]),
        "split_cost": 50,
        "max_parcels": 2,
    }
    return Problem(**(fields | changes))  # type: ignore[arg-type]  # as named above


def test_counts_a_sound_answer_from_scratch() -> None:
    report = check(problem(), np.array([0, 1, -1]))

    assert report.cost == (100 + 200) + (1 + 4) + 50 + 3000
    assert (report.parcels, report.unfilled_lines, report.violations) == (2, 1, ())


@pytest.mark.parametrize(
    ("kind", "changes", "chosen"),
    [
        (ViolationKind.STOCK, {}, [0, 0, 0]),
        (ViolationKind.CAPACITY, {"parcel_capacity": np.array([2, 0])}, [0, 0, 1]),
        (ViolationKind.PARCELS, {"max_parcels": 1}, [0, 1, -1]),
        (ViolationKind.PARCELS, {"may_split": np.array([False, True])}, [0, 1, -1]),
        (ViolationKind.NOT_ALLOWED, {"allowed": np.eye(3, 2, dtype=bool)}, [0, -1, 1]),
        (ViolationKind.UNKNOWN_WAREHOUSE, {}, [0, 2, 1]),
        (ViolationKind.UNKNOWN_WAREHOUSE, {}, [0, -2, 1]),
        (ViolationKind.SHAPE, {}, [0, 1]),
    ],
)
def test_names_the_rule_that_is_broken(
    kind: ViolationKind, changes: dict[str, object], chosen: list[int]
) -> None:
    report = check(problem(**changes), np.array(chosen))

    assert {violation.kind for violation in report.violations} == {kind}


def test_refuses_a_cost_that_is_one_off() -> None:
    cost = check(problem(), np.array([0, 0, 1])).cost

    right = check(problem(), np.array([0, 0, 1]), cost=cost)
    wrong = check(problem(), np.array([0, 0, 1]), cost=cost - 1)

    assert not right.violations
    assert [violation.kind for violation in wrong.violations] == [ViolationKind.COST]
