"""The rule guide's examples are checked, tested by the engine, and spoiled on purpose."""

from __future__ import annotations

import re
from pathlib import Path

from services.rules.check import Checked, check_files
from services.rules.checker import FUNCTIONS
from services.rules.loading import TABLES, read_folder
from services.rules.rulebook import DECISIONS, STAGES
from services.rules.rulefile import FLAGS, WORDS

REPO = Path(__file__).resolve().parents[3]
GUIDE = (REPO / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLE = "orders/night.yaml"


def examples() -> dict[str, str]:
    return dict(re.findall(r"```yaml file=(\S+)\n(.*?)```", GUIDE, re.DOTALL))


def with_examples() -> dict[str, bytes]:
    """Return our rulebook with the guide's files, and what the guide adds to files."""
    files = read_folder(REPO / "rules")
    for name, text in examples().items():
        before = files[name] if name in TABLES else b""
        files[name] = before + b"\n" * bool(before) + text.encode()
    return files


def checked(files: dict[str, bytes]) -> Checked:
    return check_files(files)


def test_the_guide_has_an_example_of_each_kind_of_file() -> None:
    assert set(examples()) == {
        EXAMPLE,
        "lists/night_channels.yaml",
        "params.yaml",
        "reasons.yaml",
        "features.yaml",
    }


def test_the_examples_together_are_a_sound_rulebook_whose_tests_pass() -> None:
    found = checked(with_examples())

    assert [str(problem) for problem in found.problems] == []
    assert found.failures == ()
    assert sum(test.rule_id == "NGT-001" for test in found.tests) == 5


def test_the_mistake_shown_is_reported_as_shown() -> None:
    shown = re.search(r"^orders/night\.yaml:.*$", GUIDE, re.MULTILINE)
    files = with_examples()
    files[EXAMPLE] = files[EXAMPLE].replace(b"and order.amount >=", b"and order.amout >=")

    problems = [str(problem) for problem in checked(files).problems]

    assert shown is not None
    assert problems == [shown[0]]


def test_a_test_that_expects_otherwise_fails() -> None:
    files = with_examples()
    files[EXAMPLE] = files[EXAMPLE].replace(b"1999.99}, expect: miss", b"1999.99}, expect: hit")

    failures = checked(files).failures

    assert len(failures) == 1
    assert "a cent below" in failures[0]


def test_the_effects_shown_are_accepted() -> None:
    effect = re.search(r"`(effect: \{.*?\})`", GUIDE, re.DOTALL)
    assert effect is not None
    files = with_examples()
    line = " ".join(effect[1].split())
    files[EXAMPLE] = files[EXAMPLE].replace(
        b"    score: 20\n", f"    score: 20\n    {line}\n".encode()
    )

    assert checked(files).problems == ()
    for word in (*FLAGS, *WORDS, "add_cost"):
        assert word in line


def test_every_condition_in_the_table_is_one_of_the_language() -> None:
    rows = GUIDE.partition("## Conditions")[2].partition("## Lists")[0]
    shown = re.findall(r"`((?:\w+\(|order\.hour in|channel not in lists\.x)[^`]*)`", rows)
    conditions = [text.replace("lists.x", "lists.wholesale_channels") for text in shown]
    files = with_examples()
    for number, condition in enumerate(conditions):
        body = files[EXAMPLE].decode()
        body = re.sub(r"when: >-\n.*?  then:", "when: WHEN\n  then:", body, flags=re.DOTALL)
        body = re.sub(r"  tests:\n.*", "", body, flags=re.DOTALL)
        body = body.replace("stage: active", "stage: draft").replace("NGT-001", f"NGT-1{number:02}")
        quoted = "'" + condition.replace("'", "''") + "'"
        files[f"orders/shown{number}.yaml"] = body.replace("WHEN", quoted).encode()

    assert len(conditions) >= 8
    assert {c.partition("(")[0] for c in conditions} >= set(FUNCTIONS)
    assert [str(problem) for problem in checked(files).problems] == []


def test_decisions_and_stages_are_all_named() -> None:
    for word in (*DECISIONS, *STAGES):
        assert f"`{word}`" in GUIDE
