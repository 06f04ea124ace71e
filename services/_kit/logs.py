"""Structured logs: one line per event, a tracking id on each, personal data masked."""

from __future__ import annotations

import logging
import re
import sys
import uuid
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from services._kit.masking import MASK, is_personal, masked

if TYPE_CHECKING:
    from collections.abc import MutableMapping

TRACKING_KEY = "x-tracking-id"
_TRACKING_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def configure(*, production: bool, level: str = "INFO") -> None:
    """Send our own and the libraries' logs to standard error.

    Parameters
    ----------
    production
        JSON, one object per line, when true; readable text otherwise.
    level
        Least level shown: DEBUG, INFO, WARNING, ERROR.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_personal,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(serializer=_json)
        if production
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("alembic", "sqlalchemy", "dbos", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def debugging() -> bool:
    """Return whether debug lines are shown; hot paths ask before they build one."""
    return logging.getLogger().isEnabledFor(logging.DEBUG)


def logger(room: str) -> Any:
    """Return the logger of `room`, as `intake.store`."""
    return structlog.get_logger(room, room=room)  # lazy: bound before `configure` too


def mask_personal(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask phone numbers anywhere and the values of personal keys."""
    for key, value in event.items():
        if key.startswith("_"):  # structlog's own bookkeeping
            continue
        event[key] = MASK if is_personal(key) else masked(value)
    return event


def tracking_id_from(given: str | None) -> str:
    """Return the caller's tracking id where it is a decent one, else a new one."""
    if given and _TRACKING_ID.fullmatch(given) and masked(given) == given:
        return given
    return uuid.uuid4().hex


def tracking_id() -> str:
    """Return the tracking id of the call being served, empty outside of calls."""
    return str(structlog.contextvars.get_contextvars().get("tracking_id", ""))


def _json(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()
