"""`python -m solver allocate`, as a user meets it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from solver.__main__ import main
from solver.allocation.checker import check
from solver.allocation.readers import read_allocation
from tests.unit.solver_allocation.test_readers import DOCUMENT

PROJECT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("ORDERHUB_SHARED_DATA", PROJECT / "../shared/data")) / "allocation"
KEYS = {
    "cost", "lower_bound", "bound_kind", "gap", "parcels", "unfilled_lines", "orders", "seconds",
    "orders_per_s", "method", "checked",
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(DOCUMENT))
    return path


def test_prints_one_json_object_and_writes_the_answer(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "answer.json"

    code = main(["allocate", str(file), "--json", "--time-limit", "1", "--out", str(out)])

    summary = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(summary) >= KEYS
    assert summary["checked"] is True
    # Two parcels beat leaving a line out; SKU C is in stock nowhere.
    assert summary["cost"] == (20 + 2) + (10 + 3) + 50 + 700
    assert json.loads(out.read_text()) == {
        "orders": [{"id": "O1", "lines": ["W01", "W00"]}, {"id": "O2", "lines": [None]}]
    }


def test_prints_a_table_without_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["allocate", str(file), "--time-limit", "0"])

    said = capsys.readouterr().out
    assert code == 0
    assert "785" in said
    assert "unfilled lines" in said


@pytest.mark.parametrize("limit", ["-1", "nan", "inf"])
def test_refuses_a_time_limit_that_is_none(
    limit: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["allocate", str(file), "--time-limit", limit])

    assert code == 2
    assert "budget_s" in capsys.readouterr().err


def test_an_answer_that_cannot_be_written_ends_in_code_2(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["allocate", str(file), "--time-limit", "0", "--out", str(tmp_path)])

    assert code == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is absent")
@pytest.mark.parametrize(
    ("name", "optimum", "over"),
    [
        ("orx-100-s0", 353_703, 0.0),
        ("orx-1000-s0", 2_944_987, 0.005),
        ("olist-1000-s0", 1_930_499, 0.001),
    ],
)
def test_is_close_to_the_known_optimum(
    name: str, optimum: int, over: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = SHARED / f"{name}.json.gz", tmp_path / "answer.json"

    main(["allocate", str(file), "--json", "--time-limit", "4", "--out", str(out)])

    summary = json.loads(capsys.readouterr().out)
    named = read_allocation(file)
    places = {name: w for w, name in enumerate(named.warehouses)}
    answer = [
        -1 if place is None else places[place]
        for order in json.loads(out.read_text())["orders"]
        for place in order["lines"]
    ]
    report = check(named.problem, np.array(answer), cost=summary["cost"])
    assert not report.violations
    assert summary["lower_bound"] <= optimum <= summary["cost"] <= optimum * (1 + over)
