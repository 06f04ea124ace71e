"""Orders as JSON: an array, one object, or an object on each line.

Lines are streamed; an array is read whole. Bodies are kept to the byte, so that no number
passes through a float.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

from orderhub_client.sources.payload import Payload, raw_payload
from orderhub_client.sources.text import SourceError, utf8_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CHANNEL = "generic_json"
_DECODER = json.JSONDecoder()
_BLANK = " \t\r\n"


def payloads(path: Path, channel: str = CHANNEL) -> Iterator[Payload]:
    """Yield one payload for each order in the file; errors as of `payloads_of`."""
    return payloads_of(utf8_lines(path), path, channel)


def payloads_of(lines: Iterable[str], path: Path, channel: str = CHANNEL) -> Iterator[Payload]:
    """Yield one payload for each order in `lines`; `path` is named in errors.

    Raises
    ------
    SourceError
        When the text is no JSON, or holds anything but objects.
    """
    numbered = enumerate(lines, start=1)
    first, line = next(((n, line) for n, line in numbered if line.strip(_BLANK)), (0, ""))
    if not line:
        return
    if not _is_object(line):
        rest = "".join(more for _, more in numbered)
        yield from _from_document(line + rest, path, first, channel)
        return
    for number, more in itertools.chain([(first, line)], numbered):
        text = more.strip(_BLANK)
        if text:
            value, end = _decode(text, 0, path, number)
            _nothing_after(text, end, path, number)
            yield _payload(value, text, path, number, channel)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _from_document(text: str, path: Path, first: int, channel: str) -> Iterator[Payload]:
    at = _skip(text, 0)
    if text[at : at + 1] != "[":
        value, end = _decode(text, at, path, first)
        _nothing_after(text, end, path, first)
        yield _payload(value, text[at:end], path, first, channel)
        return
    at = _skip(text, at + 1)
    line, counted = first, 0  # the line that text[counted] stands on
    while text[at : at + 1] != "]":
        value, end = _decode(text, at, path, first)
        line, counted = line + text.count("\n", counted, at), at
        yield _payload(value, text[at:end], path, line, channel)
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] == "]":
                raise _fault(path, "an order is missing after the comma", text, at, first)
        elif text[at : at + 1] != "]":
            raise _fault(path, "',' or ']' is missing after the order", text, at, first)
    _nothing_after(text, at + 1, path, first)


def _decode(text: str, at: int, path: Path, first: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _fault(path, f"not JSON: {error.msg}", text, error.pos, first) from None
    except (RecursionError, ValueError):
        raise _fault(
            path, "JSON nested or numbers written beyond reason", text, at, first
        ) from None


def _nothing_after(text: str, at: int, path: Path, first: int) -> None:
    end = _skip(text, at)
    if end < len(text):
        raise _fault(path, "something follows the end of the JSON", text, end, first)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at


def _payload(value: object, text: str, path: Path, line: int, channel: str) -> Payload:
    if not isinstance(value, dict):
        raise SourceError(path, "an order is a JSON object", line)
    external_id = value.get("external_order_id", value.get("order_id"))
    lane = f"{value.get('shop', '')}/{external_id}" if external_id else text[:64]
    return raw_payload(channel, text.encode(), lane, line)


def _fault(path: Path, message: str, text: str, at: int, first: int) -> SourceError:
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return SourceError(path, f"{message} (column {column})", first + text.count("\n", 0, at))
