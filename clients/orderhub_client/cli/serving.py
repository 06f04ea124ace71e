"""`orderhub serve` and `orderhub version`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import subprocess
import sys
from typing import Annotated

import typer

from orderhub_client.cli import output
from orderhub_client.cli.desk import epilog
from orderhub_client.cli.failures import UsageFault

PACKAGES = ("orderhub-client", "orderhub-server")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(
        "serve",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        epilog=epilog(["serve", "serve --free-ports", "serve --data-dir /var/lib/orderhub"]),
    )(serve)
    app.command("version", epilog=epilog(["version", "version --json"]))(version)


def serve(context: typer.Context) -> None:
    """Run the hub here until Ctrl-C; arguments go to `python -m services` as they are."""
    if importlib.util.find_spec("services") is None:
        raise UsageFault("The server is not installed here: install orderhub-server.")
    # S603: our own module, no shell
    child = subprocess.Popen([sys.executable, "-m", "services", *context.args])  # noqa: S603
    while True:
        try:
            raise typer.Exit(max(0, child.wait()))
        except KeyboardInterrupt:  # it got the signal too, and ends in its own time
            continue


def version(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Say which versions are installed."""
    found = {name: _version_of(name) for name in PACKAGES}
    found["python"] = platform.python_version()
    if as_json:
        output.print_json(found)
    else:
        output.print_facts((name, value or "not installed") for name, value in found.items())


def _version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
