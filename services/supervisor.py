"""One process per service: started, restarted when it dies, stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from enum import IntEnum
from typing import TYPE_CHECKING

from services._kit import logs
from services._kit.parent import PARENT_VARIABLE
from services.hub import STOP_ORDER, on_signals

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Coroutine, Iterable, Sequence

    from services._kit.config import Config

log = logs.logger("supervisor")

WHY_VARIABLE = "ORDERHUB_WHY_FD"  # where a child says in one sentence why it cannot run
FIRST_PAUSE_S, MAX_PAUSE_S = 0.1, 5.0
STEADY_S = 10.0  # a child that lived so long starts afresh with the pauses
HOPELESS = 3  # deaths by configuration, each within STEADY_S, before we give up
CHILDS_SHARE = 0.8  # of its stage's time; what is left is for ending the process


class ExitCode(IntEnum):
    """How our processes end; sysexits.h has the numbers."""

    OK = 0
    USAGE = 2
    UNAVAILABLE = 69
    BUG = 70
    CONFIG = 78


class Child:
    """One service's process, over and over."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        self.name = name
        self._environment = environment
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self.why = ""

    @property
    def pid(self) -> int | None:
        """Id of the living process."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def keep(self) -> bool:
        """Run until stopped; return False when it was given up."""
        pause_s, hopeless = FIRST_PAUSE_S, 0
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run()
            if self._stopping.is_set():
                break
            if time.monotonic() - started >= STEADY_S:
                pause_s, hopeless = FIRST_PAUSE_S, 0
            hopeless = hopeless + 1 if code == ExitCode.CONFIG else 0
            if hopeless >= HOPELESS:
                log.error(
                    "given up: it cannot run with these settings", service=self.name, why=self.why
                )
                return False
            log.warning(
                "died and is started again",
                service=self.name,
                code=code,
                why=self.why,
                in_s=pause_s,
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
            pause_s = min(MAX_PAUSE_S, 2 * pause_s)
        return True

    async def stop(self, within_s: float) -> None:
        """Ask it to end, and kill it where it has not after `within_s`."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), within_s)
        except TimeoutError:
            log.warning("did not stop in time and is killed", service=self.name)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _run(self) -> int:
        ours, theirs = os.pipe()
        try:
            # A session of its own: the terminal's Ctrl-C comes to us, and we keep the order.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "services",
                self.name,
                env=self._environment | {WHY_VARIABLE: str(theirs)},
                pass_fds=(theirs,),
                start_new_session=True,
            )
        finally:
            os.close(theirs)
        log.info("started", service=self.name, pid=self._process.pid)
        code = await self._process.wait()
        os.set_blocking(ours, False)
        with contextlib.suppress(BlockingIOError), open(ours, "rb") as told:  # noqa: PTH123 - a descriptor
            self.why = (told.read() or b"").decode(errors="replace").strip()
        return code


class Supervisor:
    """Keeps one child per service.

    Parameters
    ----------
    config
        With every port chosen; see `hub.with_ports`.
    """

    def __init__(self, config: Config, names: Sequence[str]) -> None:
        self._config = config
        self._stage_s = config.grace_s / len(STOP_ORDER)
        self.children = {name: Child(name, self._environment(names)) for name in names}

    async def run(self) -> ExitCode:
        """Keep all until SIGTERM or SIGINT, or until none is left that could run."""
        stop = asyncio.Event()
        on_signals(stop.set)
        keeping = [child.keep() for child in self.children.values()]
        stopped = asyncio.ensure_future(stop.wait())
        everything = asyncio.ensure_future(_all(keeping))
        await asyncio.wait((stopped, everything), return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            stopped.cancel()
            log.error("no service is left to run")
            return ExitCode.CONFIG
        log.info("stopping", services=list(self.children))
        for stage in STOP_ORDER:
            leaving = [self.children[name] for name in stage if name in self.children]
            await asyncio.gather(*(child.stop(self._stage_s) for child in leaving))
        await everything
        return ExitCode.OK

    def _environment(self, names: Sequence[str]) -> dict[str, str]:
        config = self._config
        given = {
            "ORDERHUB_DATA_DIR": str(config.data_dir.resolve()),
            "ORDERHUB_PORTS": ",".join(f"{name}={port}" for name, port in config.ports.items()),
            "ORDERHUB_GRACE_S": str(self._stage_s * CHILDS_SHARE),
            PARENT_VARIABLE: str(os.getpid()),
        }
        given |= {f"ORDERHUB_{name.upper()}_ADDR": config.address(name) for name in names}
        return dict(os.environ) | given


async def _all(keeping: Iterable[Coroutine[None, None, bool]]) -> None:
    await asyncio.gather(*keeping)
