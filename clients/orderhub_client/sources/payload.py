"""One payload of a channel, ready to be submitted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Payload:
    """What a channel says of one order.

    Attributes
    ----------
    request_id
        Made of the channel and the content: the same payload always has the same id, so a
        repeated run is answered from the first one.
    body
        UTF-8 JSON.
    lane
        Payloads of one lane are submitted in the source's order, one after another: a
        cancellation never overtakes the order it cancels.
    line
        Where it begins in its file, 1 the first; 0 where it has no one place.
    """

    request_id: str
    body: bytes
    lane: str
    line: int = 0


def payload_of(channel: str, content: object, lane: str, line: int = 0) -> Payload:
    """Return `content`, anything JSON can say, as a payload of `channel`."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return raw_payload(channel, body, lane, line)


def raw_payload(channel: str, body: bytes, lane: str, line: int = 0) -> Payload:
    """Return `body`, kept to the byte, as a payload of `channel`."""
    digest = hashlib.sha256(body).hexdigest()[:40]
    return Payload(f"{channel}:{digest}", body, lane, line)
