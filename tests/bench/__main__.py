"""`python -m tests.bench`: measure the order hub on this machine, peers in the same run."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from tests.bench import allocation, e2e, intake, routing, rules
from tests.bench.machine import heading, this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.tables import Table

EPILOG = """\
Nothing is asserted on time: the figures are this machine's at this hour, and the heading says what
it was. Real data are used where ORDERHUB_SHARED_DATA (default: ../shared/data) has them, else
invented, seeded data. PostgreSQL is measured where ORDERHUB_TEST_POSTGRES answers.
"""
PARTS: dict[str, Callable[[bool], list[Table]]] = {
    "rules": lambda quick: rules.measure(rules.QUICK if quick else rules.FULL),
    "allocation": lambda quick: allocation.measure(allocation.QUICK if quick else allocation.FULL),
    "routing": lambda quick: routing.measure(routing.QUICK if quick else routing.FULL),
    "intake": lambda quick: intake.measure(intake.QUICK if quick else intake.FULL),
    "e2e": lambda quick: e2e.measure(e2e.QUICK if quick else e2e.FULL, limited=quick),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts asked for; return 0."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, one repetition")
    parser.add_argument(
        "--only",
        choices=tuple(PARTS),
        action="append",
        help="only this part; may be given several times",
    )
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    options = parser.parse_args(given)

    began = this_machine()
    lines = heading(began, given)
    _say("\n".join(["```", *lines, "```"] if options.markdown else lines))
    for part, measure in PARTS.items():
        if options.only and part not in options.only:
            continue
        for table in measure(options.quick):
            _say(table.markdown() if options.markdown else table.text())
    load = " ".join(f"{value:.2f}" for value in this_machine().load)
    _say(f"Load when it ended: {load} (1, 5, 15 minutes); its own work is part of that.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n\n" if not text.endswith("\n") else text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
