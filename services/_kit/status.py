"""Refusals as google.rpc statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from services._kit.errors import fill
from services._kit.masking import masked_text
from services._kit.reasons import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.message import Message

    from services._kit.errors import Refusal, Violation

DOMAIN = "orderhub"
DETAILS_KEY = "grpc-status-details-bin"
CHINESE, ENGLISH = "zh-CN", "en"
# Peers cap all trailers at 8 kB, and a refusal that breaks the cap arrives as another one.
MAX_VIOLATIONS_BYTES = 2500
MAX_MESSAGE = 240  # characters; up to 9 bytes each on the wire
MAX_FIELD = 120


def rich_status(
    refusal: Refusal, *, languages: Sequence[str] = (CHINESE, ENGLISH), tracking_id: str = ""
) -> status_pb2.Status:
    """Return `refusal` as a status with ErrorInfo, BadRequest, RetryInfo and both texts.

    Parameters
    ----------
    languages
        Language tags in the order of the caller's preference.
    tracking_id
        Added to ErrorInfo's metadata where given.
    """
    facts = {name: _short(str(value)) for name, value in refusal.facts.items()}
    if tracking_id:
        facts["tracking_id"] = tracking_id
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=refusal.reason.value, domain=DOMAIN, metadata=facts)
    ]
    if refusal.violations:
        details.append(_bad_request(refusal.violations))
    if refusal.retry_after_s is not None:
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(round(refusal.retry_after_s * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    text = text_of(refusal.reason)
    by_locale = {CHINESE: text.zh, ENGLISH: text.en}
    details += [
        error_details_pb2.LocalizedMessage(
            locale=locale, message=_short(fill(by_locale[locale], refusal.facts))
        )
        for locale in _ordered(languages)
    ]
    status = status_pb2.Status(code=refusal.status.value[0], message=_short(refusal.message))
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def languages_of(accept_language: str) -> tuple[str, ...]:
    """Return the tags in an Accept-Language value, most wanted first.

    A quality that is no number counts as 0, so that a strange header never fails a call.
    """
    weighted = []
    for position, part in enumerate(accept_language.split(",")[:16]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag:
            weighted.append((-weight, position, tag))
    return tuple(tag for _, _, tag in sorted(weighted))


def _ordered(languages: Sequence[str]) -> tuple[str, str]:
    for tag in languages:
        if tag.lower().startswith("zh"):
            return CHINESE, ENGLISH
        if tag.lower().startswith("en"):
            return ENGLISH, CHINESE
    return CHINESE, ENGLISH


def _bad_request(violations: Sequence[Violation]) -> error_details_pb2.BadRequest:
    """Return as many of `violations` as fit, at least the first."""
    request = error_details_pb2.BadRequest()
    for violation in violations:
        if request.ByteSize() > MAX_VIOLATIONS_BYTES:
            break
        request.field_violations.add(
            field=violation.field[:MAX_FIELD],
            description=_short(violation.message or text_of(violation.reason).en),
            reason=violation.reason.value,
        )
    return request


def _short(text: str) -> str:
    text = masked_text(text)
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"
