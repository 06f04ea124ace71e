"""`python -m solver routes`: what it prints, writes and returns."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from solver.__main__ import main
from solver.routing.readers import read_instance

if TYPE_CHECKING:
    from pathlib import Path

TINY = """TINY

VEHICLE
NUMBER     CAPACITY
  2         {capacity}

CUSTOMER
CUST NO.   XCOORD.   YCOORD.   DEMAND    READY TIME   DUE DATE   SERVICE TIME

    0      0         0          0          0        100          0
    7      3         4          5          0         50          2
    9      1         1          6          0         60          2
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.txt"
    path.write_text(TINY.format(capacity=20))
    return path


def routes(*arguments: object) -> int:
    return main(["routes", *map(str, arguments), "--time-limit", "0.3"])


def test_json_holds_the_summary(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = routes(tiny, "--json")

    summary = json.loads(capsys.readouterr().out)
    assert code == 0
    assert summary["cost"] == 10.0  # 5.0 out, 3.6 across, 1.4 back
    assert summary["checked"] is True
    assert summary["distance"] == "dimacs"
    assert summary["unserved"] == []
    assert summary["lower_bound"] <= summary["cost"]
    assert {"bound_kind", "gap", "seconds", "first_feasible_s", "engine"} <= summary.keys()
    assert sorted(n for route in summary["routes"] for n in route["stops"]) == [7, 9]


def test_out_holds_the_file_s_own_numbers(tiny: Path, tmp_path: Path) -> None:
    routes(tiny, "--out", tmp_path / "answer.json")

    (route,) = json.loads((tmp_path / "answer.json").read_text())["routes"]
    assert route["depot"] == 0
    assert sorted(route["stops"]) == [7, 9]


def test_trace_ends_with_the_cost(tiny: Path, tmp_path: Path) -> None:
    routes(tiny, "--trace", tmp_path / "trace.txt")

    lines = (tmp_path / "trace.txt").read_text().splitlines()
    assert lines
    seconds, cost = lines[-1].split()
    assert float(seconds) >= 0
    assert float(cost) == 10.0


def test_without_json_it_prints_a_table(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    routes(tiny)

    said = capsys.readouterr().out
    assert "TINY: cost 10.0 (dimacs distances), 1 routes, 0 not served" in said
    assert "proven lower bound" in said


@pytest.mark.parametrize("engine", ["auto", "pyvrp", "ortools"])
def test_each_engine_answers(engine: str, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = routes(tiny, "--engine", engine, "--json", "--seed", "3")

    assert code == 0
    assert json.loads(capsys.readouterr().out)["cost"] == 10.0


def test_no_feasible_plan_is_exit_code_1_and_says_why(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.write_text(TINY.format(capacity=5))

    code = routes(tiny, "--json")

    summary = json.loads(capsys.readouterr().out)
    assert code == 1
    assert summary["gap"] is None
    assert summary["unserved"] == [
        {
            "stop": 9,
            "reason": "EXCEEDS_CAPACITY",
            "sentence": "Its load of 6 in dimension 0 is more than the 5 of the largest vehicle "
            "allowed for it.",
        }
    ]


def test_bad_input_is_exit_code_2_and_one_sentence(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.write_text(TINY.format(capacity="nan"))

    code = routes(tiny, "--json")

    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err == f"error: {tiny}:5: CAPACITY: 'nan' is not a usable number\n"


def test_an_answer_that_cannot_be_written_is_exit_code_2(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = routes(tiny, "--out", tmp_path / "absent" / "answer.json")

    assert code == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["routes"],
        ["routes", "x", "--time-limit", "0"],
        ["routes", "x", "--time-limit", "nan"],
        ["routes", "x", "--seed", "-1"],
        ["routes", "x", "--workers", "0"],
        ["routes", "x", "--engine", "magic"],
        ["routes", "x", "--distance", "far"],
    ],
)
def test_bad_options_are_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_two_workers_from_the_command_line(tiny: Path) -> None:
    command = [sys.executable, "-m", "solver", "routes", str(tiny)]

    done = subprocess.run(
        [*command, "--workers", "2", "--time-limit", "4", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.returncode == 0
    assert json.loads(done.stdout)["cost"] == 10.0


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "name",
    [
        "solomon/R104.txt",
        "x/X-n101-k25.vrp",
        "li_lim/lc101.txt",
        "mdvrptw/PR11A.vrp",
        "ortec/ORTEC-VRPTW-ASYM-05362619-d1-n212-k20.txt",
    ],
)
def test_answers_cost_what_they_say(
    name: str, shared_routing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The written answer, priced anew over the file's matrix, costs what was printed."""
    out = tmp_path / "answer.json"

    code = routes(shared_routing / name, "--json", "--out", out)

    printed = json.loads(capsys.readouterr().out)["cost"]
    instance = read_instance(shared_routing / name)
    legs = instance.problem.profiles[0].distance
    place = {place.id: row for row, place in enumerate(instance.problem.locations)}
    cost, served = 0, []
    for route in json.loads(out.read_text())["routes"]:
        way = [place[str(n)] for n in (route["depot"], *route["stops"], route["depot"])]
        cost += int(legs[way[:-1], way[1:]].sum())
        served += route["stops"]
    assert code == 0
    assert sorted(served) == sorted(instance.visit_numbers)
    assert instance.distance.reported(cost) == printed
