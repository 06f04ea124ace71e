"""The command line `orderhub`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DEBUG = "ORDERHUB_DEBUG"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; see docs/cli.md for what codes mean."""
    try:
        from orderhub_client.cli.app import app
    except ImportError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.stderr.write(f"{error.name} is missing: install orderhub-client[cli].\n")
        return 2
    try:
        app(args=list(sys.argv[1:] if argv is None else argv), prog_name="orderhub")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    except Exception as error:  # the edge: people see a sentence, never a traceback
        if os.environ.get(DEBUG):
            raise
        from orderhub_client.cli.failures import told

        return told(error)
    return 0
