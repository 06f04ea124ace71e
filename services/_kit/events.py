"""Events as the outbox keeps them, with the attributes of CloudEvents 1.0."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services._kit.errors import Malformed
from services._kit.reasons import Reason

CONTENT_TYPE = "application/protobuf"
SPEC_VERSION = "1.0"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POSITION = re.compile(r"1:(\d{1,20}):(\d{1,19})")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event about to be written.

    Attributes
    ----------
    aggregate_id
        What it is about, as an order's number; CloudEvents' `subject`.
    type
        What happened, as `orderhub.order.accepted`.
    time
        When, aware.
    data
        The serialised message; no personal data.
    data_schema
        Full name of the message in `data`.
    aggregate_seq
        1, 2, … per aggregate. If unset, the outbox counts on from the last one; a caller that
        holds the aggregate's row and its count saves that query.
    """

    aggregate_id: str
    type: str
    time: datetime
    data: bytes
    data_schema: str = ""
    aggregate_seq: int | None = None
    tracking_id: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it was written; `position` orders it among all of its service."""

    position: Position
    source: str
    aggregate_id: str
    aggregate_seq: int
    type: str
    time: datetime
    data_schema: str
    tracking_id: str
    data: bytes

    @property
    def id(self) -> str:
        """Unique within `source`, the same at every delivery."""
        return f"{self.aggregate_id}/{self.aggregate_seq}"

    @property
    def cursor(self) -> str:
        """Where reading goes on after this event."""
        return cursor_from(self.position)


class Position(NamedTuple):
    """A place in the order in which events become visible."""

    xid: int
    seq: int


START = Position(0, 0)


class Batch(NamedTuple):
    """Events in order, and the cursor that resumes after the last."""

    events: list[Event]
    cursor: str


def cursor_from(position: Position) -> str:
    """Return the opaque cursor of `position`."""
    return base64.urlsafe_b64encode(f"1:{position.xid}:{position.seq}".encode()).decode()


def position_from(cursor: str, field: str = "cursor") -> Position:
    """Return the position in `cursor`, the start for an empty one.

    Raises
    ------
    Malformed
        Naming `field`, when it is not one of ours.
    """
    if not cursor:
        return START
    try:
        text = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        text = ""
    found = _POSITION.fullmatch(text)
    position = Position(int(found[1]), int(found[2])) if found else START
    # One spelling per place, within what the columns hold.
    if cursor_from(position) != cursor or position.xid >= 1 << 64 or position.seq >= 1 << 63:
        raise Malformed(Reason.CURSOR_INVALID, field=field)
    return position


def micros_from(time: datetime) -> int:
    """Return microseconds since 1970 of an aware instant."""
    return (time - EPOCH) // timedelta(microseconds=1)


def time_from(micros: int) -> datetime:
    """Return the instant, in UTC."""
    return EPOCH + timedelta(microseconds=micros)
