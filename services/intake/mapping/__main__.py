"""Checks and tries channel mappings from the command line."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from services.intake.mapped import Unmappable
from services.intake.mapping import fixtures
from services.intake.mapping.explain import explain
from services.intake.mapping.loading import (
    CHANNELS_FOLDER,
    MAPPING_FILE,
    channel_folders,
    load_channel,
)
from services.intake.mapping.outcomes import headline, plain
from services.intake.mapping.reference import reference

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, FOUND, USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return 0 when all is well, 1 when something was found, 2 on wrong use."""
    arguments = _parser().parse_args(argv)
    if arguments.command == "check":
        return _check(arguments.folder, record=arguments.record)
    if arguments.command == "try":
        return _try(arguments)
    sys.stdout.write(reference())
    return OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.intake.mapping",
        description="Checks and tries channel mappings (docs/channels.md says how to write one).",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser(
        "check", help="check the mappings in a folder and what their fixtures become"
    )
    check.add_argument(
        "folder",
        type=Path,
        nargs="?",
        default=CHANNELS_FOLDER,
        help="one channel's folder, or a folder of channels (default: the hub's own)",
    )
    check.add_argument(
        "--record", action="store_true", help="write what fixtures become now as expected"
    )
    attempt = commands.add_parser("try", help="say field by field what becomes of a payload")
    attempt.add_argument("channel", help="a channel's name, or its folder")
    attempt.add_argument("file", type=Path, help="the payload; - for standard input")
    attempt.add_argument(
        "--channels", type=Path, default=CHANNELS_FOLDER, help="folder of channels"
    )
    attempt.add_argument("--skus", type=Path, help="JSON object: channel's SKU to the hub's SKU")
    attempt.add_argument("--json", action="store_true", help="print the outcome alone, as JSON")
    attempt.add_argument("--show-personal", action="store_true", help="show the recipient")
    commands.add_parser("reference", help="print the generated part of the guide")
    return parser


def _check(folder: Path, *, record: bool) -> int:
    folders = [folder] if (folder / MAPPING_FILE).is_file() else channel_folders(folder)
    if not folders:
        sys.stderr.write(f"{folder}: no {MAPPING_FILE} here, nor in a folder below\n")
        return USAGE
    worst = OK
    for one in folders:
        mapping, problems = load_channel(one)
        for problem in problems:
            sys.stdout.write(f"{problem}\n")
        if mapping is None:
            worst = FOUND
            continue
        if record:
            for path in fixtures.record(mapping, one):
                sys.stdout.write(f"{one.name}: wrote {path.name}\n")
        unlike = list(fixtures.differences(mapping, one))
        for sentence in unlike:
            sys.stdout.write(f"{one.name}: {sentence}\n")
        count = len(fixtures.fixtures_of(one))
        sys.stdout.write(f"{one.name}: {'FAILED' if unlike else 'ok'}, {count} fixtures\n")
        worst = FOUND if unlike else worst
    return worst


def _try(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.channel)
    if not (folder / MAPPING_FILE).is_file():
        folder = arguments.channels / arguments.channel
    if not (folder / MAPPING_FILE).is_file():
        known = ", ".join(path.name for path in channel_folders(arguments.channels))
        sys.stderr.write(f'no channel "{arguments.channel}"; known are: {known}\n')
        return USAGE
    mapping, problems = load_channel(folder)
    if mapping is None:
        sys.stderr.writelines(f"{problem}\n" for problem in problems)
        return FOUND
    try:
        is_input = str(arguments.file) == "-"
        body = sys.stdin.buffer.read() if is_input else arguments.file.read_bytes()
        table = fixtures.sku_table(folder)
        if arguments.skus is not None:
            table = json.loads(arguments.skus.read_text("utf-8"))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"cannot be read: {error}\n")
        return USAGE
    explanation = explain(mapping, body, table.get, personal=arguments.show_personal)
    outcome = explanation.outcome
    if arguments.json:
        content = plain(outcome)
        if not arguments.show_personal:
            content.get("order", {}).pop("recipient", None)
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        return FOUND if isinstance(outcome, Unmappable) else OK
    for note in explanation.fields:
        sys.stdout.write(f"{note.name:<34} {note.became:<40} ← {note.sources}\n")
    for row in explanation.rows:
        sys.stdout.write(f"  {row}\n")
    if explanation.ignored:
        sys.stdout.write(f"not read, kept in the raw payload: {', '.join(explanation.ignored)}\n")
    sys.stdout.write(f"→ {headline(outcome)}\n")
    return FOUND if isinstance(outcome, Unmappable) else OK


if __name__ == "__main__":
    sys.exit(main())
