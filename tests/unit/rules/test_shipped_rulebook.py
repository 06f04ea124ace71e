"""The rulebook in `rules/`: it loads, its own tests pass, and its thresholds are where they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.rules.__main__ import main
from services.rules.check import check_files
from services.rules.loading import load, read_folder
from services.rules.lower import lower
from services.rules.registry import LINE_FACTS, ORDER_FACTS
from services.rules.worker import Engine, Job

FOLDER = Path(__file__).parents[3] / "rules"
HARMLESS = {spec.name: spec.example for spec in ORDER_FACTS} | {
    "lines": [{spec.name: spec.example for spec in LINE_FACTS}]
}


@pytest.fixture(scope="module")
def book():
    return load(read_folder(FOLDER))


def hits(book, **facts: object) -> list[str]:
    features = {f"f.{each.name}": int(each.event == "order") for each in book.features}
    given = {name.replace("__", "."): value for name, value in facts.items()}
    outcome = Engine(lower(book)).judge(Job(HARMLESS | features | given))
    return [book.evaluated[index].id for index in outcome.hits]


def test_its_own_tests_pass_on_engine_and_reference() -> None:
    checked = check_files(read_folder(FOLDER))

    assert (checked.problems, checked.failures) == ((), ())
    assert len(checked.tests) >= 2 * len(checked.rulebook.rules)


def test_the_harmless_order_passes(book) -> None:
    assert hits(book) == []


@pytest.mark.parametrize(("amount", "expected"), [(500_000, []), (500_001, ["AMT-001"])])
def test_review_begins_above_5000_yuan(book, amount: int, expected: list[str]) -> None:
    assert hits(book, order__amount=amount) == expected


@pytest.mark.parametrize(("returns", "expected"), [(4, []), (5, ["RET-001"])])
def test_the_fifth_return_in_30_days_is_reviewed(book, returns, expected) -> None:
    assert hits(book, f__returns_30d=returns) == expected


def test_every_reason_can_be_worked_on(book) -> None:
    for reason in book.reasons:
        assert all((reason.text.zh, reason.text.en, reason.sop.zh, reason.sop.en))
        assert all((reason.queue, reason.severity, reason.owner))


def test_the_command_says_0_for_a_sound_folder(capsys) -> None:
    assert main(["check", str(FOLDER)]) == 0
    assert "20 rules" in capsys.readouterr().out


def test_the_command_says_1_and_where_for_a_spoiled_one(tmp_path, files, capsys) -> None:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.replace(b"order.amount >", b"order.amont >"))

    assert main(["check", str(tmp_path)]) == 1
    assert "orders/amount.yaml:6:9: unknown field" in capsys.readouterr().out


def test_the_command_says_1_when_a_test_fails(tmp_path, files, capsys) -> None:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.replace(b"100.01", b"100.00"))

    assert main(["test", str(tmp_path)]) == 1
    assert "expected hit, got miss: order.amount > params.limit" in capsys.readouterr().out


def test_the_command_says_1_for_a_folder_that_is_not_there(tmp_path, capsys) -> None:
    assert main(["check", str(tmp_path / "none")]) == 1
    assert "no such folder" in capsys.readouterr().out


def test_the_reference_page_names_every_fact_and_feature(book, capsys) -> None:
    assert main(["facts", str(FOLDER)]) == 0

    page = capsys.readouterr().out
    assert all(f"`{spec.name}`" in page for spec in (*ORDER_FACTS, *LINE_FACTS))
    assert all(f"`f.{each.name}`" in page for each in book.features)
