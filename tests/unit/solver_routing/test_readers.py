"""Benchmark files: what is read, in which convention, and what is refused."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
import vrplib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.errors import InputFileError
from solver.routing.readers import read_instance
from solver.routing.readers.conventions import Distance

if TYPE_CHECKING:
    from pathlib import Path

SOLOMON = """TINY

VEHICLE
NUMBER     CAPACITY
  2         20

CUSTOMER
CUST NO.   XCOORD.   YCOORD.   DEMAND    READY TIME   DUE DATE   SERVICE TIME

    0      0         0          0          0        100          0
    7      3         4          5          10        50          2
    9      1         1          6          0         60          2
"""

LI_LIM = """2\t20\t1
0\t0\t0\t0\t0\t100\t0\t0\t0
1\t3\t4\t5\t0\t50\t2\t0\t2
2\t1\t1\t-5\t0\t60\t2\t1\t0
"""

VRP = """NAME : tiny
TYPE : CVRP
DIMENSION : 3
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 20
NODE_COORD_SECTION
2 3 4
5 0 0
9 1 1
DEMAND_SECTION
5 0
2 5
9 6
DEPOT_SECTION
5
-1
EOF
"""

EXPLICIT = """NAME : tiny
TYPE : VRPTW
DIMENSION : 3
VEHICLES : 2
CAPACITY : 20
EDGE_WEIGHT_TYPE : EXPLICIT
EDGE_WEIGHT_FORMAT : FULL_MATRIX
EDGE_WEIGHT_SECTION
0 5 7
6 0 4
8 3 0
DEMAND_SECTION
1 0
2 5
3 6
TIME_WINDOW_SECTION
1 0 100
2 10 50
3 0 60
SERVICE_TIME_SECTION
1 0
2 9
3 8
DEPOT_SECTION
1
-1
EOF
"""

FILES = {"solomon": SOLOMON, "li-lim": LI_LIM, "vrplib": VRP, "explicit": EXPLICIT}


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_solomon_keeps_its_customer_numbers_and_truncates(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, SOLOMON))

    assert instance.distance is Distance.DIMACS
    assert instance.visit_numbers == (7, 9)
    assert instance.depot_numbers == (0,)
    assert instance.problem.profiles[0].distance.tolist() == [[0, 50, 14], [50, 0, 36], [14, 36, 0]]
    assert instance.problem.stops[0].windows[0].opens_s == 100
    assert instance.problem.vehicle_types[0].count == 2


def test_li_lim_pairs_its_tasks(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, LI_LIM))

    assert instance.distance is Distance.EXACT
    assert instance.visit_numbers == (1, 2)
    assert instance.problem.shipments[0].load == (5,)
    assert instance.problem.profiles[0].distance[0, 1] == 5000


def test_vrplib_keeps_its_node_numbers_whatever_their_order(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, VRP))

    assert instance.distance is Distance.ROUND
    assert instance.depot_numbers == (5,)
    assert instance.visit_numbers == (2, 9)
    assert [stop.delivery for stop in instance.problem.stops] == [(5,), (6,)]
    assert instance.problem.depots[0].location == 1
    assert instance.problem.vehicle_types[0].count == 2


def test_explicit_matrices_stay_as_they_are(tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, EXPLICIT))

    assert instance.distance is Distance.NONE
    assert instance.problem.profiles[0].travel_s.tolist() == [[0, 5, 7], [6, 0, 4], [8, 3, 0]]
    assert instance.problem.stops[0].service_s == 9


@pytest.mark.parametrize(
    ("form", "cells"),
    [
        ("LOWER_ROW", "5\n7 4"),
        ("UPPER_ROW", "5 7\n4"),
        ("LOWER_DIAG_ROW", "0\n5 0\n7 4 0"),
        ("UPPER_DIAG_ROW", "0 5 7\n0 4\n0"),
        ("FULL_MATRIX", "999 5 7\n5 999 4 7 4\n999"),
    ],
)
def test_reads_triangles_and_streams_of_numbers(form: str, cells: str, tmp_path: Path) -> None:
    text = EXPLICIT.replace("FULL_MATRIX", form).replace("0 5 7\n6 0 4\n8 3 0", cells)

    instance = read_instance(written(tmp_path, text))

    assert instance.problem.profiles[0].distance.tolist() == [[0, 5, 7], [5, 0, 4], [7, 4, 0]]


@pytest.mark.parametrize("convention", [Distance.DIMACS, Distance.ROUND, Distance.EXACT])
def test_a_convention_that_is_asked_for_is_used(convention: Distance, tmp_path: Path) -> None:
    instance = read_instance(written(tmp_path, VRP), convention)

    root_two = {"dimacs": 14, "round": 1, "exact": 1414}[convention.value]
    assert instance.problem.profiles[0].distance[1, 2] == root_two


REFUSED = [
    ("nothing", b"", None, "empty"),
    ("blank lines", b"\n  \n", None, "empty"),
    ("not text", b"NAME : \xff\xfe\nDIMENSION : 3\n", 1, "UTF-8"),
    ("prose", b"Dear Sir,\nplease plan this.\n", None, "none of the formats"),
    ("numbers only", b"1 2 3 4\n5 6 7 8\n", None, "none of the formats"),
    ("huge DIMENSION", VRP.replace("DIMENSION : 3", "DIMENSION : 999999999"), 3, "DIMENSION"),
    ("DIMENSION no number", VRP.replace("DIMENSION : 3", "DIMENSION : many"), 3, "DIMENSION"),
    ("DIMENSION missing", VRP.replace("DIMENSION : 3\n", ""), None, "DIMENSION"),
    ("negative DIMENSION", VRP.replace("DIMENSION : 3", "DIMENSION : -3"), 3, "DIMENSION"),
    ("NaN coordinate", VRP.replace("2 3 4", "2 nan 4"), 7, "nan"),
    ("infinite coordinate", VRP.replace("2 3 4", "2 3 1e400"), 7, "1e400"),
    ("row too short", VRP.replace("2 3 4", "2 3"), 7, "columns"),
    ("rows missing", VRP.replace("9 1 1\n", ""), 6, "DIMENSION is 3"),
    ("node twice", VRP.replace("9 1 1", "2 1 1"), 9, "twice"),
    ("unknown depot", VRP.replace("\n5\n-1", "\n77\n-1"), 15, "77"),
    ("no depot section", VRP.replace("DEPOT_SECTION\n5\n-1\n", ""), None, "DEPOT_SECTION"),
    ("no demand section", VRP[: VRP.index("DEMAND")] + VRP[VRP.index("DEPOT") :], None, "DEMAND"),
    ("negative demand", VRP.replace("9 6", "9 -6"), 13, "less than 0"),
    ("fractional demand", VRP.replace("9 6", "9 6.5"), 13, "whole"),
    ("demand missing", VRP.replace("9 6\n", ""), 10, "node 9"),
    ("no capacity", VRP.replace("CAPACITY : 20\n", ""), None, "CAPACITY"),
    ("unknown section", VRP.replace("EOF", "BACKHAUL_SECTION\n1 1\nEOF"), 17, "not served"),
    ("unknown key", VRP.replace("CAPACITY", "FRAGILITY : 1\nCAPACITY"), 5, "not served"),
    ("unknown type", VRP.replace("TYPE : CVRP", "TYPE : TSP"), 2, "TSP"),
    ("unknown weights", VRP.replace("EUC_2D", "GEO"), 4, "GEO"),
    ("matrix too small", EXPLICIT.replace("8 3 0\n", ""), 8, "entries"),
    ("matrix too large", EXPLICIT.replace("8 3 0", "8 3 0 1"), 11, "more than 9"),
    ("matrix with a word", EXPLICIT.replace("8 3 0", "8 x 0"), 11, "'x'"),
    ("negative leg", EXPLICIT.replace("8 3 0", "8 -3 0"), 11, "negative"),
    ("fractional leg", EXPLICIT.replace("8 3 0", "8 3.5 0"), 11, "whole"),
    ("window reversed", EXPLICIT.replace("2 10 50", "2 50 10"), 18, "opens after"),
    ("negative service", EXPLICIT.replace("2 9", "2 -9"), 22, "negative"),
    ("no vehicles", EXPLICIT.replace("VEHICLES : 2", "VEHICLES : 0"), 4, "VEHICLES"),
    ("two depots, no homes", EXPLICIT.replace("\n1\n-1", "\n1\n2\n-1"), None, "VEHICLES_DEPOT"),
    ("customer twice", SOLOMON.replace("    9  ", "    7  "), 12, "twice"),
    ("due before ready", SOLOMON.replace("10        50", "51        50"), 11, "READY"),
    ("a column short", SOLOMON.replace("0         60          2", "0         60"), 12, "columns"),
    ("no customers", SOLOMON[: SOLOMON.index("    0 ")], 8, "CUSTOMER"),
    ("no vehicle section", SOLOMON.replace("VEHICLE", "TRUCK"), 12, "VEHICLE"),
    ("fleet no number", SOLOMON.replace("  2         20", "  two        20"), 5, "NUMBER"),
    ("partner that is absent", LI_LIM.replace("2\t0\t2\n", "2\t0\t8\n"), 3, "task 8"),
    ("partner of another", LI_LIM.replace("2\t1\t0\n", "2\t2\t0\n"), 3, "name it back"),
    ("loads that differ", LI_LIM.replace("\t-5\t", "\t-4\t"), 3, "DEMAND"),
    ("neither pickup nor delivery", LI_LIM.replace("2\t0\t2\n", "2\t0\t0\n"), 3, "exactly one"),
]


@pytest.mark.parametrize(
    ("text", "line", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refuses_hostile_files_in_one_sentence(
    text: str | bytes, line: int | None, said: str, tmp_path: Path
) -> None:
    path = written(tmp_path, text)

    with pytest.raises(InputFileError) as caught:
        read_instance(path)

    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.line == line


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="No such file"):
        read_instance(tmp_path / "absent.vrp")


@pytest.mark.parametrize("name", FILES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=st.integers(0, 10**9))
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    name: str, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    separator = chance.choice(["\n", " ", ""])
    parts = FILES[name].split(separator) if separator else list(FILES[name])
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(parts))
        damage = ["", "-1", "nan", "9" * 20, "x", "\n", ":", "\x00", "EOF", parts[at] * 2]
        parts[at] = chance.choice(damage)
    path = written(tmp_path, separator.join(parts))

    with contextlib.suppress(InputFileError):
        instance = read_instance(path)
        assert instance.problem.visits.count == len(instance.visit_numbers)


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["x/X-n101-k25.vrp", "mdvrptw/PR11A.vrp", "gh1000/C1_10_2.vrp"])
def test_agrees_with_the_vrplib_package(name: str, shared_routing: Path) -> None:
    other = vrplib.read_instance(str(shared_routing / name))

    instance = read_instance(shared_routing / name)

    visits = instance.problem.visits
    customers = visits.location
    legs = instance.distance.integers(other["edge_weight"])
    assert np.array_equal(instance.problem.profiles[0].distance, legs)
    assert np.array_equal(visits.from_depot[:, 0], other["demand"][customers])
    if "time_window" in other:
        windows = instance.distance.integers(np.asarray(other["time_window"], dtype=float))
        assert np.array_equal(visits.opens_s, windows[customers, 0])
        assert np.array_equal(visits.closes_s, windows[customers, 1])
