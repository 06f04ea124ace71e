"""What a request may look like: every fault is noted, then all are said at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderhub.common.v1 import geo_pb2 as geo_v1
from services._kit.errors import Violations
from services._kit.events import EPOCH, micros_from
from services._kit.reasons import Reason as Kit
from services.fulfilment.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence, Sized

    from google.protobuf.timestamp_pb2 import Timestamp

    from orderhub.common.v1 import time_pb2 as time_v1

T = TypeVar("T")

MAX_ID = 64
MAX_TEXT_BYTES = 1000
MAX_AMOUNT_MINOR = 10**9
MAX_PIECES = 10**9
_CURRENCY = re.compile(r"[A-Z]{3}")
_FIRST_S = int(datetime(1, 1, 1, tzinfo=UTC).timestamp())
_LAST_S = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


class Checks(Violations):
    """Collects violations; each method notes a fault of one field and says if there was none."""

    def many(self, field: str, given: Sized, most: int, least: int = 1) -> bool:
        """`given` has `least` to `most` entries."""
        if len(given) < least:
            self.add(field, Kit.REQUIRED, f"at least {least} is needed")
        elif len(given) > most:
            self.add(field, Kit.TOO_MANY, f"{len(given)} given, at most {most} are taken")
        else:
            return True
        return False

    def code(self, field: str, given: str, most: int = MAX_ID, *, required: bool = True) -> bool:
        """`given` is an identifier: printable, no spaces around it, at most `most` characters."""
        if not given:
            if required:
                self.add(field, Kit.REQUIRED)
            return not required
        if len(given) > most:
            self.add(field, Kit.TOO_LONG, f"{len(given)} characters, at most {most}")
        elif not given.isprintable() or given != given.strip():
            self.add(field, Kit.MALFORMED, "only printable characters, no spaces around them")
        else:
            return True
        return False

    def text(self, field: str, given: str, most: int = MAX_TEXT_BYTES) -> bool:
        """`given` is text for people, at most `most` bytes."""
        if len(given.encode()) > most:
            self.add(field, Kit.TOO_LONG, f"{len(given.encode())} bytes, at most {most}")
        elif "\x00" in given:
            self.add(field, Kit.MALFORMED, "a text has no NUL")
        else:
            return True
        return False

    def between(self, field: str, given: int, least: int, most: int) -> bool:
        """`given` lies in a range, ends included."""
        if least <= given <= most:
            return True
        self.add(field, Kit.OUT_OF_RANGE, f"{given} is not within {least} to {most}")
        return False

    def currency(self, field: str, given: str) -> bool:
        """`given` looks like an ISO 4217 code."""
        if not given:
            self.add(field, Kit.REQUIRED)
        elif not _CURRENCY.fullmatch(given):
            self.add(field, Kit.UNKNOWN_VALUE, "an ISO 4217 code has three capital letters")
        else:
            return True
        return False

    def zone(self, field: str, given: str) -> bool:
        """`given` is an IANA time zone, or unset."""
        if not given:
            return True
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.add(field, Kit.UNKNOWN_VALUE, "not an IANA time zone")
            return False
        return True

    def member(self, field: str, given: int, known: Iterable[int]) -> bool:
        """`given` is one of `known`."""
        if given in known:
            return True
        self.add(field, Kit.UNKNOWN_VALUE, f"{given} is not one of the values known")
        return False

    def point(self, field: str, given: geo_v1.GeoPoint) -> bool:
        """`given` is a place on the earth with its datum."""
        sound = self.between(f"{field}.lat_e7", given.lat_e7, -900_000_000, 900_000_000)
        sound &= self.between(f"{field}.lng_e7", given.lng_e7, -1_800_000_000, 1_800_000_000)
        if given.datum == geo_v1.DATUM_UNSPECIFIED:
            self.add(f"{field}.datum", Kit.REQUIRED)
            return False
        return sound & self.member(f"{field}.datum", given.datum, geo_v1.Datum.values())

    def instant(self, field: str, given: Timestamp) -> bool:
        """`given` lies within the years 1 to 9999."""
        if _FIRST_S <= given.seconds <= _LAST_S and 0 <= given.nanos < 10**9:
            return True
        self.add(field, Kit.OUT_OF_RANGE, "not an instant of the years 1 to 9999")
        return False

    def window(self, field: str, given: time_v1.TimeWindow) -> bool:
        """`given` does not end before it starts."""
        sound = not given.HasField("start") or self.instant(f"{field}.start", given.start)
        sound &= not given.HasField("end") or self.instant(f"{field}.end", given.end)
        both = given.HasField("start") and given.HasField("end")
        if sound and both and micros_of(given.end) < micros_of(given.start):
            self.add(f"{field}.end", Reason.WINDOW_ENDS_BEFORE_START)
            return False
        return sound

    def unique(self, path: str, key: str, given: Sequence[Hashable]) -> bool:
        """No entry of `given` stands twice; `path` has `{}` for the position."""
        seen: set[Hashable] = set()
        before = len(seen)
        for i, value in enumerate(given):
            seen.add(value)
            if len(seen) == before:
                self.add(f"{path.format(i)}{key}", Reason.TWICE_IN_REQUEST)
            before = len(seen)
        return before == len(given)


def micros_of(given: Timestamp) -> int:
    """Return microseconds since 1970, rounded down."""
    return given.seconds * 1_000_000 + given.nanos // 1000


def set_micros(target: Timestamp, micros: int) -> None:
    """Make `target` the instant `micros` microseconds after 1970."""
    target.seconds, rest = divmod(micros, 1_000_000)
    target.nanos = rest * 1000


def now_us(now: datetime) -> int:
    """Return microseconds since 1970 of the clock's `now`."""
    return micros_from(now)


__all__ = ["EPOCH", "Checks", "micros_of", "now_us", "set_micros"]
