"""`python -m services [NAME…]`: serve the order hub, or some of its services."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from services import hub
from services._kit import config as settings
from services._kit import logs, parent
from services._kit.clock import SystemClock
from services._kit.errors import ConfigError, Unavailable
from services._kit.server import AddressInUseError
from services.announcement import Announcement
from services.supervisor import WHY_VARIABLE, ExitCode, Supervisor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services._kit.config import Config

EPILOG = """\
Without a name all services run, each in a process of its own that is restarted when it dies; with
one name that service runs in this process. Settings come from the environment (ORDERHUB_...);
--settings lists them. SIGTERM and SIGINT stop everything within ORDERHUB_GRACE_S seconds.

exit codes: 0 stopped as asked, 2 wrong usage, 69 a port or the database is not available,
70 a fault of ours, 78 settings that cannot be served with
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code."""
    options = _parser().parse_args(argv)
    if options.settings:
        sys.stdout.write(described_settings())
        return ExitCode.OK
    parent.die_with_supervisor()
    try:
        config = _configured(options)
        logs.configure(production=config.production, level=config.log_level)
        names = list(dict.fromkeys(options.names)) or list(settings.SERVICES)
        return _run(config, names, alone=options.single_process)
    except ConfigError as error:
        return _fail(ExitCode.CONFIG, str(error))
    except (AddressInUseError, Unavailable) as error:
        return _fail(ExitCode.UNAVAILABLE, str(error))
    except KeyboardInterrupt:
        return ExitCode.OK
    except Exception:  # noqa: BLE001 - the edge of the process: the supervisor needs its exit code
        logs.logger("hub").exception("a fault of ours")
        return _fail(ExitCode.BUG, "the program has a fault; the log has the details")


def _run(config: Config, names: list[str], *, alone: bool) -> int:
    config = hub.with_ports(config, names)
    if len(names) == 1:
        uvloop.run(hub.serve(config, names))
        return ExitCode.OK
    announcement = Announcement(config)
    started = SystemClock().now()
    try:
        if alone:
            uvloop.run(
                hub.serve(config, names, ready=lambda where: announcement.write(where, started))
            )
            return ExitCode.OK
        hub.check_ports(config, names)
        announcement.write(hub.addresses(config, names), started)
        return asyncio.run(_supervise(config, names))
    finally:
        announcement.withdraw()


async def _supervise(config: Config, names: list[str]) -> ExitCode:
    return await Supervisor(config, names).run()


def _configured(options: argparse.Namespace) -> Config:
    given: dict[str, object] = {}
    if options.data_dir is not None:
        given["data_dir"] = options.data_dir
    if options.free_ports:
        given["ports"] = "0"
    elif options.port_base is not None:
        given["ports"] = str(options.port_base)
    return settings.load(**given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services",
        description="Serve the order hub, or some of its services.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        choices=[*settings.SERVICES, []],
        help=f"services to run: {', '.join(settings.SERVICES)} (default: all)",
    )
    parser.add_argument(
        "--single-process", action="store_true", help="run them all in this process, for debugging"
    )
    parser.add_argument(
        "--data-dir", type=Path, metavar="D", help="folder of the data (default: ./.orderhub)"
    )
    ports = parser.add_mutually_exclusive_group()
    ports.add_argument(
        "--port-base", type=int, metavar="N", help="first of four ports (default: 7401)"
    )
    ports.add_argument("--free-ports", action="store_true", help="take any free ports")
    parser.add_argument("--settings", action="store_true", help="list every setting and stop")
    return parser


def described_settings() -> str:
    """Return every setting with its default and meaning, one paragraph each."""
    lines = []
    for name, field in settings.Config.model_fields.items():
        default = "" if field.default is None else field.default
        if isinstance(default, dict):
            default = ",".join(f"{key}={value}" for key, value in default.items())
        lines.append(
            f"{settings.PREFIX}{name.upper()}  (default: {default})\n    {field.description}\n"
        )
    return "".join(lines)


def _fail(code: ExitCode, sentence: str) -> int:
    sys.stderr.write(f"error: {sentence}\n")
    told = os.environ.get(WHY_VARIABLE, "")
    if told.isdigit():
        os.write(int(told), sentence.encode()[:4000])
    return code


if __name__ == "__main__":
    sys.exit(main())
