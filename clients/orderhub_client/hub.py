"""Finding the hub, or starting one for a while."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orderhub_client.addresses import from_mapping, parse_addresses
from orderhub_client.health import not_serving

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from orderhub_client.addresses import Addresses

DATA_DIR = "ORDERHUB_DATA_DIR"
PARENT_PID = "ORDERHUB_PARENT_PID"  # a hub dies with the process named here
HUB_FILE = "hub.json"
LOG_FILE = "hub.log"
# The first start on a machine compiles the allocation kernels.
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.1
ANSWER_S = 3.0
RESTART_S = 30.0  # its process lives: it starts, or a service is being started again
PATIENT_S = 5.0  # people wait so long without being told


def _nothing(text: str) -> None:
    """Say nothing."""


class HubNotFoundError(Exception):
    """No hub answers; the text is one or two lines that say where and what to do."""


def data_dir(where: str = "") -> Path:
    """Return the data folder that `where` or the environment names."""
    return Path(where or os.environ.get(DATA_DIR) or ".orderhub")


def found_hub(where: str = "") -> Addresses:
    """Return the addresses of a running hub.

    Raises
    ------
    HubNotFoundError
        When none runs there, or one of its services does not serve.
    """
    try:
        given = parse_addresses(where) if where else None
    except ValueError as error:
        raise HubNotFoundError(f"--hub: {error}.") from None
    if given is not None:
        return _checked(given, where, ANSWER_S)
    folder = data_dir(where)
    running = read_hub_file(folder)
    if running is None:
        raise HubNotFoundError(f"No hub runs on {folder}.\nStart one with `orderhub serve`.")
    return _checked(running, str(folder), RESTART_S)


@contextlib.contextmanager
def opened_hub(where: str = "", say: Callable[[str], None] = _nothing) -> Generator[Addresses]:
    """Yield the addresses of a running hub, or of one started for as long as this lasts.

    A hub is started only where `where` names no addresses. At the end it gets SIGTERM, and
    SIGKILL when it does not end in time; its data stay. `say` hears what takes long.
    """
    if where and _names_addresses(where):
        yield found_hub(where)
        return
    folder = data_dir(where)
    running = read_hub_file(folder)
    if running is not None:
        yield _checked(running, str(folder), RESTART_S)
        return
    process = _started(folder)
    try:
        yield _when_serving(process, folder, say)
    finally:
        _stop(process)


def read_hub_file(folder: Path) -> Addresses | None:
    """Return the addresses that a hub alive wrote into `folder`; `None` without one."""
    try:
        said = json.loads((folder / HUB_FILE).read_text(encoding="utf-8"))
        pid = int(said["pid"])
        addresses = from_mapping(said["addresses"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return addresses if _alive(pid) else None


def _names_addresses(where: str) -> bool:
    try:
        return parse_addresses(where) is not None
    except ValueError:
        return True


def _checked(addresses: Addresses, where: str, timeout_s: float) -> Addresses:
    silent = not_serving(addresses, timeout_s)
    if silent:
        named = ", ".join(f"{name} ({getattr(addresses, name)})" for name in silent)
        raise HubNotFoundError(
            f"The hub of {where} does not answer: {named}.\n"
            "Is it running? `orderhub serve` starts one."
        )
    return addresses


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started(folder: Path) -> subprocess.Popen[bytes]:
    if importlib.util.find_spec("services") is None:
        raise HubNotFoundError(
            f"No hub runs on {folder}, and the server is not installed to start one.\n"
            "Name a running one with --hub HOST:PORT, or install orderhub-server."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HubNotFoundError(f"The data folder {folder} cannot be made: {error}.") from None
    environment = os.environ | {DATA_DIR: str(folder.absolute()), PARENT_PID: str(os.getpid())}
    with (folder / LOG_FILE).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "services", "--free-ports"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for us; we end it
        )


def _when_serving(
    process: subprocess.Popen[bytes], folder: Path, say: Callable[[str], None]
) -> Addresses:
    begun = time.monotonic()
    end, told = begun + START_TIMEOUT_S, False
    silent = ["all services"]
    while time.monotonic() < end:
        if process.poll() is not None:
            raise HubNotFoundError(
                f"The hub ended while starting (exit code {process.returncode}):\n"
                f"{_last_line(folder)}"
            )
        if not told and time.monotonic() - begun > PATIENT_S:
            say(f"Starting a hub on {folder} …")
            told = True
        addresses = read_hub_file(folder)
        if addresses is not None:
            silent = not_serving(addresses)
            if not silent:
                return addresses
        time.sleep(POLL_S)
    raise HubNotFoundError(
        f"The hub did not start in {START_TIMEOUT_S:.0f} s: waiting for {', '.join(silent)}.\n"
        f"See {folder / LOG_FILE}."
    )


def _last_line(folder: Path) -> str:
    text = (folder / LOG_FILE).read_bytes()[-4_000:].decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else f"see {folder / LOG_FILE}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
