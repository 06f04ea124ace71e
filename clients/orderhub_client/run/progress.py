"""What a run says while it goes on."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears how far a run is; called from several threads."""

    def stage(self, text: str) -> None:
        """Say what is being done now."""
        ...

    def submitted(self, done: int, total: int | None) -> None:
        """Say how many payloads were answered, of how many where that is known."""
        ...

    def at_rest(self, done: int, total: int) -> None:
        """Say how many of the channel's orders are at rest."""
        ...

    def planned(self, done: int, total: int) -> None:
        """Say how many route plans are ready."""
        ...


class Silent:
    """Hears and says nothing."""

    def stage(self, text: str) -> None:
        """Do nothing."""

    def submitted(self, done: int, total: int | None) -> None:
        """Do nothing."""

    def at_rest(self, done: int, total: int) -> None:
        """Do nothing."""

    def planned(self, done: int, total: int) -> None:
        """Do nothing."""
