"""Settings, read once from the environment; every field has a default that runs on a laptop."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services._kit.errors import ConfigError

SERVICES = ("intake", "rules", "fulfilment", "orchestrator")
FIRST_PORT = 7401
PREFIX = "ORDERHUB_"


class Config(BaseSettings):
    """Every setting of every service; `ORDERHUB_` and the field's name in capitals sets it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    data_dir: Path = Field(
        Path(".orderhub"),
        description="Folder of the SQLite files, the secret and hub.json.",
    )
    database_url: str = Field(
        "",
        description="SQLAlchemy URL of PostgreSQL; empty: one SQLite file per service.",
    )
    database_readers: int = Field(4, ge=1, le=64, description="Threads that only read.")
    database_writers: int = Field(
        4, ge=1, le=64, description="Threads that write; SQLite always has one."
    )

    listen: str = Field("127.0.0.1", description="Host all services listen on.")
    ports: Annotated[dict[str, int], NoDecode] = Field(
        {name: FIRST_PORT + i for i, name in enumerate(SERVICES)},
        description="The first port (the others follow; 0: free ones), or `intake=7401,rules=0`.",
    )
    intake_addr: str = Field("", description="Where intake answers; empty: its port here.")
    rules_addr: str = Field("", description="Where rules answers; empty: its port here.")
    fulfilment_addr: str = Field("", description="Where fulfilment answers; empty: its port here.")
    orchestrator_addr: str = Field(
        "", description="Where the orchestrator answers; empty: its port here."
    )
    tls_cert_file: Path | None = Field(None, description="Our certificate chain (PEM).")
    tls_key_file: Path | None = Field(None, description="Our private key (PEM).")
    tls_ca_file: Path | None = Field(
        None, description="Authorities that peers' certificates are checked against (PEM)."
    )

    rules_dir: Path = Field(Path("rules"), description="Folder of the rulebook.")
    env: Literal["development", "production"] = Field(
        "development", description="Development: readable logs and reflection."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least level logged."
    )
    grace_s: float = Field(10.0, ge=0, le=600, description="Time to finish calls after SIGTERM.")
    executor_id: str = Field(
        "local",
        min_length=1,
        max_length=64,
        description="This machine's stable name; workflows are taken up again by it.",
    )
    time_zone: str = Field("Asia/Shanghai", description="The business's zone (IANA).")
    secret_file: Path | None = Field(
        None,
        description="Secret of keyed hashes and page tokens; if unset, made in the data folder.",
    )

    solver_workers: int = Field(1, ge=1, le=64, description="Processes that plan routes.")
    solver_time_limit_s: int = Field(30, ge=1, le=3600, description="Most time for one plan.")
    solver_max_stops: int = Field(2000, ge=1, description="Most stops of one plan.")
    solver_max_vehicles: int = Field(200, ge=1, description="Most vehicles of one plan.")
    rule_workers: int = Field(1, ge=1, le=64, description="Processes that evaluate rules.")

    max_message_bytes: int = Field(1 << 20, ge=1024, description="Largest request.")
    max_batch_bytes: int = Field(4 << 20, ge=1024, description="Largest batch request.")
    max_transport_bytes: int = Field(
        16 << 20, description="Cap of the transport; well above, so that ours names the fault."
    )
    max_order_lines: int = Field(500, ge=1, description="Most lines of one order.")
    max_string_bytes: int = Field(1024, ge=1, description="Longest text field, UTF-8.")
    max_page_size: int = Field(500, ge=1, description="Most entries of one page.")
    max_in_flight: int = Field(512, ge=1, description="Unary calls served at once per service.")
    max_streams: int = Field(256, ge=1, description="Streams open at once per service.")

    group_max_items: int = Field(256, ge=1, description="Most items committed together.")
    group_max_wait_s: float = Field(
        0.002, ge=0, le=1, description="Longest wait for company before a commit."
    )
    outbox_poll_s: float = Field(
        0.25, gt=0, le=60, description="How often watchers look for events of other processes."
    )

    @field_validator("ports", mode="before")
    @classmethod
    def _parse_ports(cls, given: object) -> object:
        if isinstance(given, int):
            given = str(given)
        return parse_ports(given) if isinstance(given, str) else given

    @field_validator("ports")
    @classmethod
    def _complete_ports(cls, given: dict[str, int]) -> dict[str, int]:
        unknown = sorted(set(given) - set(SERVICES))
        if unknown:
            raise ValueError(f"no service is called {unknown[0]!r}")
        if any(not 0 <= port <= 65535 for port in given.values()):
            raise ValueError("a port is 0 to 65535")
        return {name: given.get(name, FIRST_PORT + i) for i, name in enumerate(SERVICES)}

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{given!r} is no IANA time zone") from None
        return given

    @field_validator("database_url")
    @classmethod
    def _supported_database(cls, given: str) -> str:
        if given and not given.startswith(("postgresql://", "postgresql+psycopg://")):
            raise ValueError("only postgresql:// is supported; leave it empty for SQLite")
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if bool(self.tls_cert_file) != bool(self.tls_key_file):
            raise ValueError("tls_cert_file and tls_key_file are given together or not at all")
        if not is_loopback(self.listen) and not (self.tls_cert_file and self.tls_ca_file):
            raise ValueError(
                f"listen: {self.listen!r} is reachable from other machines, so TLS is needed: give "
                "tls_cert_file, tls_key_file and tls_ca_file, or listen on 127.0.0.1"
            )
        largest = max(self.max_message_bytes, self.max_batch_bytes)
        if self.max_transport_bytes < 2 * largest:
            raise ValueError("max_transport_bytes must be at least twice the largest message")
        return self

    @property
    def production(self) -> bool:
        """Whether this is no laptop."""
        return self.env == "production"

    def make_data_dir(self) -> Path:
        """Return the data folder, made for its owner only where it is absent.

        Raises
        ------
        ConfigError
            When it cannot be made.
        """
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"ORDERHUB_DATA_DIR: {self.data_dir} cannot be made: {error.strerror}"
            ) from None
        return self.data_dir

    def zone(self) -> ZoneInfo:
        """Return the business's time zone."""
        return ZoneInfo(self.time_zone)

    def listen_address(self, service: str) -> str:
        """Return `host:port` that `service` listens on; port 0 means a free one."""
        host = f"[{self.listen}]" if ":" in self.listen else self.listen
        return f"{host}:{self.ports[service]}"

    def address(self, service: str) -> str:
        """Return `host:port` at which callers reach `service`."""
        given = str(getattr(self, f"{service}_addr"))
        if given:
            return given
        host = "127.0.0.1" if self.listen in {"0.0.0.0", "::"} else self.listen  # noqa: S104 - compared, not bound
        host = f"[{host}]" if ":" in host else host
        return f"{host}:{self.ports[service]}"


def load(**given: object) -> Config:
    """Return the settings of the environment, with `given` on top.

    Raises
    ------
    ConfigError
        Naming every setting that cannot be used, in one sentence each.
    """
    try:
        return Config(**given)  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        raise ConfigError("; ".join(_sentence(fault) for fault in error.errors())) from None


def parse_ports(given: str) -> dict[str, int]:
    """Return ports by service from `7401`, `0` or `intake=7401,rules=0`."""
    text = given.strip()
    if text.isdigit():
        first = int(text)
        return {name: first + i if first else 0 for i, name in enumerate(SERVICES)}
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(port.strip().isdigit() for _, _, port in pairs):
        raise ValueError("give the first port, or name=port pairs separated by commas")
    return {name.strip(): int(port) for name, _, port in pairs}


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches `host`; a name counts only if it is localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _sentence(fault: object) -> str:
    assert isinstance(fault, dict)  # noqa: S101 - narrows pydantic's TypedDict
    where = ".".join(str(part) for part in fault["loc"][:1])
    said = str(fault["msg"]).removeprefix("Value error, ")
    return f"{PREFIX}{where.upper()}: {said}" if where else said


def environment() -> dict[str, str]:
    """Return this process's settings as they were given, for a child process."""
    return {key: value for key, value in os.environ.items() if key.startswith(PREFIX)}
