"""Checks of single fields, collected so that all that is wrong is said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services._kit.errors import Violation
from services._kit.reasons import Reason, text_of
from services.intake.reasons import IntakeReason

if TYPE_CHECKING:
    from enum import StrEnum

    from google.protobuf.timestamp_pb2 import Timestamp

MAX_ID = 128  # characters
MAX_MONEY_MINOR = 10**15  # far below 2**63, so that sums never overflow
_CONTROL = dict.fromkeys(range(32)) | {127: None}


class Checks:
    """Collects violations under a path."""

    def __init__(self) -> None:
        self.found: list[Violation] = []

    def add(self, field: str, reason: StrEnum, message: str = "") -> None:
        """Note that `field` is wrong."""
        self.found.append(Violation(field, reason, message or text_of(reason).en))

    def identifier(
        self, field: str, value: str, *, required: bool = False, most: int = MAX_ID
    ) -> None:
        """Check a text that is stored as a key: its length in characters, no control characters."""
        if not value:
            if required:
                self.add(field, Reason.REQUIRED)
            return
        if len(value) > most:
            self.add(field, Reason.TOO_LONG, f"{len(value)} characters, at most {most}")
        if not value.isprintable() and value.translate(_CONTROL) != value:
            self.add(field, Reason.MALFORMED, "control characters are not allowed")

    def text(self, field: str, value: str, most_bytes: int) -> None:
        """Check a text's length in bytes of UTF-8."""
        if len(value) * 4 > most_bytes and len(value.encode()) > most_bytes:
            self.add(field, Reason.TOO_LONG, f"{len(value.encode())} bytes, at most {most_bytes}")

    def between(self, field: str, value: int, least: int, most: int) -> None:
        """Check a number's range, both ends included."""
        if not least <= value <= most:
            self.add(field, Reason.OUT_OF_RANGE, f"{value} is not between {least} and {most}")

    def money(self, field: str, value: int) -> None:
        """Check an amount in minor units: not negative, and small enough to be summed."""
        self.between(field, value, 0, MAX_MONEY_MINOR)

    def enum(self, field: str, value: int, kind: Any) -> None:
        """Check that `value` is one of `kind`'s, `_UNSPECIFIED` included."""
        if value not in kind.values():
            self.add(field, Reason.UNKNOWN_VALUE, f"{value} is no {kind.DESCRIPTOR.name}")

    def instant(
        self,
        field: str,
        value: Timestamp,
        latest_s: int,
        reason: StrEnum = Reason.OUT_OF_RANGE,
    ) -> None:
        """Check an instant: 1970 to `latest_s`, whole nanoseconds."""
        if not 0 <= value.nanos < 1_000_000_000 or value.seconds < 0:
            self.add(field, Reason.OUT_OF_RANGE, "an instant is 1970 or later")
        elif value.seconds > latest_s:
            self.add(field, reason)

    def window(self, field: str, value: Any, latest_s: int) -> None:
        """Check a `TimeWindow`; open ends are allowed."""
        for end in ("start", "end"):
            if value.HasField(end):
                self.instant(f"{field}.{end}", getattr(value, end), latest_s)
        if value.HasField("start") and value.HasField("end"):
            first, last = value.start, value.end
            if (last.seconds, last.nanos) < (first.seconds, first.nanos):
                self.add(f"{field}.end", IntakeReason.WINDOW_REVERSED)
