"""Every command has a help text with an example; bad input ends with a sentence and code 2."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from orderhub_client.cli import main
from orderhub_client.cli.app import app
from orderhub_client.run.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Iterator


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path
        return
    for name, child in inner.items():
        yield from commands(child, (*path, name))


EVERY = list(commands(get_command(app)))


@pytest.fixture(autouse=True)
def _wide_and_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("ORDERHUB_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("ORDERHUB_HUB", raising=False)


def test_the_commands_are_those_documented() -> None:
    assert {path[0] for path in EVERY} >= {
        "run", "submit", "orders", "holds", "quarantine", "stock", "warehouses", "skus",
        "vehicles", "plan", "rules", "exceptions", "events", "serve", "version",
    }  # fmt: skip


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_the_guide_names_every_command(path: tuple[str, ...]) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    table = [
        line for line in guide.splitlines() if line.startswith("| `") and f"`{path[0]}" in line
    ]

    assert table
    assert any(
        word in line
        for line in table
        for word in (f"{path[-1]}`", f"{path[-1]}\\|", f"{path[-1]} ")
    )


def test_the_guide_explains_every_figure_of_a_run() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    sums = {"source", "accepted", "updated", "duplicates", "quarantined"}  # in orders_in's line

    for figure in {field.name for field in fields(Summary)} - sums:
        assert f"`{figure}`" in guide


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_help_says_what_it_does_and_shows_an_example(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([*path, "--help"])

    said = capsys.readouterr().out
    assert code == 0
    assert f"$ orderhub {' '.join(path)}" in said
    if path[0] != "serve":
        assert "--json" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["orders", "list", "--state", "lost"], "--state: 'lost' is none of received"),
        (["holds", "list", "--state", "lost"], "--state: 'lost' is none of open"),
        (["run", "--source", "shopify", "."], "--source: 'shopify' is none of olist"),
        (["run", "--source", "olist", "absent"], "absent: no such file or folder"),
        (["plan", "create", "--warehouse", "W"], "Give --warehouse ID --date"),
        (["stock", "receive", "W"], "Give WAREHOUSE SKU QUANTITY, or --file FILE"),
        (["rules", "activate"], "Give the folder of a new rulebook, or --hash"),
        (["rules", "check", "absent"], "absent: no such folder"),
        (["version", "--lang", "de"], "No such option"),
        (["orders", "list", "--lang", "de"], "--lang: 'de' is neither zh nor en"),
        (["events", "watch", "--limit", "x"], "No such option"),
        (["orders", "list", "--limit", "0"], "Invalid value for '--limit'"),
        (["nothing"], "No such command 'nothing'"),
    ],
)
def test_bad_usage_is_said_in_a_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(arguments)

    heard = capsys.readouterr()
    assert code == 2
    assert said in heard.err
    assert "Traceback" not in heard.err
    assert heard.out == ""


@pytest.mark.parametrize(
    "where", ["127.0.0.1:1", "intake=a:1", "intake=127.0.0.1:1,rules=b,fulfilment=c:3"]
)
def test_a_hub_that_is_not_there_is_code_3(where: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["orders", "list", "--hub", where])

    heard = capsys.readouterr().err
    assert code == 3
    assert 1 <= len(heard.splitlines()) <= 2


def test_bad_text_in_a_source_is_code_2_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_bytes(b'{"external_order_id": "1"}\n{"a": "\xff"}\n')

    code = main(["submit", str(path)])

    assert code == 2
    assert "orders.jsonl:2: byte 8 of the line (0xff) is not UTF-8" in capsys.readouterr().err


def test_a_fault_of_our_own_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANG", "en")
    monkeypatch.setattr("orderhub_client.cli.serving.PACKAGES", (None,))

    code = main(["version"])

    heard = capsys.readouterr().err
    assert code == 70
    assert "ORDERHUB_DEBUG=1" in heard
    assert "Traceback" not in heard


def test_help_needs_neither_grpc_nor_messages() -> None:
    script = (
        "import sys; from orderhub_client.cli import main; main(['--help']);"
        "print(sorted(m for m in ('grpc', 'google.protobuf', 'orderhub') if m in sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"
