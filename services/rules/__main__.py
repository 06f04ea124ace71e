"""`python -m services.rules check DIR` and `test DIR`: a rulebook checked without any service."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from services.rules.check import Checked, check_files
from services.rules.loading import read_folder
from services.rules.problems import RulebookError
from services.rules.reference_page import reference_page


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0 when all is well, 1 when the rulebook is not, 2 for bad usage."""
    parser = argparse.ArgumentParser(prog="python -m services.rules", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("check", "report every problem in the files, with line and column"),
        ("test", "check, then run the tests written into the rules"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("folder", type=Path, nargs="?", default=Path("rules"))
    facts = commands.add_parser("facts", help="print the reference page of facts (Markdown)")
    facts.add_argument("folder", type=Path, nargs="?", default=Path("rules"))
    chosen = parser.parse_args(arguments)
    try:
        files = read_folder(chosen.folder)
    except RulebookError as error:
        return _report(Checked(None, error.problems))
    checked = check_files(files, tests=chosen.command == "test")
    if chosen.command == "facts" and checked.rulebook is not None:
        sys.stdout.write(reference_page(checked.rulebook))
        return 0
    return _report(checked)


def _report(checked: Checked) -> int:
    for problem in checked.problems:
        print(problem)
    for failure in checked.failures:
        print(failure)
    if checked.problems:
        print(f"{len(checked.problems)} problems; the rulebook is refused")
    elif checked.rulebook is not None:
        rules = checked.rulebook.rules
        ran = f", {len(checked.tests)} tests, {len(checked.failures)} failed"
        print(
            f"rulebook {checked.rulebook.hash[:12]}: {len(rules)} rules"
            f"{ran if checked.tests else ''}"
        )
    return 0 if checked.sound else 1


if __name__ == "__main__":
    sys.exit(main())
