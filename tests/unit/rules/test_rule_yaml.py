"""Rule files are strict YAML 1.2 with exact numbers and a position on everything."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.rules.problems import RulebookError
from services.rules.yamlfile import Entries, Scalar, read_text, read_yaml


def value_of(text: str) -> object:
    root = read_yaml("f.yaml", "v: " + text)
    assert isinstance(root, Entries)
    node = root.entries["v"][1]
    assert isinstance(node, Scalar)
    return node.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5000.01", Decimal("5000.01")),
        ("42", 42),
        ("-7", -7),
        ("true", True),
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2026-11-01", "2026-11-01"),
        ("1_000", "1_000"),
        ("'42'", "42"),
        ("", None),
        ("null", None),
        ("附近", "附近"),
    ],
)
def test_reads_a_plain_value_as_yaml_1_2_does(text: str, value: object) -> None:
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: &x 1\nb: *x\n", 1, 4, "anchors"),
        ("a: [1]\nb: *x\n", 2, 4, "aliases"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "given twice"),
        ("a: !!python/object:os.system x\n", 1, 4, "tags"),
        ("a: !!str 1\n", 1, 4, "tags"),
        ("<<: {a: 1}\n", 1, 1, "merge keys"),
        ("a: 1\n---\nb: 2\n", 2, 1, "one YAML document"),
        ("%YAML 1.1\n---\na: 1\n", 2, 1, "directives"),
        ("a: 1e-7\n", 1, 4, "plain decimal"),
        ("a: .nan\n", 1, 4, "plain decimal"),
        ("a: .inf\n", 1, 4, "plain decimal"),
        ("a: 0x10\n", 1, 4, "plain decimal"),
        ("a: 9223372036854775808\n", 1, 4, "64 bits"),
        ("a: " + "9" * 5_000 + "\n", 1, 4, "64 bits"),
        ("1: a\n", 1, 1, "key must be text"),
        ("? [a]\n: b\n", 1, 3, "key must be text"),
        ("a: [1\n", 2, 1, "not YAML"),
        ("a: b: c\n", 1, 5, "not YAML"),
        ("a:\tb\n\t- c\n", 1, 3, "not YAML"),
        ('a: "\\ud800"\n', 1, 4, "surrogate"),
        ("a: \x00\n", 1, 1, "not YAML"),
        ("[" * 5_000, 1, 14, "nested deeper"),
        ("{a: " * 5_000, 1, 50, "nested deeper"),
        ("a: " + "x" * 9_000, 1, 4, "at most 8000"),
        ("- a\n" * 30_001, 30_000, 3, "more than 30000 values"),
    ],
)
def test_refuses_what_is_dangerous_or_surprising(text, line, column, says) -> None:
    with pytest.raises(RulebookError, match=says) as caught:
        read_yaml("f.yaml", text)

    at = caught.value.problems[0].at
    assert (at.file, at.line, at.column) == ("f.yaml", line, column)


def test_refuses_bytes_that_are_not_utf_8_where_they_stand() -> None:
    with pytest.raises(RulebookError, match="not UTF-8: byte 0xff") as caught:
        read_text(
            "f.yaml", "附近: 1\n词: \xff".encode("utf-8", "replace").replace(b"\xc3\xbf", b"\xff")
        )

    at = caught.value.problems[0].at
    assert (at.line, at.column) == (2, 4)


def test_refuses_a_file_above_the_cap() -> None:
    with pytest.raises(RulebookError, match="at most 262144"):
        read_text("f.yaml", b"a" * 262_145)
