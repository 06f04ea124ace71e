"""`python -m solver COMMAND FILE`: benchmark files solved offline.

Each command lives in its room's `cli` module, imported only when asked for:
`add_arguments(parser)` declares its options, `run(options)` returns the exit
code (0 solved, 1 no feasible answer, 2 bad input).
"""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING, NamedTuple

from solver.errors import SolverError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Command(NamedTuple):
    """A sub-command: the module that serves it and its line of help."""

    module: str
    summary: str


COMMANDS = {
    "routes": Command("solver.routing.cli", "plan vehicle routes for a benchmark file"),
    "allocate": Command("solver.allocation.cli", "allocate orders to warehouses"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command named by the first argument; return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    parser = argparse.ArgumentParser(
        prog="python -m solver",
        description="Solve routing and allocation files offline.",
        epilog="`python -m solver COMMAND --help` lists a command's options.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.summary,
            description=command.summary[0].upper() + command.summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen:
            module = importlib.import_module(command.module)
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except SolverError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
