"""Submitting payloads, several calls in flight, each lane in order."""

from __future__ import annotations

import itertools
import queue
import threading
import uuid
import zlib
from collections import Counter
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub_client.run.batches import batches
from orderhub_client.run.sending import Numbered, send

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orderhub_client.client import OrderHub
    from orderhub_client.run.progress import Progress
    from orderhub_client.sources.payload import Payload

POLL_S = 0.2


class Refused(NamedTuple):
    """A payload that the hub would not take at all."""

    line: int
    result: intake_v1.SubmitResult


@dataclass
class Submitted:
    """What became of the payloads; `count` adds up under a lock."""

    outcomes: Counter[int] = field(default_factory=Counter)  # by SubmitOutcome
    reasons: Counter[str] = field(default_factory=Counter)  # why quarantined
    refused: list[Refused] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Payloads answered, in whatever way."""
        return self.outcomes.total()


class Submitter:
    """Submits the payloads of one channel.

    Every submit has a request id of its own: the run, the payload's number and its content. A
    call that is repeated because a service was lost is answered as the first time; a payload that
    comes again, in this run or a later one, is told from it by the hub, which knows the order.

    Parameters
    ----------
    batch
        Payloads of one call, 1 to 500.
    in_flight
        Calls at once; also the number of lanes.
    patience_s
        How long a call is repeated while intake is away.
    """

    def __init__(
        self,
        hub: OrderHub,
        channel: str,
        *,
        batch: int,
        in_flight: int,
        patience_s: float,
        progress: Progress,
    ) -> None:
        self._hub = hub
        self._channel = channel
        self._batch = batch
        self._patience_s = patience_s
        self._progress = progress
        self._run = uuid.uuid4().hex[:12]
        self._lanes: list[queue.Queue[Numbered | None]] = [
            queue.Queue(maxsize=4 * batch) for _ in range(in_flight)
        ]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._found = Submitted()
        self._total: int | None = None

    def submit(self, payloads: Iterable[Payload]) -> Submitted:
        """Submit all of `payloads`; return what became of them.

        Raises
        ------
        OrderHubError
            When a call still fails after `patience_s`; the calls in flight are waited for.
        SourceError
            When the source turns out to be unreadable in its middle.
        """
        with (
            ThreadPoolExecutor(len(self._lanes), "submit") as pool,
            self._hub.closed_on_interrupt(),
        ):
            working = [pool.submit(self._work, lane) for lane in self._lanes]
            try:
                self._hand_out(payloads)
                for lane in self._lanes:
                    self._put(lane, None)
                done, _ = wait(working, return_when=FIRST_EXCEPTION)
            except BaseException:
                self._stop.set()
                raise
            for future in done:
                future.result()
        return self._found

    def _hand_out(self, payloads: Iterable[Payload]) -> None:
        number = 0
        for number, payload in enumerate(payloads, start=1):
            lane = self._lanes[zlib.crc32(payload.lane.encode()) % len(self._lanes)]
            request_id = f"{self._run}:{number}:{payload.request_id}"
            if not self._put(lane, Numbered(request_id, payload)):
                return
        with self._lock:
            self._total = number

    def _put(self, lane: queue.Queue[Numbered | None], item: Numbered | None) -> bool:
        """Put `item`; return False when the run is over instead."""
        while not self._stop.is_set():
            try:
                lane.put(item, timeout=POLL_S)
            except queue.Full:
                continue
            return True
        return False

    def _work(self, lane: queue.Queue[Numbered | None]) -> None:
        try:
            for batch in batches(self._taken(lane), self._batch):
                self._send(batch)
        except BaseException:
            self._stop.set()
            raise

    def _taken(self, lane: queue.Queue[Numbered | None]) -> Iterator[Numbered]:
        while not self._stop.is_set():
            try:
                item = lane.get(timeout=POLL_S)
            except queue.Empty:
                continue
            if item is None:
                return
            yield item

    def _send(self, batch: list[Numbered]) -> None:
        results = send(self._hub, self._channel, batch, patience_s=self._patience_s)
        refused = [
            Refused(numbered.payload.line, result)
            for numbered, result in zip(batch, results, strict=True)
            if result.outcome == intake_v1.SUBMIT_OUTCOME_REFUSED
        ]
        self._count(results, refused)

    def _count(self, results: list[intake_v1.SubmitResult], refused: list[Refused]) -> None:
        with self._lock:
            self._found.outcomes.update(result.outcome for result in results)
            self._found.reasons.update(
                itertools.compress(
                    (r.reason for r in results),
                    (r.outcome == intake_v1.SUBMIT_OUTCOME_QUARANTINED for r in results),
                )
            )
            self._found.refused += refused
            self._progress.submitted(self._found.answered, self._total)
