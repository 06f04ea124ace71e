"""The linter: every fault of a mapping file with its place, and what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.intake.mapping import CHANNELS_FOLDER, check_mapping, load_channels
from services.intake.mapping.loading import MAPPING_FILE

if TYPE_CHECKING:
    from pathlib import Path

OLIST = (CHANNELS_FOLDER / "olist" / MAPPING_FILE).read_text("utf-8")
RETAIL = (CHANNELS_FOLDER / "online_retail" / MAPPING_FILE).read_text("utf-8")

FAULTS = [
    (OLIST, "time_zone: America/Sao_Paulo", "time_zone: America/Sao_Paolo", "no time zone"),
    (OLIST, "time_zone: America/Sao_Paulo", "time_zne: America/Sao_Paulo", 'mean "time_zone"'),
    (OLIST, "created: PAID_IF_ANY_PAYMENT", "created: PAYED", 'did you mean "PAID"'),
    (OLIST, "created: PAID_IF_ANY_PAYMENT", "created: null", "every status needs a meaning"),
    (OLIST, "customer_state, match", "customer_state, mtach", 'did you mean "match"'),
    (OLIST, "  placed_at:", "  placed_on:", 'did you mean "placed_at"'),
    (OLIST, "{const: BRL}", "{const: REAIS}", "is no currency"),
    (OLIST, "version: 1", "version: 2", '"version" must be 1'),
    (OLIST, "channel: olist", "channel: olisto", 'the folder is "olist"'),
    (OLIST, "mode: identity", "mode: identiy", 'did you mean "identity"'),
    (OLIST, "split_allowed: true", "split_allowed: yes", "true or false"),
    (OLIST, '"items[].freight_value"', '"items[.freight_value"', "is no path"),
    (OLIST, "sku: product_id", 'sku: "items[].product_id"', "[] stands only in a sum"),
    (OLIST, "[customer, place, price, payment]", "[customer, place, price]", 'lacks "payment"'),
    (OLIST, "[customer, place,", "[customer, phone, place,", 'names "phone", which no field fills'),
    (OLIST, "[customer, place,", "[custmer, customer, place,", 'did you mean "customer"'),
    (OLIST, '"[0-9a-f]{32}"\n\nlines', '"[0-9a-f{32}"\n\nlines', "no RE2 pattern"),
    (OLIST, "pad_zero: 5", "pad_zero: 500", "a whole number from 1 to 32"),
    (OLIST, "datum: {const: WGS84}", "datum: {const: WGS85}", "is no destination.location.datum"),
    (OLIST, "      datum: {const: WGS84}\n", "", '"location" needs "datum"'),
    (OLIST, "    country: {const: BR}\n", "", "needs its country"),
    (OLIST, "merge_equal: true", "merge_equal: 1.5", "quote it as text"),
    (OLIST, "    mode: {const: PREPAID}", "    mode: {const: PREPAID, sum: x}", "exactly one of"),
    (OLIST, "order.order_purchase_timestamp\n  m", "{from: x, formats: ['%H']}\n  m", "%Y"),
    (OLIST, "price, required: true", "price, pad_zero: 2", "says nothing about a money field"),
    (OLIST, "version: 1", "version: 1\nversion: 1", "given twice"),
    (OLIST, "version: 1", "version: &v 1", "anchors"),
    (OLIST, "version: 1", "version: [1", "not YAML"),
    (RETAIL, "then: freight", "then: frieght", 'did you mean "freight"'),
    (RETAIL, "reason: NEGATIVE_QUANTITY", "reason: BELOW_ZERO", 'add a "message"'),
    (RETAIL, "reason: NEGATIVE_QUANTITY", "reason: below zero", "LIKE_THIS"),
    (RETAIL, "total_minor: {equals: 0}", "total_miner: {equals: 0}", 'did you mean "total_minor"'),
    (RETAIL, "{below: 0}", "{blow: 0}", 'did you mean "below"'),
    (RETAIL, "{below: 0}", "{below: zero}", "a whole number"),
    (RETAIL, "rounding: half_up", "rounding: halfup", 'did you mean "half_up"'),
    (RETAIL, "      as: other_charges_minor\n", "", 'needs "as"'),
]  # fmt: skip


def channel(tmp_path: Path, text: str) -> Path:
    name = "olist" if "Olist" in text else "online_retail"
    folder = tmp_path / name
    folder.mkdir()
    (folder / MAPPING_FILE).write_text(text, "utf-8")
    return folder


# Where a key is missing, its section or a sibling is named; a second key or a torn list is
# noticed a line later.
BEYOND = {'"location" needs "datum"': -2, 'needs "as"': -3, "given twice": 1, "not YAML": 1}


@pytest.mark.parametrize(("text", "old", "new", "said"), FAULTS, ids=[f[3][:40] for f in FAULTS])
def test_a_fault_is_said_with_its_line(
    tmp_path: Path, text: str, old: str, new: str, said: str
) -> None:
    assert old in text
    beyond = BEYOND.get(said, 0)
    line = text[: text.index(old)].count("\n") + 1
    folder = channel(tmp_path, text.replace(old, new, 1))

    problems = check_mapping(folder)

    found = [problem for problem in problems if said in problem.message]
    assert found, [str(problem) for problem in problems]
    assert (found[0].file, found[0].line) == (f"{folder.name}/{MAPPING_FILE}", line + beyond)
    assert found[0].column >= 1


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    broken = OLIST.replace("{const: BRL}", "{const: REAIS}").replace("merge_equal", "merge_equl")

    problems = check_mapping(channel(tmp_path, broken))

    assert len(problems) == 2
    assert problems == sorted(problems)


def test_a_broken_channel_is_left_out_and_the_others_serve(tmp_path: Path) -> None:
    channel(tmp_path, OLIST.replace("version: 1", "version: one"))
    channel(tmp_path, RETAIL)

    assert sorted(load_channels(tmp_path)) == ["online_retail"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"- a\n", b"a: !!python/object:os.system {}\n"]
)
def test_a_file_that_is_no_mapping_at_all_is_a_problem(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / MAPPING_FILE).write_bytes(content)

    assert check_mapping(folder)
    assert load_channels(tmp_path) == {}


def test_a_name_that_no_channel_may_have_is_a_problem(tmp_path: Path) -> None:
    folder = tmp_path / "My Channel"
    folder.mkdir()
    (folder / MAPPING_FILE).write_text(OLIST, "utf-8")

    assert any("no channel name" in problem.message for problem in check_mapping(folder))
