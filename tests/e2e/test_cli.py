"""The command line against a real hub: what people type, what they read, and the exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub_client.cli import main
from orderhub_client.client import OrderHub
from orderhub_client.health import not_serving
from orderhub_client.hub import read_hub_file
from tests.e2e import olist_like
from tests.e2e.running import REPO, RunningHub, running_hub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORDERS = 120
SUMMARY_KEYS = {
    "orders_in",
    "accepted",
    "updated",
    "duplicates",
    "quarantined",
    "by_state",
    "by_reason",
    "events",
    "seconds",
    "orders_per_s",
    "allocation",
    "routes",
}


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Typist:
    """Types commands against one hub and reads what comes out."""

    def __init__(self, hub: RunningHub, capsys: pytest.CaptureFixture[str]) -> None:
        self._hub = hub
        self._capsys = capsys

    def type(self, *words: object) -> Said:
        self._capsys.readouterr()
        code = main([*map(str, words), "--hub", str(self._hub.data)])
        heard = self._capsys.readouterr()
        assert "Traceback" not in heard.err
        return Said(code, heard.out, heard.err)


def order(number: str, **changes: object) -> dict[str, object]:
    return {
        "external_order_id": number,
        "placed_at": "2026-01-05T10:00:00+08:00",
        "customer_id": f"c-{number}",
        "currency": "CNY",
        "status": "paid",
        "lines": [{"sku": "CLI-1", "quantity": 1, "unit_price": "20.00"}],
        "recipient": {"name": "张三", "phone": "13800138000", "street": "南京西路 100 号 3 栋 501"},
        "destination": {
            "province": "上海市",
            "city": "上海市",
            "district": "静安区",
            "location": {"lat": 31.23, "lng": 121.45, "precision": "door"},
        },
    } | changes


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    folder = tmp_path_factory.mktemp("hub")
    with running_hub(folder, "") as running:
        yield running


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return olist_like.write(tmp_path_factory.mktemp("olist"), ORDERS)


@pytest.fixture
def typist(
    hub: RunningHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Typist:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    return Typist(hub, capsys)


@pytest.fixture
def ran(typist: Typist, source: Path) -> Any:
    said = typist.type("run", "--source", "olist", source, "--plan-seconds", 1, "--json")
    assert said.code == 0, said.err
    return said.json


@pytest.fixture
def sku(typist: Typist, tmp_path: Path) -> str:
    """A SKU of which a warehouse in Shanghai has plenty."""
    files = {
        "skus": [{"sku": "CLI-1", "weight_g": 500}],
        "warehouses": [
            {
                "warehouse_id": "SH",
                "location": {"lat_e7": 312300000, "lng_e7": 1214700000, "datum": "DATUM_WGS84"},
                "tariff": {"currency": "CNY", "base_minor": 500},
            }
        ],
    }
    for noun, entries in files.items():
        path = tmp_path / f"{noun}.json"
        path.write_text(json.dumps(entries), encoding="utf-8")
        assert typist.type(noun, "put", path).code == 0
    assert typist.type("skus", "name", "generic_json", "CLI-1", "CLI-1").code == 0
    said = typist.type("stock", "receive", "SH", "CLI-1", 1000, "--request-id", "cli-e2e")
    assert said.code == 0, said.err
    return "CLI-1"


def submitted(typist: Typist, tmp_path: Path, *orders: dict[str, object]) -> Any:
    path = tmp_path / "orders.json"
    path.write_text(json.dumps(orders), encoding="utf-8")
    said = typist.type("submit", path, "--wait", 30, "--json")
    assert said.code == 0, said.out + said.err
    return said.json


def test_a_run_says_what_became_of_everything_and_a_second_one_changes_nothing(
    typist: Typist, source: Path, ran: Any
) -> None:
    stock = typist.type("stock", "show", "--json").json["totals"]

    again = typist.type("run", "--source", "olist", source, "--plan-seconds", 1, "--json").json

    assert set(again) >= SUMMARY_KEYS
    for summary in (ran, again):
        assert (
            summary["orders_in"]
            == ORDERS
            == sum(summary[key] for key in ("accepted", "updated", "duplicates", "quarantined"))
        )
        assert sum(summary["by_state"].values()) == ORDERS
    assert again["accepted"] == 0
    assert again["orders_per_s"] is None
    assert again["routes"]["plans"] >= 1
    assert [p["plan_id"] for p in again["routes"]["by_warehouse"]] == [
        p["plan_id"] for p in ran["routes"]["by_warehouse"]
    ]
    for key in ("by_state", "by_reason", "events", "allocation"):
        assert again[key] == ran[key]
    assert typist.type("stock", "show", "--json").json["totals"] == stock


def test_an_order_shows_every_event_and_why(typist: Typist, ran: Any) -> None:
    found = typist.type("orders", "list", "--channel", "olist", "--state", "allocated", "--json")
    record = found.json[0]
    number = record["order"]["order_number"]

    story = typist.type("orders", "show", number, "--json").json
    shown = typist.type("orders", "show", f"olist/{record['order']['external_order_id']}").out

    assert [event["sequence"] for event in story["events"]] == list(
        range(1, story["record"]["event_count"] + 1)
    )
    assert story["allocation"]["chosen"]["cost"]["amount_minor"] == sum(
        term["amount_minor"] for term in story["allocation"]["chosen"]["terms"]
    )
    assert story["shipments"]
    for word in (number, "Decision", "Allocation", "chosen", "Shipments", "order.accepted"):
        assert word in shown
    assert "张三" not in shown


def test_a_decision_shows_every_comparison(typist: Typist, ran: Any) -> None:
    listed = typist.type("orders", "list", "--channel", "olist", "--limit", 1, "--json").json
    number = listed[0]["order"]["order_number"]

    said = typist.type("rules", "explain", number)

    assert said.code == 0
    assert "order.amount > params.review_amount" in said.out


def test_a_plan_shows_routes_cost_and_bound(typist: Typist, ran: Any) -> None:
    plan_id = ran["routes"]["by_warehouse"][0]["plan_id"]

    plan = typist.type("plan", "show", plan_id, "--json").json
    shown = typist.type("plan", "show", plan_id).out

    assert plan["checked"] is True
    assert plan["cost"] >= plan["lower_bound"] > 0
    assert (
        sum(len(route["stops"]) for route in plan["routes"]) + len(plan["unserved"])
        == (plan["stop_count"])
    )
    assert "yes, by the independent checker" in shown
    assert typist.type("plan", "cancel", plan_id).code == 0


def test_a_problem_of_ones_own_is_planned_and_watched(typist: Typist, tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    problem = {
        "stops": [{"stop_id": "a", "weight_g": 5}, {"stop_id": "b", "weight_g": 500}],
        "vehicles": [{"vehicle_id": "v", "count": 1, "capacity_g": 10}],
        "matrix": {"travel_s": [[0, 5, 5], [5, 0, 5], [5, 5, 0]]},
    }
    path.write_text(json.dumps(problem), encoding="utf-8")

    valid = typist.type("plan", "create", "--problem", path, "--validate", "--json")
    plan = typist.type("plan", "create", "--problem", path, "--seconds", 1, "--watch", "--json")

    assert valid.json == {"valid": True}
    assert plan.json["state"] == "DONE"
    assert [stop["stop_id"] for stop in plan.json["routes"][0]["stops"]] == ["a"]
    assert plan.json["unserved"][0]["reason"] == "EXCEEDS_CAPACITY"


def test_a_matrix_of_the_wrong_shape_is_refused_by_name(typist: Typist, tmp_path: Path) -> None:
    path = tmp_path / "problem.json"
    problem = {
        "stops": [{"stop_id": "a"}],
        "vehicles": [{"vehicle_id": "v", "count": 1}],
        "matrix": {"travel_s": [[0, 5, 5], [5, 0, 5], [5, 5, 0]]},
    }
    path.write_text(json.dumps(problem), encoding="utf-8")

    said = typist.type("plan", "create", "--problem", path)

    assert said.code == 4
    assert "MATRIX_SHAPE" in said.err
    assert "matrix" in said.err.splitlines()[1]


def test_a_held_order_goes_on_once_it_is_released(typist: Typist, sku: str, tmp_path: Path) -> None:
    dear = [{"sku": sku, "quantity": 1, "unit_price": "99999.00"}]
    (result,) = submitted(typist, tmp_path, order("dear", lines=dear))
    holds = typist.type("holds", "list", "--order", result["order_number"], "--json").json

    for hold in holds:
        released = typist.type("holds", "release", hold["hold_id"], "--comment", "called")
        assert released.code == 0, released.err

    assert result["state"] == "held"
    assert "HIGH_AMOUNT" in {hold["reason"] for hold in holds}
    assert at_rest(typist, result["order_number"])["state"] == "ALLOCATED"
    assert "called" in typist.type("orders", "show", result["order_number"]).out


def test_a_rejected_hold_is_final(typist: Typist, sku: str, tmp_path: Path) -> None:
    dear = [{"sku": sku, "quantity": 1, "unit_price": "88888.00"}]
    (result,) = submitted(typist, tmp_path, order("refused", lines=dear))
    hold = typist.type("holds", "list", "--order", result["order_number"], "--json").json[0]

    rejected = typist.type("holds", "reject", hold["hold_id"], "--comment", "no such house")
    again = typist.type("holds", "release", hold["hold_id"])

    assert rejected.code == 0, rejected.err
    assert at_rest(typist, result["order_number"])["state"] == "REJECTED"
    assert again.code == 4


def test_an_unpaid_order_is_paid_and_another_called_off(
    typist: Typist, sku: str, tmp_path: Path
) -> None:
    lines = [{"sku": sku, "quantity": 2, "unit_price": "20.00"}]
    paid, called_off = submitted(
        typist,
        tmp_path,
        order("to-pay", status="unpaid", lines=lines),
        order("to-cancel", status="unpaid", lines=lines),
    )

    pay = typist.type("orders", "pay", paid["order_number"], "40.00")
    cancel = typist.type("orders", "cancel", called_off["order_number"], "--reason", "twice")

    assert {paid["state"], called_off["state"]} == {"awaiting payment"}
    assert (pay.code, cancel.code) == (0, 0), pay.err + cancel.err
    assert "Paid so far: 40.00 CNY" in pay.out
    assert at_rest(typist, paid["order_number"])["state"] == "ALLOCATED"
    assert at_rest(typist, called_off["order_number"])["state"] == "CANCELLED"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"sku": "CLI-1", "quantity": -1, "unit_price": "1"}]}, "quantity"),
        ({"currency": "XXQ"}, "currency"),
        ({"placed_at": "9999-01-01T00:00:00Z"}, "placed_at"),
        ({"lines": [{"sku": "CLI-1", "quantity": 1, "unit_price": "1"}] * 501}, "lines"),
    ],
)
def test_bad_orders_are_kept_aside_naming_the_field(
    typist: Typist, sku: str, tmp_path: Path, changes: dict[str, object], field: str
) -> None:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(order(f"bad {field}", **changes)), encoding="utf-8")

    said = typist.type("submit", path, "--json")

    assert said.code == 1
    assert said.json[0]["outcome"] == "QUARANTINED"
    assert field in said.json[0]["field"]
    kept = typist.type("quarantine", "list", "--channel", "generic_json", "--json").json
    assert said.json[0]["quarantine_id"] in {entry["quarantine_id"] for entry in kept}


def test_a_payload_of_two_megabytes_is_refused_in_a_sentence(
    typist: Typist, tmp_path: Path
) -> None:
    path = tmp_path / "order.json"
    path.write_text(json.dumps(order("large", note="x" * 2_000_000)), encoding="utf-8")

    said = typist.type("submit", path, "--json")

    assert said.code == 1
    assert said.json[0]["outcome"] in {"REFUSED", "QUARANTINED"}
    assert "TOO_LARGE" in said.json[0]["reason"]


def test_stock_of_a_file_is_booked_once(typist: Typist, sku: str, tmp_path: Path) -> None:
    path = tmp_path / "delivery.csv"
    path.write_text(f"warehouse_id,sku,quantity,batch\nSH,{sku},5,B1\n", encoding="utf-8")

    for _ in range(2):
        assert typist.type("stock", "receive", "--file", path, "--json").json["quantity"] == 5
    typist.type(
        "stock", "adjust", "SH", sku, "--delta", "-2", "--reason", "damage", "--batch", "B1"
    )

    levels = typist.type("stock", "show", "--sku", sku, "--json").json["levels"]
    (level,) = (entry for entry in levels if entry["batch"] == "B1")
    assert (level["received"], level["adjusted"], level["available"]) == (5, -2, 3)


def test_what_is_not_there_is_code_4_with_a_reason(typist: Typist) -> None:
    for words in (
        ("orders", "show", "20200101000001"),
        ("plan", "show", "P-nothing"),
        ("holds", "release", "H-nothing"),
        ("rules", "explain", "20200101000001"),
    ):
        said = typist.type(*words)

        assert said.code == 4, words
        assert said.err.startswith("The hub refused: ")
        assert len(said.err.splitlines()) <= 3


def test_a_role_that_may_not_is_told_so(typist: Typist) -> None:
    said = typist.type("orders", "cancel", "20200101000001", "--role", "viewer")

    assert said.code == 4
    assert "--role" in said.err or "NOT_FOUND" in said.err


def test_refusals_come_in_the_language_asked_for(typist: Typist) -> None:
    assert "未找到" in typist.type("orders", "show", "20200101000001", "--lang", "zh").err


def test_the_rulebook_is_checked_here_and_by_the_hub_and_activated(typist: Typist) -> None:
    here = typist.type("rules", "check", REPO / "rules", "--json")
    there = typist.type("rules", "test", REPO / "rules", "--remote", "--json")
    books = typist.type("rules", "list", "--json").json
    activated = typist.type("rules", "activate", "--hash", books[0]["hash"], "--comment", "again")

    assert here.json["sound"] is True
    assert there.json["sound"] is True
    assert there.json["tests"]["failed"] == 0
    assert activated.code == 0, activated.err


def test_a_rule_file_with_an_unknown_field_is_code_1(typist: Typist, tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "a.yaml").write_text("colour: red\n", encoding="utf-8")

    here = typist.type("rules", "check", tmp_path)
    there = typist.type("rules", "check", tmp_path, "--remote")

    assert (here.code, there.code) == (1, 1)
    for said in (here, there):
        assert "orders/a.yaml:1:" in said.out


def test_events_are_numbered_without_gaps(typist: Typist, ran: Any) -> None:
    said = typist.type("events", "watch", "--until-now", "--json")

    events = [json.loads(line) for line in said.out.splitlines()]
    by_subject: dict[str, list[int]] = {}
    for event in events:
        by_subject.setdefault(event["subject"], []).append(event["sequence"])
    assert len(by_subject) >= ORDERS
    assert all(found == list(range(1, len(found) + 1)) for found in by_subject.values())


def test_lists_are_tables_for_people_and_json_for_programs(typist: Typist, ran: Any) -> None:
    for noun in ("skus", "warehouses", "vehicles", "orders", "exceptions", "quarantine", "holds"):
        table = typist.type(noun, "list", "--limit", 2)
        listed = typist.type(noun, "list", "--limit", 2, "--json")

        assert (table.code, listed.code) == (0, 0), noun
        assert isinstance(listed.json, list)
        assert len(listed.json) <= 2


def test_a_command_without_a_hub_starts_one_and_takes_it_away(tmp_path: Path) -> None:
    done = run_alone(["skus", "list", "--json"], tmp_path).communicate(timeout=200)

    assert done[0] == "[]\n", done[1]
    assert not (tmp_path / "data" / "hub.json").exists()
    assert (tmp_path / "data" / "hub.log").exists()


def test_ctrl_c_ends_a_run_in_a_word_and_the_hub_with_it(tmp_path: Path, source: Path) -> None:
    run = run_alone(["run", "--source", "olist", str(source), "--batch", "1"], tmp_path)
    hub_pid = wait_for_orders(tmp_path / "data")

    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)

    assert run.returncode == 130
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(hub_pid, 0)


def run_alone(words: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start the command line with a data folder in which no hub runs."""
    return subprocess.Popen(
        [sys.executable, "-m", "orderhub_client", *words],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "clients")]),
            "ORDERHUB_DATA_DIR": str(folder / "data"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPO,
    )


def wait_for_orders(folder: Path) -> int:
    """Return the hub's process id once it has taken orders in."""
    give_up = time.monotonic() + 200
    while time.monotonic() < give_up:
        addresses = read_hub_file(folder)
        if addresses is not None and not not_serving(addresses):
            with OrderHub(addresses) as client:
                request = intake_v1.CountOrdersRequest()
                if client.call(client.intake.CountOrders, request).orders:
                    return int(json.loads((folder / "hub.json").read_text())["pid"])
        time.sleep(0.05)
    raise AssertionError((folder / "hub.log").read_text()[-4000:])


def at_rest(typist: Typist, number: str) -> Any:
    """Return the order's record once the hub has nothing left to do about it."""
    give_up = time.monotonic() + 60
    while True:
        record = typist.type("orders", "show", number, "--json").json["record"]
        if record["work"] == "UNSPECIFIED" or time.monotonic() > give_up:
            return record
        with contextlib.suppress(InterruptedError):
            time.sleep(0.1)
