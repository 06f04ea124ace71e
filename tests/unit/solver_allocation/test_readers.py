"""Allocation files: read exactly, or refused in one sentence naming the field."""

from __future__ import annotations

import copy
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from solver.__main__ import main
from solver.allocation.readers import read_allocation
from solver.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT: dict[str, Any] = {
    "max_parcels_per_order": 2,
    "split_cost": 50,
    "warehouses": [
        {"id": "W00", "lat": 1.5, "lng": 2.5, "parcel_capacity": 3},
        {"id": "W01", "parcel_capacity": 4},
    ],
    "stock": [
        {"warehouse": "W01", "sku": "A", "qty": 2},
        {"warehouse": "W00", "sku": "B", "qty": 1},
    ],
    "orders": [
        {
            "id": "O1",
            "parcel_cost": [10, 20],
            "lines": [
                {"sku": "A", "qty": 1, "unfilled_cost": 900, "line_cost": [1, 2]},
                {"sku": "B", "qty": 1, "unfilled_cost": 800, "line_cost": [3, 4]},
            ],
        },
        {
            "id": "O2",
            "parcel_cost": [30, 40],
            "lines": [{"sku": "C", "qty": 5, "unfilled_cost": 700, "line_cost": [5, 6]}],
        },
    ],
}


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "batch.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def changed(path: list[str | int], value: object) -> str:
    document = copy.deepcopy(DOCUMENT)
    at = document
    for key in path[:-1]:
        at = at[key]  # type: ignore[index]  # a path into JSON
    if value is None:
        del at[path[-1]]  # type: ignore[arg-type]  # as above
    else:
        at[path[-1]] = value  # type: ignore[index]  # as above
    return json.dumps(document)


def test_reads_names_stock_and_costs(tmp_path: Path) -> None:
    named = read_allocation(written(tmp_path, json.dumps(DOCUMENT)))

    assert named.warehouses == ("W00", "W01")
    assert named.orders == ("O1", "O2")
    assert named.skus == ("A", "B", "C")
    assert named.problem.stock.tolist() == [[0, 1, 0], [2, 0, 0]]
    assert named.problem.order_ptr.tolist() == [0, 2, 3]
    assert named.problem.line_cost.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_reads_separation_rules(tmp_path: Path) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["orders"][0]["may_split"] = False
    document["orders"][0]["lines"][1]["allowed"] = [False, True]

    named = read_allocation(written(tmp_path, json.dumps(document)))

    assert named.problem.may_split.tolist() == [False, True]
    assert named.problem.allowed.tolist() == [[True, True], [False, True], [True, True]]


def test_gzip_is_recognised_by_content(tmp_path: Path) -> None:
    plain = read_allocation(written(tmp_path, json.dumps(DOCUMENT)))

    zipped = read_allocation(written(tmp_path, gzip.compress(json.dumps(DOCUMENT).encode())))

    assert zipped.problem.stock.tolist() == plain.problem.stock.tolist()


LINE = ["orders", 0, "lines", 0]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("split_cost", changed(["split_cost"], None)),
        ("warehouses", changed(["warehouses"], None)),
        ("orders", changed(["orders"], {"id": 1})),
        ("max_parcels_per_order", changed(["max_parcels_per_order"], 0)),
        ("warehouses[1].id", changed(["warehouses", 1, "id"], "W00")),
        ("warehouses[0].parcel_capacity", changed(["warehouses", 0, "parcel_capacity"], -1)),
        ("stock[0].warehouse", changed(["stock", 0, "warehouse"], "W77")),
        ("stock[0].qty", changed(["stock", 0, "qty"], -3)),
        ("stock[1]", changed(["stock", 1], {"warehouse": "W01", "sku": "A", "qty": 1})),
        ("orders[1].id", changed(["orders", 1, "id"], "O1")),
        ("orders[0].id", changed(["orders", 0, "id"], [])),
        ("orders[0].parcel_cost", changed(["orders", 0, "parcel_cost"], [1])),
        ("orders[0].parcel_cost[1]", changed(["orders", 0, "parcel_cost"], [1, 2.5])),
        ("orders[0].lines", changed(["orders", 0, "lines"], None)),
        ("orders[0].lines[0].qty", changed([*LINE, "qty"], 0)),
        ("orders[0].lines[0].qty", changed([*LINE, "qty"], True)),
        ("orders[0].lines[0].qty", changed([*LINE, "qty"], "7")),
        ("orders[0].lines[0].unfilled_cost", changed([*LINE, "unfilled_cost"], 10**30)),
        ("orders[0].lines[0].line_cost", changed([*LINE, "line_cost"], [1, 2, 3])),
        ("orders[0].lines[0].line_cost[0]", changed([*LINE, "line_cost"], [-1, 2])),
        ("orders[0].lines[0].allowed[0]", changed([*LINE, "allowed"], [1, True])),
        ("orders[0].may_split", changed(["orders", 0, "may_split"], 1)),
        ("line_qty", changed([*LINE, "qty"], 2**40)),
    ],
)
def test_refuses_by_field(field: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputFileError) as caught:
        read_allocation(written(tmp_path, text))

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("says", "text"),
    [
        ("not JSON", "{"),
        ("not JSON", ""),
        ("not JSON", '{"split_cost": ' + "9" * 5000 + "}"),
        ("NaN", '{"split_cost": NaN}'),
        ("must be an object", "[1, 2]"),
        ("not UTF-8", b'{"id": "\xe9\xe9"}'),
        ("nested too deep", "[" * 200_000),
        ("gzip", gzip.compress(b"{}" * 100)[:-6]),
        ("gzip", b"\x1f\x8b\x08garbage-garbage-garbage"),
    ],
)
def test_a_broken_file_ends_in_one_sentence_and_code_2(
    says: str, text: str | bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["allocate", str(written(tmp_path, text))])

    said = capsys.readouterr().err
    assert code == 2
    assert says in said
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def test_a_gzip_bomb_is_cut_off(tmp_path: Path) -> None:
    bomb = written(tmp_path, gzip.compress(b" " * 5_000_000))

    with pytest.raises(InputFileError, match="more than 1000000 bytes"):
        read_allocation(bomb, largest=1_000_000)


def test_a_missing_file_and_a_folder_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [main(["allocate", str(tmp_path / "absent.json")]), main(["allocate", str(tmp_path)])]

    assert codes == [2, 2]
    assert "Traceback" not in capsys.readouterr().err
