"""One call's worth of payloads, each with an answer whatever its neighbours are like."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub_client.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderhub_client.client import OrderHub
    from orderhub_client.sources.payload import Payload

TOO_LARGE = "MESSAGE_TOO_LARGE"


class Numbered(NamedTuple):
    """A payload and the id of its one submit."""

    request_id: str
    payload: Payload


def send(
    hub: OrderHub,
    channel: str,
    batch: Sequence[Numbered],
    *,
    shop: str = "",
    patience_s: float | None = None,
) -> list[intake_v1.SubmitResult]:
    """Submit up to 500 payloads; return one answer for each, in order.

    Where intake refuses the call because of one of its payloads, both halves are sent again, down
    to the one at fault, whose outcome is REFUSED.

    Raises
    ------
    OrderHubError
        When the call as a whole is refused, or intake stays away for `patience_s`.
    """
    request = intake_v1.SubmitPayloadsRequest(
        channel=channel,
        shop=shop,
        payloads=[
            intake_v1.ChannelPayload(request_id=n.request_id, body=n.payload.body) for n in batch
        ],
    )
    try:
        reply = hub.call(hub.intake.SubmitPayloads, request, patience_s=patience_s)
    except InvalidArgumentError as error:
        if not _is_one_payloads(error):
            raise
        if len(batch) == 1:
            return [_refused(batch[0], error)]
    else:
        return list(reply.results)
    middle = len(batch) // 2
    halves = (batch[:middle], batch[middle:])
    return [
        answer
        for half in halves
        for answer in send(hub, channel, half, shop=shop, patience_s=patience_s)
    ]


def _is_one_payloads(error: InvalidArgumentError) -> bool:
    """Return whether a payload, not the call as a whole, is at fault."""
    named = [violation.field for violation in error.violations]
    return error.reason == TOO_LARGE or any(field.startswith("payloads") for field in named)


def _refused(numbered: Numbered, error: InvalidArgumentError) -> intake_v1.SubmitResult:
    answer = intake_v1.SubmitResult(
        request_id=numbered.request_id,
        outcome=intake_v1.SUBMIT_OUTCOME_REFUSED,
        reason=error.reason,
        field=error.violations[0].field if error.violations else "",
    )
    answer.message.zh, answer.message.en = error.text("zh"), error.text("en")
    return answer
