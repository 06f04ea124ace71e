"""The hub's processes from outside: started, killed, restarted, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

REPO = Path(__file__).parents[2]
ALL = {"intake", "rules", "fulfilment", "orchestrator"}
PATIENCE_S = 60.0
SERVING = health_pb2.HealthCheckResponse.SERVING


class Hub:
    """A hub started as a user would, with stand-ins for the services."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.data = folder / "data"
        (folder / "sitecustomize.py").write_text("import fake_apps\nfake_apps.install()\n")
        paths = [folder, Path(__file__).parent, REPO, REPO / "clients"]
        self._errors = (folder / f"errors-{time.monotonic_ns()}.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services", *arguments, "--data-dir", str(self.data)],
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "ORDERHUB_GRACE_S": "8"}
            | environment,
            stderr=self._errors,
            cwd=folder,
        )

    @property
    def said(self) -> str:
        self._errors.flush()
        return Path(self._errors.name).read_text()

    def announced(self) -> dict[str, Any]:
        path = self.data / "hub.json"
        until(path.exists, self)
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def child(self, name: str, *, after: int = 0) -> int:
        """Return the id of the newest process of a service, once it is another than `after`."""

        def newest() -> int:
            pattern = rf"started .*pid=(\d+).* service={name}\b"
            pids = [int(found) for found in re.findall(pattern, self.said)]
            return pids[-1] if pids and pids[-1] != after else 0

        return int(until(newest, self))

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        self._errors.close()


def until(condition: Any, hub: Hub | None = None) -> Any:
    """Return the condition's value once it is true; fail with what the hub said otherwise."""
    give_up = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        if time.monotonic() > give_up:
            pytest.fail(f"waited in vain; the hub said:\n{hub.said if hub else ''}")
        time.sleep(0.02)
    return value


def serves(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        try:
            return bool(stub.Check(health_pb2.HealthCheckRequest(), timeout=2).status == SERVING)
        except grpc.RpcError:
            return False


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    hubs: list[Hub] = []

    def start(*arguments: str, **environment: str) -> Hub:
        hubs.append(Hub(tmp_path, *arguments, **environment))
        return hubs[-1]

    yield start
    for hub in hubs:
        hub.close()


def test_serves_all_and_stops_all_in_order(start: Any) -> None:
    hub = start("--free-ports")
    announced = hub.announced()
    addresses = announced["addresses"]
    until(lambda: all(serves(address) for address in addresses.values()), hub)
    pids = [hub.child(name) for name in ALL]

    hub.process.send_signal(signal.SIGTERM)
    code = hub.process.wait(PATIENCE_S)

    assert code == 0
    assert set(addresses) == ALL
    assert announced["pid"] == hub.process.pid
    assert (hub.data / "stops.txt").read_text().split()[0] == "orchestrator"
    assert set((hub.data / "stops.txt").read_text().split()) == ALL
    assert not any(alive(pid) for pid in pids)
    assert not (hub.data / "hub.json").exists()


def test_a_killed_service_comes_back_at_its_address_and_the_others_stay(start: Any) -> None:
    hub = start("--free-ports", "rules", "intake")
    addresses = hub.announced()["addresses"]
    until(lambda: all(serves(address) for address in addresses.values()), hub)
    rules, intake = hub.child("rules"), hub.child("intake")

    os.kill(rules, signal.SIGKILL)
    hub.child("rules", after=rules)
    until(lambda: serves(addresses["rules"]), hub)

    assert set(addresses) == {"rules", "intake"}
    assert hub.child("intake") == intake
    assert serves(addresses["intake"])


def test_children_die_with_a_killed_supervisor_and_a_new_one_starts(start: Any) -> None:
    hub = start("--free-ports", "rules", "intake")
    hub.announced()
    pids = [hub.child("rules"), hub.child("intake")]

    hub.process.kill()
    hub.process.wait()
    until(lambda: not any(alive(pid) for pid in pids))
    again = start("--free-ports", "rules", "intake")

    until(lambda: again.announced()["pid"] == again.process.pid, again)
    addresses = again.announced()["addresses"]
    until(lambda: all(serves(address) for address in addresses.values()), again)


def test_a_service_with_unusable_settings_is_given_up_and_the_others_serve(start: Any) -> None:
    hub = start("--free-ports", "rules", "intake", FAKE_REFUSES="rules")
    addresses = hub.announced()["addresses"]

    until(lambda: "given up" in hub.said, hub)

    assert "rules misses its spare key" in hub.said.partition("given up")[2]
    until(lambda: serves(addresses["intake"]), hub)
    assert not serves(addresses["rules"])


def test_one_process_serves_all_when_asked(start: Any) -> None:
    hub = start("--free-ports", "--single-process")
    addresses = hub.announced()["addresses"]
    until(lambda: all(serves(address) for address in addresses.values()), hub)

    hub.process.send_signal(signal.SIGINT)

    assert hub.process.wait(PATIENCE_S) == 0
    assert (hub.data / "stops.txt").read_text().split()[0] == "orchestrator"


def test_one_name_is_served_alone_and_says_its_port_is_taken(start: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        hub = start("rules", ORDERHUB_PORTS=f"rules={port}")
        code = hub.process.wait(PATIENCE_S)

    assert code == 69
    assert f"cannot listen on 127.0.0.1:{port}" in hub.said
    assert "Traceback" not in hub.said


def test_a_second_hub_on_the_same_folder_is_refused_in_one_sentence(start: Any) -> None:
    hub = start("--free-ports", "rules", "intake")
    hub.announced()

    second = start("--free-ports", "rules", "intake")
    code = second.process.wait(PATIENCE_S)

    assert code == 78
    assert f"in use by process {hub.process.pid}" in second.said
    assert hub.announced()["pid"] == hub.process.pid


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ORDERHUB_LISTEN": "0.0.0.0"}, "so TLS is needed"),
        ({"ORDERHUB_GRACE_S": "soon"}, "ORDERHUB_GRACE_S: Input should be a valid number"),
        ({"ORDERHUB_TIME_ZONE": "Mars/Olympus"}, "'Mars/Olympus' is no IANA time zone"),
        ({"ORDERHUB_DATABASE_URL": "mysql://x/y"}, "only postgresql:// is supported"),
        ({"ORDERHUB_PORTS": "intake"}, "give the first port"),
    ],
)
def test_unusable_settings_end_in_one_sentence(
    start: Any, environment: dict[str, str], sentence: str
) -> None:
    hub = start(**environment)

    assert hub.process.wait(PATIENCE_S) == 78
    assert sentence in hub.said
    assert len(hub.said.splitlines()) == 1
