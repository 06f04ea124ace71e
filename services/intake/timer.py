"""Something done again and again in the background, whatever becomes of one time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services._kit import logs
from services._kit.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logs.logger("intake.timer")


class Timer:
    """Calls `what` every `interval_s` seconds until it is closed.

    Parameters
    ----------
    name
        As the log calls it.
    """

    def __init__(self, name: str, what: Callable[[], Awaitable[None]], interval_s: float) -> None:
        self._name = name
        self._what = what
        self._interval_s = interval_s
        self._task = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        """Stop calling."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._what()
            except Refusal as refusal:
                log.warning("put off", task=self._name, reason=refusal.reason.value)
            except Exception:
                log.exception("failed by our fault", task=self._name)
            await asyncio.sleep(self._interval_s)
