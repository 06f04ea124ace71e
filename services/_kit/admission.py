"""How many calls are served at once; more are refused quickly rather than queued."""

from __future__ import annotations

import random

from services._kit.errors import Exhausted, Unavailable
from services._kit.reasons import Reason

RETRY_AFTER_S = (0.05, 0.3)  # spread, so that refused callers do not return together


class Admission:
    """Counts calls in flight against a limit.

    Parameters
    ----------
    max_calls
        Unary calls at once.
    max_streams
        Open response streams at once; they hold no slot of the calls.
    """

    def __init__(self, max_calls: int, max_streams: int) -> None:
        self._limit = {False: max_calls, True: max_streams}
        self._open = {False: 0, True: 0}
        self._draining = False

    @property
    def in_flight(self) -> int:
        """Calls and streams being served."""
        return sum(self._open.values())

    def enter(self, *, stream: bool) -> None:
        """Take a slot.

        Raises
        ------
        Exhausted
            When all are taken; nothing was done.
        Unavailable
            When the server is draining; nothing was done.
        """
        if self._draining:
            raise Unavailable(Reason.SHUTTING_DOWN, retry_after_s=random.uniform(*RETRY_AFTER_S))
        if self._open[stream] >= self._limit[stream]:
            raise Exhausted(Reason.OVERLOADED, retry_after_s=random.uniform(*RETRY_AFTER_S))
        self._open[stream] += 1

    def leave(self, *, stream: bool) -> None:
        """Give the slot back."""
        self._open[stream] -= 1

    def drain(self) -> None:
        """Refuse every further call."""
        self._draining = True
