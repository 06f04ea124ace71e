"""A hub of real processes, as a user starts it, and what tests ask of it from outside."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orderhub_client.addresses import from_mapping
from orderhub_client.client import OrderHub
from orderhub_client.health import not_serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPO = Path(__file__).parents[2]
PATIENCE_S = 90.0


class RunningHub:
    """`python -m services` on free ports, with its log in a file."""

    def __init__(self, folder: Path, database_url: str, **environment: str) -> None:
        self.data = folder / "data"
        self.log = folder / "hub.log"
        self._file = self.log.open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services", "--free-ports", "--data-dir", str(self.data)],
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "clients")]),
                "ORDERHUB_DATABASE_URL": database_url,
                "ORDERHUB_GRACE_S": "8",
            }
            | environment,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            cwd=REPO,
        )

    def serving(self) -> RunningHub:
        """Return self once every service serves."""
        until((self.data / "hub.json").exists, self)
        until(lambda: not not_serving(self.addresses(), timeout_s=1.0), self)
        return self

    def addresses(self) -> Any:
        said = json.loads((self.data / "hub.json").read_text())
        return from_mapping(said["addresses"])

    def client(self, role: str = "admin") -> OrderHub:
        return OrderHub(self.addresses(), role=role)

    def pid_of(self, service: str) -> int:
        """Return the id of the newest process of a service."""
        found = re.findall(rf"started .*pid=(\d+).* service={service}\b", self.log.read_text())
        return int(found[-1])

    def kill(self, service: str) -> None:
        os.kill(self.pid_of(service), signal.SIGKILL)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._file.close()


def until(condition: Callable[[], Any], hub: RunningHub, patience_s: float = PATIENCE_S) -> Any:
    """Return the condition's value once it is true; fail with the hub's log otherwise."""
    give_up = time.monotonic() + patience_s
    while True:
        with contextlib.suppress(OSError, ValueError):
            if value := condition():
                return value
        if time.monotonic() > give_up or hub.process.poll() is not None:
            raise AssertionError(f"waited in vain; the hub said:\n{hub.log.read_text()[-8000:]}")
        time.sleep(0.02)


@contextlib.contextmanager
def running_hub(folder: Path, database_url: str, **environment: str) -> Iterator[RunningHub]:
    """A hub for as long as the block lasts."""
    hub = RunningHub(folder, database_url, **environment)
    try:
        yield hub.serving()
    finally:
        hub.stop()


def orderhub(hub: RunningHub, *arguments: str) -> subprocess.Popen[str]:
    """Start the command line against `hub`."""
    return subprocess.Popen(
        [sys.executable, "-m", "orderhub_client", *arguments, "--hub", str(hub.data)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "clients")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPO,
    )
