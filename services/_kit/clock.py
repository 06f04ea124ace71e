"""Time as a dependency: what the clock says, and how long something took."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What code that asks for the time needs."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary point; never goes back."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds since an arbitrary point."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved.

    Parameters
    ----------
    start
        The first instant; aware. `monotonic` counts seconds from it.

    Raises
    ------
    ValueError
        When an instant carries no zone.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = _utc(start)
        self._monotonic_s = 0.0

    def now(self) -> datetime:
        """Return the instant last set."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds advanced so far."""
        return self._monotonic_s

    def set(self, instant: datetime) -> None:
        """Stand at `instant`, forwards or back, as wall clocks do; `monotonic` never goes back."""
        moved_s = (_utc(instant) - self._now).total_seconds()
        self._now = _utc(instant)
        self._monotonic_s += max(0.0, moved_s)

    def advance(self, seconds: float) -> None:
        """Go `seconds` (≥ 0) forward."""
        if seconds < 0:
            raise ValueError("a clock advances forward only; use set() to go back")
        self.set(self._now + timedelta(seconds=seconds))


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return instant.astimezone(UTC)
