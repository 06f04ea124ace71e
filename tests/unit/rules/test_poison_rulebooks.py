"""Poison rule files are refused whole, with a position; never a crash, never a partial book."""

from __future__ import annotations

import pytest

from services.rules.check import check_files
from services.rules.loading import load
from services.rules.problems import RulebookError

WHEN = "when: order.amount > params.limit"
FILE = "orders/amount.yaml"

SPOILED_RULES = {
    # what is replaced by what: line, column and words of the first problem
    "unknown fact": (WHEN, "when: order.amout > 1", 6, 9, 'did you mean "order.amount"'),
    "unknown feature": (WHEN, "when: f.orders_phone_1m > 1", 6, 9, "f.orders_phone_10m"),
    "unknown parameter": (WHEN, "when: order.amount > params.limits", 6, 24, "params.limit"),
    "unknown list": (WHEN, "when: words(recipient.street, lists.vag)", 6, 33, "lists.vague"),
    "wrong type": (WHEN, "when: recipient.street > 5", 6, 26, "cannot compare"),
    "wrong unit": (WHEN, "when: order.amount > order.line_count", 6, 22, "cannot compare"),
    "too fine money": (WHEN, "when: order.amount > 1.001", 6, 22, "finer than 0.01"),
    "no condition": (WHEN, "when: order.amount", 6, 9, "expected a condition"),
    "a number": (WHEN, "when: 5", 6, 9, "must be an expression"),
    "a list": (WHEN, "when: [a]", 6, 9, "single value"),
    "nothing": (WHEN, "when:", 6, 3, "needs when"),
    "always true": (WHEN, "when: 1 < 2", 6, 11, "always the same"),
    "import": (WHEN, "when: __import__('os').system('ls')", 6, 25, "must stand before the dot"),
    "attribute chain": (WHEN, "when: order.__class__.__mro__", 6, 9, "unknown name"),
    "lambda": (WHEN, "when: '(lambda: 0)()'", 6, 17, "unexpected character"),
    "comprehension": (WHEN, "when: any(lines, [x for x in y])", 6, 23, "expected ']'"),
    "exec": (WHEN, "when: exec('1')", 6, 9, "unknown function"),
    "deep nesting": (WHEN, "when: " + "(" * 900 + "1" + ")" * 900, 6, 49, "nested deeper"),
    "deep nots": (WHEN, "when: " + "not " * 400 + "order.is_vip", 6, 169, "nested deeper"),
    "long chain": (WHEN, "when: 1" + " + 1" * 300 + " > 0", 6, 267, "in a row"),
    "long text": (WHEN, "when: order.amount > 1" + " or order.amount > 1" * 150, 6, 9, "at most"),
    "huge number": (WHEN, "when: order.amount > 9" + "0" * 30, 6, 24, "too large"),
    "invalid pattern": (WHEN, "when: matches(recipient.street, '(')", 6, 35, "RE2"),
    "back-reference": (WHEN, "when: matches(recipient.street, '(a)\\1')", 6, 35, "RE2"),
    "repeat bomb": (WHEN, "when: matches(recipient.street, '((a{99}){99}){99}')", 6, 35, "RE2"),
    "enum": (WHEN, "when: recipient.phone_kind == 'REEL'", 6, 30, 'did you mean "REAL"'),
    "list of another kind": (
        WHEN,
        "when: order.line_count in lists.vague",
        6,
        29,
        "are not a number",
    ),
    "unknown reason": ("reason: HIGH_AMOUNT", "reason: HIGH_AMONT", 9, 13, "HIGH_AMOUNT"),
    "unknown decision": ("decision: review", "decision: reviev", 8, 15, 'did you mean "review"'),
    "unknown stage": ("stage: active", "stage: live", 4, 10, 'did you mean "active"'),
    "boolean decision": ("decision: review", "decision: true", 8, 15, "must be text"),
    "score out of range": ("score: 30", "score: 99999", 10, 12, "between -1000 and 1000"),
    "score as text": ("score: 30", "score: '30'", 10, 12, "whole number"),
    "score as decimal": ("score: 30", "score: 30.5", 10, 12, "whole number"),
    "no owner": ("  owner: risk\n", "", 1, 3, "needs owner"),
    "unknown key": ("  owner: risk\n", "  owner: risk\n  ownr: x\n", 4, 3, 'did you mean "owner"'),
    "bad id": ("id: AMT-001", "id: amt1", 1, 7, "like AMT-001"),
    "no hit test": ("expect: hit", "expect: miss", 13, 5, "expects hit"),
    "unknown expectation": ("expect: hit", "expect: hits", 13, 60, 'did you mean "hit"'),
    "unknown fact in a test": ("order.amount: 100.01", "order.amonut: 1", 13, 29, "order.amount"),
    "wrong type in a test": (
        "order.amount: 100.01",
        "order.amount: much",
        13,
        43,
        "must be a number",
    ),
    "English title only": ("{zh: 大额, en: High amount}", "High", 2, 10, "must be a mapping"),
    "alias": ("owner: risk", "owner: *risk", 3, 10, "aliases"),
    "anchor": ("owner: risk", "owner: &o risk", 3, 10, "anchors"),
    "tag": ("owner: risk", "owner: !!python/name:os.system risk", 3, 10, "tags"),
    "given twice": ("  owner: risk\n", "  owner: risk\n  owner: risk\n", 4, 3, "given twice"),
    "broken YAML": ("stage: active", "stage: [active", 5, 11, "not YAML"),
}


@pytest.mark.parametrize("name", SPOILED_RULES)
def test_refuses_a_spoiled_rule_where_it_is_spoiled(name: str, files, rule_text) -> None:
    old, new, line, column, says = SPOILED_RULES[name]
    assert old in rule_text
    files[FILE] = rule_text.replace(old, new, 1).encode()

    checked = check_files(files, tests=False)

    first = checked.problems[0]
    assert checked.rulebook is None
    assert says in first.message
    assert (first.at.file, first.at.line, first.at.column) == (FILE, line, column)


SPOILED_FILES = {
    "not UTF-8": (FILE, b"- id: \xff\n", 1, 7, "not UTF-8"),
    "NUL": (FILE, b"- id: \x00\n", 1, 1, "not YAML"),
    "too large": (FILE, b"#" * 300_000, 1, 1, "at most 262144"),
    "not a list": (FILE, b"id: AMT-001\n", 1, 1, "must be a list"),
    "scalars": (FILE, b"- 1\n- two\n", 1, 3, "must be a mapping"),
    "billion laughs": (FILE, b"- &a [x,x]\n- [*a,*a]\n", 1, 3, "anchors"),
    "flow bomb": (FILE, b"[" * 100_000, 1, 14, "nested deeper"),
    "outside": ("../../etc/passwd.yaml", b"", 1, 1, "named like"),
    "absolute": ("/etc/x.yaml", b"", 1, 1, "named like"),
    "stray file": ("param.yaml", b"", 1, 1, 'did you mean "params.yaml"'),
    "parameter beyond its bounds": (
        "params.yaml",
        b"limit: {value: 2000.00, unit: CNY, min: 1, max: 1000, zh: x, en: y}\n",
        1,
        16,
        "between 1 and 1000",
    ),
    "reason without its text": (
        "reasons.yaml",
        b"ENGINE_FAULT: {zh: x}\n",
        1,
        1,
        "needs FACT_MISSING",
    ),
    "feature by an unknown key": (
        "features.yaml",
        b"- {name: a, event: order, formula: count() by email over 10m, title: {zh: x, en: y}}\n",
        1,
        36,
        "cannot count by email",
    ),
    "mixed list": ("lists/vague.yaml", b"entries: [1, a]\n", 1, 1, "mixes"),
    "rate of nothing": (
        "rates.yaml",
        b"book: CNY\nrates: [{currency: brl, from: 2017-01-01, rate: 1}]\n",
        2,
        20,
        "ISO 4217",
    ),
    "channel without unknown facts": (
        "channels.yaml",
        b"olist: {without: [fone]}\n",
        1,
        19,
        'did you mean "phone"',
    ),
}


@pytest.mark.parametrize("name", SPOILED_FILES)
def test_refuses_a_spoiled_file(name: str, files) -> None:
    path, content, line, column, says = SPOILED_FILES[name]
    files[path] = content

    checked = check_files(files, tests=False)

    found = [p for p in checked.problems if says in p.message]
    assert checked.rulebook is None
    assert found, checked.problems
    assert (found[0].at.file, found[0].at.line, found[0].at.column) == (path, line, column)


def test_reports_the_problems_of_all_files_at_once(files, rule_text) -> None:
    files["orders/a.yaml"] = rule_text.replace("AMT-001", "AAA-001").replace("HIGH", "HI").encode()
    files["orders/b.yaml"] = rule_text.replace("AMT-001", "BBB-001").replace("30", "x").encode()
    files["lists/vague.yaml"] = b"entries: [a, a]\n"

    with pytest.raises(RulebookError) as caught:
        load(files)

    assert {p.at.file for p in caught.value.problems} == {
        "orders/a.yaml",
        "orders/b.yaml",
        "lists/vague.yaml",
    }


def test_refuses_an_id_that_another_file_uses(files, rule_text) -> None:
    files["orders/copy.yaml"] = rule_text.encode()

    with pytest.raises(RulebookError, match=r"AMT-001 is already used in orders/amount\.yaml:1"):
        load(files)


def test_refuses_more_rules_than_the_engine_bears(files, rule_text) -> None:
    for number in range(6):
        files[f"orders/many{number}.yaml"] = "".join(
            rule_text.replace("AMT-001", f"M{chr(65 + number)}-{i:03d}") for i in range(100)
        ).encode()

    with pytest.raises(RulebookError, match="more than 500 rules"):
        load(files)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)*x", "([a-zA-Z]+)*$"])
def test_a_pattern_that_hangs_others_is_harmless(pattern: str, book_of) -> None:
    from services.rules.lower import lower
    from services.rules.worker import Engine, Job

    book = book_of(f'matches(recipient.street, "{pattern}")')

    outcome = Engine(lower(book)).judge(Job({"recipient.street": "a" * 8_000 + "!"}))

    assert outcome.unknown == ()


def test_the_version_is_the_content_and_nothing_else(files) -> None:
    again = dict(reversed(files.items()))

    assert load(files).hash == load(again).hash
    assert load(files | {"orders/more.yaml": b"[]"}).hash != load(files).hash
