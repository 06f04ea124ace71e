"""Reads a payload's bytes: strict UTF-8 JSON whose numbers stay exact."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

import orjson

from services.intake.mapping.reasons import Fault, MappingReason

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def decode(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`, decimals as `Decimal`.

    Raises
    ------
    Fault
        MALFORMED_PAYLOAD, where it is no UTF-8, no JSON, or no object.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = f"0x{body[error.start]:02x} @ {error.start}"
        raise _malformed(f"不是 UTF-8（{at}）", f"it is not UTF-8 ({at})") from None
    try:
        if _SURROGATE.search(text):
            orjson.loads(text)  # refuses half a surrogate pair, which no text may hold
        root = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        at = f"{error.lineno}:{error.colno}"
        raise _malformed(f"不是 JSON（第 {at}）", f"it is not JSON (at {at})") from None
    except (ValueError, RecursionError):
        raise _malformed(
            "嵌套过深或数字过长", "it is nested or a number is written beyond reason"
        ) from None
    if type(root) is not dict:
        raise _malformed("应为 JSON 对象", "a JSON object is expected")
    return root


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _malformed(zh: str, en: str) -> Fault:
    return Fault(MappingReason.MALFORMED_PAYLOAD, zh=zh, en=en)
