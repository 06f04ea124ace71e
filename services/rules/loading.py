"""From a bundle of files to a rulebook, or to every problem that stands in the way."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from services.rules import rulefile, tables
from services.rules.problems import Position, Problem, Problems, RulebookError, did_you_mean
from services.rules.registry import FEATURE_KIND, FEATURE_PREFIX, LINE_FACTS, ORDER_FACTS, kinds
from services.rules.rulebook import Rulebook, content_hash
from services.rules.scope import Scope
from services.rules.yamlfile import Entries, Items, Node, read_text, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.rules.rulebook import Rule

MOST_FILES = 200
MOST_BYTES = 4 * 1024 * 1024
MOST_RULES = 500
TABLES = ("params.yaml", "reasons.yaml", "features.yaml", "channels.yaml", "rates.yaml")

_PATH = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/){0,3}[A-Za-z0-9_][A-Za-z0-9_.-]*\.yaml\Z")


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the YAML files below `folder` by relative path; raise `RulebookError` for none."""
    if not folder.is_dir():
        raise RulebookError(_one(str(folder), "no such folder"))
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.yaml"))
        if path.is_file()
    }
    if not files:
        raise RulebookError(_one(str(folder), "no rule files (*.yaml) here"))
    return files


def load(files: Mapping[str, bytes]) -> Rulebook:
    """Return the rulebook in `files` (relative path → content).

    Raises
    ------
    RulebookError
        With all problems found, by file, line and column. Nothing of a refused bundle is used.
    """
    problems = Problems()
    texts, nodes = _documents(files, problems)
    params = tables.params(nodes["params.yaml"], problems)
    reasons = tables.reasons(nodes["reasons.yaml"], problems)
    features = tables.features(nodes["features.yaml"], problems)
    channels = tables.channels(nodes["channels.yaml"], problems)
    rates = tables.rates(nodes["rates.yaml"], problems)
    lists = {
        PurePosixPath(file).stem: tables.word_list(PurePosixPath(file).stem, node, problems)
        for file, node in nodes.items()
        if file.startswith("lists/")
    }
    feature_facts = {FEATURE_PREFIX + each.name: FEATURE_KIND for each in features}
    scope = Scope(kinds(ORDER_FACTS) | feature_facts, kinds(LINE_FACTS), params, lists)
    codes = [reason.code for reason in reasons]
    rules: list[Rule] = []
    for file, node in nodes.items():
        if file not in TABLES and not file.startswith("lists/"):
            rules += rulefile.rules(node, texts[file], scope, codes, problems)
    _check_ids(rules, problems)
    if problems.found:
        raise RulebookError(problems.sorted())
    return Rulebook(
        hash=content_hash(files),
        rules=tuple(sorted(rules, key=lambda rule: (rule.priority, rule.id))),
        params=tuple(params.items()),
        lists=tuple(lists.values()),
        reasons=reasons,
        features=features,
        channels=channels,
        rates=rates,
    )


def _documents(
    files: Mapping[str, bytes], problems: Problems
) -> tuple[dict[str, str], dict[str, Node]]:
    """Return text and tree of each file; a table that is absent or unreadable is empty."""
    if len(files) > MOST_FILES or sum(map(len, files.values())) > MOST_BYTES:
        limit = f"a rulebook has at most {MOST_FILES} files and {MOST_BYTES} bytes"
        raise RulebookError(_one("", limit))
    texts: dict[str, str] = {}
    nodes: dict[str, Node] = {}
    for file in sorted(files):
        if not _PATH.match(file):
            problems.add(Position(file[:120]), "a file is named like orders/amount.yaml")
            continue
        if "/" not in file and file not in TABLES:
            hint = did_you_mean(file, TABLES)
            problems.add(Position(file), f"rules stand in a folder, such as orders/{file}{hint}")
            continue
        try:
            texts[file] = read_text(file, files[file])
            nodes[file] = read_yaml(file, texts[file])
        except RulebookError as error:
            for problem in error.problems:
                problems.add(problem.at, problem.message)
    for table in TABLES:
        if table not in files:
            problems.add(Position(table), "this file is missing")
        if table not in nodes:
            empty = Position(table)
            nodes[table] = Items((), empty) if table == "features.yaml" else Entries({}, empty)
    return texts, nodes


def _check_ids(rules: list[Rule], problems: Problems) -> None:
    first: dict[str, Rule] = {}
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            place = f"{other.at.file}:{other.at.line}"
            problems.add(rule.at, f"id {rule.id} is already used in {place}")
    if len(rules) > MOST_RULES:
        problems.add(rules[MOST_RULES].at, f"more than {MOST_RULES} rules")


def _one(file: str, message: str) -> list[Problem]:
    return [Problem(Position(file), message)]
