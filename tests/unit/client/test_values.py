"""Values as people and programs read them, and as people write them."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.common.v1 import text_pb2 as text_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub_client.addresses import Addresses, from_mapping, parse_addresses
from orderhub_client.cli import language
from orderhub_client.cli.failures import UsageFault
from orderhub_client.cli.orders import minor_units
from orderhub_client.cli.problemfile import read_problem
from orderhub_client.cli.values import clock, money
from orderhub_client.hub import HubNotFoundError, found_hub, read_hub_file
from orderhub_client.plain import enum_number, plain

if TYPE_CHECKING:
    from pathlib import Path


def test_plain_values_keep_integers_and_say_what_is_unset() -> None:
    order = order_v1.Order(
        order_number="1", total_minor=2**53 + 1, attributes={"a": "b"}, split_allowed=False
    )
    order.placed_at.FromJsonString("2020-01-02T03:04:05.678Z")

    found = plain(order)

    assert found["total_minor"] == 2**53 + 1
    assert found["placed_at"] == "2020-01-02T03:04:05.678Z"
    assert found["accepted_at"] is None
    assert found["upstream_status"] == "UNSPECIFIED"
    assert found["attributes"] == {"a": "b"}
    assert found["split_allowed"] is False
    assert found["lines"] == []
    assert set(found) == {f.name for f in order_v1.Order.DESCRIPTOR.fields}


def test_bytes_are_text_where_they_can_be() -> None:
    text, other = (intake_v1.Quarantined(payload=p) for p in ('{"a": "ü"}'.encode(), b"\xff\xfe"))

    assert plain(text)["payload"] == '{"a": "ü"}'
    assert plain(other)["payload"] == "//4="


@pytest.mark.parametrize("written", ["held", "HELD", "ORDER_STATE_HELD"])
def test_a_state_may_be_written_in_any_way(written: str) -> None:
    number = enum_number(record_v1.OrderState.DESCRIPTOR, written)

    assert number == record_v1.ORDER_STATE_HELD


def test_an_unknown_state_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'lost' is none of received, held"):
        enum_number(record_v1.OrderState.DESCRIPTOR, "lost")


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (1230, "BRL", "12.30 BRL"),
        (-5, "CNY", "-0.05 CNY"),
        (1234, "JPY", "1234 JPY"),
        (1234, "KWD", "1.234 KWD"),
        (0, "", "0.00"),
    ],
)
def test_money_is_written_with_its_currencys_decimals(
    minor: int, currency: str, written: str
) -> None:
    assert money(minor, currency) == written


@given(st.integers(1, 10**12), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_an_amount_written_is_the_amount_read(minor: int, currency: str) -> None:
    assert minor_units(money(minor, currency).split()[0], currency) == minor


@pytest.mark.parametrize("amount", ["", "ten", "0", "-1", "1.234", "NaN", "1e400"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(UsageFault, match=r"is no amount"):
        minor_units(amount, "CNY")


def test_a_clock_goes_past_midnight() -> None:
    assert (clock(0), clock(86_399), clock(90_000)) == ("00:00", "23:59", "01:00+1")


def test_the_other_language_stands_in_for_a_missing_one() -> None:
    language.choose("zh")

    assert language.said(text_v1.LocalizedText(zh="中", en="e")) == "中"
    assert language.said(text_v1.LocalizedText(en="e")) == "e"


def test_one_address_names_all_services() -> None:
    assert parse_addresses("h:10") == Addresses("h:10", "h:11", "h:12", "h:13")
    assert parse_addresses(":10") == parse_addresses("127.0.0.1:10")
    assert parse_addresses("some/folder") is None
    assert parse_addresses("/a:b/c:1") is None


def test_pairs_name_each_service() -> None:
    text = "intake=a:1,rules=b:2,fulfilment=c:3,orchestrator=d:4"

    assert parse_addresses(text) == Addresses("a:1", "b:2", "c:3", "d:4")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("intake=a:1", "no address is given for rules, fulfilment, orchestrator"),
        ("inbox=a:1", "no service is called 'inbox'"),
        ("intake=a", "'a' is no host:port"),
    ],
)
def test_pairs_that_do_not_name_them_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_addresses(text)


def test_a_hub_file_of_a_dead_process_counts_for_nothing(tmp_path: Path) -> None:
    addresses = dict.fromkeys(Addresses.__annotations__, "127.0.0.1:1")
    for pid in (2**22 + 1, "x", None):
        said = {"pid": pid, "addresses": addresses}
        (tmp_path / "hub.json").write_text(json.dumps(said), encoding="utf-8")

        assert read_hub_file(tmp_path) is None

    with pytest.raises(HubNotFoundError, match=r"No hub runs on .*\n.*orderhub serve"):
        found_hub(str(tmp_path))


def test_a_hub_file_without_all_addresses_counts_for_nothing() -> None:
    assert from_mapping({"intake": "a:1"}) is None


def test_a_matrix_may_be_written_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(
        '{"stops": [{"stop_id": "a", "service_s": 60}], "matrix": {"travel_s": [[0, 7], [8, 0]]}}',
        encoding="utf-8",
    )

    problem = read_problem(path)

    assert struct.unpack("<4i", problem.matrix.travel_s) == (0, 7, 8, 0)
    assert problem.stops[0].service_s == 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "a problem is a JSON object"),
        ('{"stopps": []}', "stopps"),
        ('{"matrix": {"travel_s": [[0, 1], [1]]}}', r"row 1 has 1 values, there are 2 rows"),
        ('{"matrix": {"travel_s": [[0.5]]}}', "whole numbers of 32 bits"),
        ('{"matrix": {"travel_s": [[4294967296]]}}', "whole numbers of 32 bits"),
        ('{"matrix": {"miles": []}}', "there is no field 'miles'"),
        ('{"matrix": 3}', "an object with travel_s"),
    ],
)
def test_a_problem_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(UsageFault, match=said):
        read_problem(path)
