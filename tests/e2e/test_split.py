"""Services apart, as the containers run them: own folders, mutual TLS, health, the command line."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services._kit.config import SERVICES
from tests.e2e import olist_like

if TYPE_CHECKING:
    from collections.abc import Iterator

REPO = Path(__file__).resolve().parents[2]
DOCKER = REPO / "docker"
START_S = 120.0
ORDERS = 60


class Split:
    """Four processes that share nothing but the authority that signed them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run([DOCKER / "setup.sh", folder / "tls", "split"], check=True)
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, whose: str) -> dict[str, str]:
        tls = self.folder / "tls" / whose
        return os.environ | {
            "PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "clients")]),
            "ORDERHUB_TLS_CERT_FILE": str(tls / "tls.pem"),
            "ORDERHUB_TLS_KEY_FILE": str(tls / "tls.key"),
            "ORDERHUB_TLS_CA_FILE": str(tls / "ca.pem"),
        }

    def of_service(self, name: str) -> dict[str, str]:
        addresses = {f"ORDERHUB_{n.upper()}_ADDR": f"localhost:{p}" for n, p in self.ports.items()}
        return (
            self.environment(name)
            | addresses
            | {
                "ORDERHUB_ENV": "production",
                "ORDERHUB_LISTEN": "0.0.0.0",
                "ORDERHUB_PORTS": ",".join(f"{n}={p}" for n, p in self.ports.items()),
                "ORDERHUB_DATA_DIR": str(self.folder / name),
                "ORDERHUB_SECRET_FILE": str(self.folder / "tls" / name / "secret"),
                "ORDERHUB_RULES_DIR": str(REPO / "rules"),
                "ORDERHUB_GRACE_S": "8",
            }
        )

    def start(self, name: str, log: object) -> None:
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "services", name],
            env=self.of_service(name),
            stdout=log,  # type: ignore[arg-type]
            stderr=subprocess.STDOUT,
            cwd=self.folder,
        )

    def health(self, name: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, DOCKER / "healthcheck.py", name],
            env=self.of_service(name),
            capture_output=True,
            text=True,
            check=False,
        )

    def until_healthy(self, name: str) -> None:
        give_up = time.monotonic() + START_S
        while self.health(name).returncode:
            running = self.processes[name].poll() is None
            assert running, (self.folder / f"{name}.log").read_text()
            assert time.monotonic() < give_up, (self.folder / f"{name}.log").read_text()

    def orderhub(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        where = ",".join(f"{name}=localhost:{port}" for name, port in self.ports.items())
        return subprocess.run(
            [sys.executable, "-m", "orderhub_client", *arguments, "--hub", where],
            env=self.environment("operator") | environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )

    def stop(self) -> dict[str, int]:
        for name in ("orchestrator", "intake", "rules", "fulfilment"):
            if name in self.processes:
                self.processes[name].terminate()
        return {name: process.wait(30) for name, process in self.processes.items()}


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@pytest.fixture
def split(tmp_path: Path) -> Iterator[Split]:
    if shutil.which("openssl") is None:
        pytest.skip("NO OPENSSL: certificates cannot be made, services apart are not tested")
    services = Split(tmp_path)
    yield services
    for process in services.processes.values():
        if process.poll() is None:
            process.kill()
            process.wait()


def test_services_apart_take_orders_all_the_way_over_mutual_tls(
    split: Split, tmp_path: Path
) -> None:
    source = olist_like.write(tmp_path / "olist", ORDERS)
    before = split.health("intake")
    with ExitStack() as files:
        for name in SERVICES:
            split.start(name, files.enter_context((tmp_path / f"{name}.log").open("wb")))
        for name in SERVICES:
            split.until_healthy(name)

        run = split.orderhub("run", "--source", "olist", str(source), "--no-plan", "--json")
        nameless = split.orderhub(
            "orders", "list", ORDERHUB_TLS_CERT_FILE="", ORDERHUB_TLS_KEY_FILE=""
        )
        codes = split.stop()

    assert before.returncode == 1
    assert run.returncode == 0, run.stderr
    summary = json.loads(run.stdout)
    assert summary["accepted"] == ORDERS
    assert sum(summary["by_state"].values()) == ORDERS
    assert nameless.returncode == 3
    assert codes == dict.fromkeys(SERVICES, 0)
