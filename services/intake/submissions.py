"""A group of things submitted, handled in order and committed together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services._kit.bulk import insert_many
from services._kit.errors import Malformed
from services._kit.idempotency import Answered, same_body
from services.intake import store
from services.intake.book import Book
from services.intake.cancellation import meet_cancellation
from services.intake.convert import DEFAULT_SHOP, Content, now_us
from services.intake.lifecycle import accepted_order
from services.intake.mapped import MappedCancellation, Unmappable
from services.intake.quarantine import Quarantine
from services.intake.updates import apply_seen_again

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services._kit.idempotency import Requests
    from services._kit.outbox import Outbox
    from services.intake.numbers import OrderNumbers

METHOD = "Submit"  # one name for every submit: a request id names one order, however it comes
NOT_YET = "00000000000000"  # the number of an order that is only rehearsed


@dataclass(frozen=True, slots=True)
class Submission:
    """One thing submitted, checked, waiting for its group.

    Attributes
    ----------
    request_id
        Empty: nothing is remembered, its content alone tells a repeat.
    scope
        Whose request ids they are.
    body_hash
        Keyed hash of what was submitted.
    what
        A checked order, a cancellation of pieces, or why it can be neither.
    payload
        What is kept aside where it is quarantined, and beside an order taken in.
    raw
        Whether `payload` is the channel's own words: only those are kept with an order.
    """

    request_id: str
    scope: str
    actor: str
    channel: str
    body_hash: bytes
    what: Content | MappedCancellation | Unmappable
    payload: bytes
    raw: bool = False
    shown_id: str = ""
    tracking_id: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The business key."""
        if isinstance(self.what, Content):
            order = self.what.order
            return order.channel, order.shop, order.external_order_id
        if isinstance(self.what, MappedCancellation):
            return self.channel, self.what.shop, self.what.external_id
        return self.channel, self.what.shop or DEFAULT_SHOP, self.what.external_order_id


class Submitter:
    """Applies groups of submissions; the group committer's `apply`.

    Parameters
    ----------
    key
        Keys the ids of quarantined payloads, which are hashes of personal data.
    """

    def __init__(
        self,
        outbox: Outbox,
        requests: Requests,
        numbers: OrderNumbers,
        clock: Clock,
        key: bytes,
    ) -> None:
        self._outbox = outbox
        self._requests = requests
        self._numbers = numbers
        self._clock = clock
        self._key = key

    def apply(
        self, connection: Connection, group: Sequence[Submission]
    ) -> list[intake_v1.SubmitResult | Exception]:
        """Take `group` in; one result, or one refusal, for each in its order."""
        return self._round(connection, group).run()

    def rehearse(self, connection: Connection, submission: Submission) -> intake_v1.SubmitResult:
        """Return what would become of `submission`; nothing is written."""
        return self._round(connection, [submission]).rehearse()

    def _round(self, connection: Connection, group: Sequence[Submission]) -> _Round:
        now = self._clock.now()
        book = Book(connection, self._outbox)
        return _Round(
            book,
            group,
            requests=self._requests,
            numbers=self._numbers,
            now=now,
            key=self._key,
        )


class _Round:
    """One group in one transaction."""

    def __init__(
        self,
        book: Book,
        group: Sequence[Submission],
        *,
        requests: Requests,
        numbers: OrderNumbers,
        now: datetime,
        key: bytes,
    ) -> None:
        self._book = book
        self._connection = connection = book.connection
        self._group = group
        self._requests = requests
        self._now = now
        self._at_us = now_us(now)
        self._quarantine = Quarantine(connection, key)
        self._payloads: list[dict[str, object]] = []
        self._by_key = self._book.by_keys(s.key for s in group if isinstance(s.what, Content))
        book.load_contents(
            stored
            for s in group
            if isinstance(s.what, Content)
            and (stored := self._by_key.get(s.key)) is not None
            and stored.values.content_hash != s.what.content_hash
        )
        self._take = numbers.take

    def run(self) -> list[intake_v1.SubmitResult | Exception]:
        """Handle every member in order, then write all of it."""
        known = self._recall()
        drawn = iter(self._take(self._connection, self._now, self._new_keys()))
        answers: list[intake_v1.SubmitResult | Exception] = []
        fresh: dict[str, dict[str, Answered]] = defaultdict(dict)
        for submission in self._group:
            before = known.get((submission.scope, submission.request_id))
            if before is not None:
                answers.append(_recalled(before, submission))
                continue
            result = self._handle(submission, drawn)
            result.request_id = submission.request_id or submission.shown_id
            answers.append(result)
            if submission.request_id:
                answered = Answered(submission.body_hash, result.SerializeToString())
                known[submission.scope, submission.request_id] = answered
                fresh[submission.scope][submission.request_id] = answered
        self._book.flush()
        self._quarantine.flush()
        if self._payloads:
            insert_many(self._connection, store.payloads, self._payloads)
        for scope, remembered in fresh.items():
            self._requests.remember(self._connection, METHOD, remembered, self._now, scope=scope)
        return answers

    def rehearse(self) -> intake_v1.SubmitResult:
        """Handle the only member and write nothing."""
        submission = self._group[0]
        before = self._recall().get((submission.scope, submission.request_id))
        if before is not None:
            return intake_v1.SubmitResult.FromString(same_body(before, submission.body_hash))
        known = submission.key in self._by_key
        result = self._handle(submission, iter([NOT_YET]))
        result.request_id = submission.request_id
        result.quarantine_id = ""
        if not known:
            result.order_number = ""
        return result

    def _recall(self) -> dict[tuple[str, str], Answered]:
        by_scope: dict[str, list[str]] = defaultdict(list)
        for submission in self._group:
            if submission.request_id:
                by_scope[submission.scope].append(submission.request_id)
        return {
            (scope, request_id): answered
            for scope, ids in by_scope.items()
            for request_id, answered in self._requests.recall_many(
                self._connection, METHOD, ids, scope=scope
            ).items()
        }

    def _new_keys(self) -> int:
        """Return how many orders of the group may be new: so many numbers are drawn at once."""
        keys = {s.key for s in self._group if isinstance(s.what, Content)}
        return len(keys - self._by_key.keys())

    def _handle(self, submission: Submission, numbers: Iterator[str]) -> intake_v1.SubmitResult:
        what = submission.what
        if isinstance(what, Unmappable):
            return self._set_aside(submission, what)
        if isinstance(what, MappedCancellation):
            outcome = meet_cancellation(
                self._book,
                submission.channel,
                what,
                content_hash=submission.body_hash,
                at_us=self._at_us,
                actor=submission.actor,
            )
            return (
                self._set_aside(submission, outcome) if isinstance(outcome, Unmappable) else outcome
            )
        stored = self._by_key.get(submission.key)
        if stored is None:
            stored = accepted_order(next(numbers), what, self._at_us, submission.actor)
            stored.tracking_id = submission.tracking_id
            self._book.add(stored)
            self._by_key[submission.key] = stored
            self._keep_payload(submission, stored.values.order_number, 1)
            return intake_v1.SubmitResult(
                outcome=intake_v1.SUBMIT_OUTCOME_ACCEPTED,
                order_number=stored.values.order_number,
            )
        stored.tracking_id = submission.tracking_id
        before = stored.values.content_revision
        outcome = apply_seen_again(stored, what, self._at_us, submission.actor)
        if isinstance(outcome, Unmappable):
            return self._set_aside(submission, outcome)
        if stored.values.content_revision != before:
            self._keep_payload(
                submission, stored.values.order_number, stored.values.content_revision
            )
        return outcome

    def _keep_payload(self, submission: Submission, order_number: str, revision: int) -> None:
        if submission.raw:
            self._payloads.append(
                {
                    "order_number": order_number,
                    "content_revision": revision,
                    "body": submission.payload,
                }
            )

    def _set_aside(self, submission: Submission, why: Unmappable) -> intake_v1.SubmitResult:
        channel, shop, external_order_id = submission.key
        quarantine_id = self._quarantine.keep(
            channel=channel,
            shop=why.shop or shop,
            external_order_id=why.external_order_id or external_order_id,
            why=why,
            payload=submission.payload,
            at_us=self._at_us,
        )
        result = intake_v1.SubmitResult(
            outcome=intake_v1.SUBMIT_OUTCOME_QUARANTINED,
            reason=why.reason,
            field=why.field,
            quarantine_id=quarantine_id,
        )
        result.message.zh, result.message.en = why.message.zh, why.message.en
        return result


def _recalled(answered: Answered, submission: Submission) -> intake_v1.SubmitResult | Exception:
    try:
        kept = same_body(answered, submission.body_hash)
    except Malformed as refusal:
        return refusal  # to this submission's caller alone
    return intake_v1.SubmitResult.FromString(kept)
