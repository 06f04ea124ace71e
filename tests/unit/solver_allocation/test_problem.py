"""`Problem` refuses what it cannot mean, by field."""

from __future__ import annotations

import numpy as np
import pytest

from solver.allocation.problem import Problem
from solver.errors import InvalidProblemError


def fields(**changes: object) -> dict[str, object]:
    return {
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
    } | changes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stock", np.array([1, 2])),
        ("stock[0, 1]", np.array([[1, -5], [1, 5]])),
        ("stock", np.array([[1.5, 5], [1, 5]])),
        ("stock", np.array([[2**40, 5], [1, 5]])),
        ("parcel_capacity", np.array([2])),
        ("order_ptr", np.array([0, 2])),
        ("order_ptr", np.array([1, 2, 3])),
        ("order_ptr", np.array([0, 3, 2, 3])),
        ("order_ptr", np.array([], dtype=int)),
        ("parcel_cost", np.array([[100, 200]])),
        ("parcel_cost", np.array([[100, 200], [2**60, 400]])),
        ("line_sku[1]", np.array([0, 2, 0])),
        ("line_sku[2]", np.array([0, 1, -1])),
        ("line_qty[0]", np.array([0, 2, 1])),
        ("line_qty", np.array([1, 2])),
        ("unfilled_cost[1]", np.array([1000, -1, 3000])),
        ("line_cost", np.array([[1, 2, 3], [3, 4, 5], [5, 6, 7]])),
        ("line_cost", np.array([[1, 2], [3, 2**64 - 1], [5, 6]], dtype=np.uint64)),
        ("split_cost", -1),
        ("split_cost", 0.5),
        ("max_parcels", 0),
        ("max_parcels", True),
        ("allowed", np.ones((3, 3), dtype=bool)),
        ("allowed", np.ones((3, 2), dtype=int)),
        ("may_split", np.ones(3, dtype=bool)),
        ("costs", None),
    ],
)
def test_refuses_by_field(field: str, value: object) -> None:
    if field == "costs":  # each is in range, their sum is not
        changes: dict[str, object] = {"unfilled_cost": np.full(3, 2**51)}
    else:
        changes = {field.partition("[")[0]: value}

    with pytest.raises(InvalidProblemError) as caught:
        Problem(**fields(**changes))  # type: ignore[arg-type]  # wrong on purpose

    assert caught.value.field.replace("][", ", ") == field


def test_a_mask_by_order_holds_for_its_lines() -> None:
    mask = np.array([[True, False], [False, True]])

    problem = Problem(**fields(allowed=mask))  # type: ignore[arg-type]  # as named above

    assert problem.allowed.tolist() == [[True, False], [True, False], [False, True]]


def test_cannot_be_changed_after_it_was_checked() -> None:
    problem = Problem(**fields())  # type: ignore[arg-type]  # as named above

    with pytest.raises(ValueError, match="read-only"):
        problem.stock[0, 0] = -1
