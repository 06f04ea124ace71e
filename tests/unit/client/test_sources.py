"""Readers of sources, on small invented files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from orderhub_client.sources import SOURCES, SourceError, read_source
from orderhub_client.sources.generic_csv import SPELLINGS
from orderhub_client.sources.generic_json import payloads_of
from orderhub_client.sources.grouping import grouped
from orderhub_client.sources.online_retail import Place, payloads
from orderhub_client.sources.tables import read_rows
from orderhub_client.sources.text import utf8_lines

RETAIL_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def olist_folder(folder: Path) -> Path:
    files = {
        "orders.csv": "order_id,customer_id,order_status\no1,c1,delivered\no2,c9,shipped\n",
        "order_items.csv": (
            "order_id,product_id,seller_id,price\no1,p1,s1,10.90\no1,p1,s1,10.90\no1,p2,s1,1\n"
        ),
        "payments.csv": "order_id,payment_value\no1,22.80\n",
        "customers_geo.csv": "customer_id,lat,lng\nc1,-23.5,-46.6\n",
        "products.csv": "product_id,product_weight_g\np1,600.0\n",
        "sellers_geo.csv": "seller_id,lat,lng\ns1,-23.1,-46.1\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def bodies(lines: list[str], path: Path) -> list[bytes]:
    return [payload.body for payload in payloads_of(lines, path)]


def test_olist_brings_an_orders_rows_together(tmp_path: Path) -> None:
    first, second = read_source("olist", olist_folder(tmp_path))

    assert json.loads(first.body) == {
        "order": {"order_id": "o1", "customer_id": "c1", "order_status": "delivered"},
        "items": [
            {"order_id": "o1", "product_id": "p1", "seller_id": "s1", "price": "10.90"},
            {"order_id": "o1", "product_id": "p1", "seller_id": "s1", "price": "10.90"},
            {"order_id": "o1", "product_id": "p2", "seller_id": "s1", "price": "1"},
        ],
        "payments": [{"order_id": "o1", "payment_value": "22.80"}],
        "products": [{"product_id": "p1", "product_weight_g": "600.0"}],
        "customer": {"customer_id": "c1", "lat": "-23.5", "lng": "-46.6"},
    }
    assert json.loads(second.body) == {
        "order": {"order_id": "o2", "customer_id": "c9", "order_status": "shipped"},
        "items": [],
        "payments": [],
        "products": [],
    }


def test_online_retail_groups_an_invoice_whose_lines_lie_apart(tmp_path: Path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(
        f"{RETAIL_HEADER}\n"
        "1,A,x,2,2011-11-01 08:00:00,1.10,7,France\n"
        "2,B,y,1,2011-11-01 08:01:00,2,8,France\n"
        "1,A,x,2,2011-11-01 08:00:00,1.10,7,France\n",
        encoding="utf-8",
    )

    found = list(payloads(path, lambda row: Place(1.5, 2.5, "district")))

    assert [p.lane for p in found] == ["8", "7"]
    assert [len(json.loads(p.body)["rows"]) for p in found] == [1, 2]
    assert json.loads(found[0].body)["location"] == {
        "lat": 1.5,
        "lng": 2.5,
        "precision": "district",
    }


def test_a_customers_cancellation_shares_the_lane_of_the_order(tmp_path: Path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(
        f"{RETAIL_HEADER}\n"
        "1,A,x,2,2011-11-01 08:00:00,1.10,7,France\n"
        "C2,A,x,-2,2011-11-01 09:00:00,1.10,7,France\n",
        encoding="utf-8",
    )

    first, second = read_source("online_retail", path)

    assert first.lane == second.lane


def test_generic_csv_keeps_versions_of_an_order_apart(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "shop,external_order_id,modified_at,sku\na,1,t1,X\na,1,t1,Y\na,1,t2,X\nb,1,t1,X\n",
        encoding="utf-8",
    )

    found = [json.loads(p.body)["rows"] for p in read_source("generic_csv", path)]

    assert [[row["sku"] for row in rows] for rows in found] == [["X", "Y"], ["X"], ["X"]]


def test_generic_csv_finds_the_order_in_any_spelling(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("店铺,Order ID,SKU\na,1,X\na,2,Y\na,1,Z\n", encoding="utf-8")

    found = list(read_source("generic_csv", path))

    assert [[row["SKU"] for row in json.loads(p.body)["rows"]] for p in found] == [
        ["Y"],
        ["X", "Z"],
    ]
    assert [p.lane for p in found] == ["a/2", "a/1"]


def test_generic_csv_spells_columns_as_the_channels_mapping_does() -> None:
    root = Path(__file__).parents[3]
    mapping = YAML(typ="safe").load(root / "services/intake/channels/generic_csv/mapping.yaml")

    assert {name: tuple(mapping["columns"][name]) for name in SPELLINGS} == SPELLINGS


def test_generic_csv_without_an_order_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("sku,qty\nX,1\n", encoding="utf-8")

    with pytest.raises(SourceError, match="no column that names the order: external_order_id"):
        list(read_source("generic_csv", path))


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1.10}\n\n{"b": 2}\n',
        '[{"a": 1.10},\n {"b": 2}]',
        '\n\n [ {"a": 1.10} , {"b": 2} ]\n',
    ],
)
def test_json_is_kept_to_the_byte_whatever_holds_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.json"
    path.write_text(text, encoding="utf-8")

    found = [p.body for p in read_source("generic_json", path)]

    assert found == [b'{"a": 1.10}', b'{"b": 2}']


def test_one_object_over_many_lines_is_one_order(tmp_path: Path) -> None:
    assert bodies(['{"a":\n', "1}\n"], tmp_path) == [b'{"a":\n1}']


def test_an_empty_file_has_no_orders(tmp_path: Path) -> None:
    assert bodies(["\n", "  \n"], tmp_path) == []
    assert bodies(["[ ]"], tmp_path) == []


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('{"a": 1}\n{"b": }\n', 2, "not JSON"),
        ('{"a": 1}\n[2]\n', 2, "an order is a JSON object"),
        ('[{"a": 1},\n 7]', 2, "an order is a JSON object"),
        ('[{"a": 1}\n {"b": 2}]', 2, "missing after the order"),
        ('[{"a": 1},\n]', 2, "an order is missing"),
        ('[{"a": 1}]\n[]', 2, "follows the end"),
        ('{"a": 1} x\n', 1, "follows the end"),
        ("order_id,sku\n1,2\n", 1, "not JSON"),
        ('[{"a": 1}', 1, "missing after the order"),
    ],
)
def test_names_the_line_of_bad_json(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        bodies(text.splitlines(keepends=True), tmp_path / "x.json")

    assert caught.value.line == line


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3))))
def test_an_array_and_lines_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, orders: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "x.json"
    lines = [json.dumps(order) + "\n" for order in orders]

    from_lines = bodies(lines, path)
    from_array = bodies([json.dumps(orders, indent=1)], path)

    assert [json.loads(b) for b in from_lines] == orders
    assert [json.loads(b) for b in from_array] == orders


def test_names_the_line_and_byte_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(b"name\nplain\ncaf\xe9\n")

    with pytest.raises(SourceError, match=r"latin\.csv:3: byte 4 .*0xe9.*not UTF-8") as caught:
        list(utf8_lines(path))

    assert caught.value.line == 3


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes("\ufefforder_id\n1\n".encode())

    assert [row.values for row in read_rows(path, ["order_id"])] == [{"order_id": "1"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a,b\n1\n", "1 values for 2 columns"),
        ("a,b\n1,2,3\n", "3 values for 2 columns"),
        ("b\n1\n", "has no column 'a'"),
        ("a,a\n1,2\n", "names the column 'a' twice"),
        ('a\n"open\n', "not readable as CSV"),
    ],
)
def test_refuses_a_table_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SourceError, match=said):
        list(read_rows(path, ["a"]))


@pytest.mark.parametrize("name", SOURCES)
def test_says_that_a_source_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match=r"no such file|is no folder"):
        list(read_source(name, tmp_path / "absent"))


@given(st.lists(st.sampled_from("abcd")))
def test_grouping_keeps_every_row_and_its_order(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "groups.csv"
    path.write_text(
        "key,number\n" + "".join(f"{key},{n}\n" for n, key in enumerate(keys)), encoding="utf-8"
    )

    groups = list(grouped(path, lambda row: row["key"], ["key"]))

    assert {g.key: [int(row["number"]) for row in g.rows] for g in groups} == {
        key: [n for n, other in enumerate(keys) if other == key] for key in set(keys)
    }
    assert len(groups) == len(set(keys))


def test_the_same_payload_has_the_same_request_id_and_no_other_has(tmp_path: Path) -> None:
    folder = olist_folder(tmp_path)

    once = [p.request_id for p in read_source("olist", folder)]
    twice = [p.request_id for p in read_source("olist", folder)]

    assert once == twice
    assert len(set(once)) == 2
    assert all(len(request_id) <= 128 for request_id in once)
