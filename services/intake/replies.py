"""Answers to single items of a batch that was otherwise taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services._kit.errors import Malformed
from services._kit.reasons import text_of
from services._kit.status import rich_status

if TYPE_CHECKING:
    from services._kit.errors import Refusal


def refused(request_id: str, refusal: Refusal) -> intake_v1.SubmitResult:
    """Return the result of an item that was not kept."""
    text = text_of(refusal.reason)
    result = intake_v1.SubmitResult(
        request_id=request_id,
        outcome=intake_v1.SUBMIT_OUTCOME_REFUSED,
        reason=refusal.reason.value,
        field=refusal.field,
        error=rich_status(refusal),
    )
    result.message.zh, result.message.en = text.zh, text.en
    return result


def results_of(
    request_ids: list[str], answers: list[intake_v1.SubmitResult | BaseException]
) -> list[intake_v1.SubmitResult]:
    """Return one result for each answer; an item's own refusal is a result, a fault is raised.

    Raises
    ------
    BaseException
        The first answer that is no refusal of its item: nothing is known of the whole then, and
        the caller repeats it with the same ids.
    """
    found = []
    for request_id, answer in zip(request_ids, answers, strict=True):
        if isinstance(answer, Malformed):
            found.append(refused(request_id, answer))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found.append(answer)
    return found
