"""Claims work from intake and keeps a few batches going."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from google.protobuf import duration_pb2

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services._kit import logs
from services.orchestrator.peers import CallRefused, ShuttingDown

if TYPE_CHECKING:
    from services.orchestrator.peers import Peers
    from services.orchestrator.workflows import Workflows

log = logs.logger("orchestrator.conductor")

IN_FLIGHT = 3
LONG_POLL_S = 5
RENEW_EVERY_S = 8.0  # a third of the lease, so that one missed renewal does no harm
REFUSED_PAUSE_S = 1.0


class Conductor:
    """A few threads, each with one batch in hand, and one that renews their leases."""

    def __init__(self, peers: Peers, workflows: Workflows, in_flight: int = IN_FLIGHT) -> None:
        self._peers = peers
        self._workflows = workflows
        # Daemons: a thread caught in a peer's silence must not keep the process alive.
        self._threads = [
            threading.Thread(target=self._conduct, name=f"conductor-{k}", daemon=True)
            for k in range(in_flight)
        ]
        self._threads.append(threading.Thread(target=self._renew, name="renewer", daemon=True))

    def start(self) -> None:
        """Begin to claim."""
        for thread in self._threads:
            thread.start()

    def stop(self, grace_s: float) -> None:
        """Claim no more; wait for the batches in hand, at most `grace_s` seconds in all."""
        self._peers.stopping.set()
        share_s = grace_s / len(self._threads)
        for thread in self._threads:
            thread.join(share_s)

    def _conduct(self) -> None:
        try:
            while not self._peers.stopping.is_set():
                self._one()
        except ShuttingDown:
            return

    def _one(self) -> None:
        request = intake_v1.ClaimOrdersRequest(
            batch_id=uuid.uuid4().hex, wait=duration_pb2.Duration(seconds=LONG_POLL_S)
        )
        try:
            claim = self._peers.call(
                self._peers.intake.ClaimOrders, request, timeout_s=LONG_POLL_S + 10.0
            )
            if claim.orders:
                self._workflows.run(claim)
        except CallRefused as refusal:
            # The lease stays with the batch, so it comes again; a pause keeps the log readable.
            log.error("a batch could not be worked on", refusal=str(refusal))
            self._peers.stopping.wait(REFUSED_PAUSE_S)
        except Exception:  # the edge of a thread: without it the hub would stand still in silence
            log.exception("a batch was dropped; its lease will hand it out again")
            self._peers.stopping.wait(REFUSED_PAUSE_S)

    def _renew(self) -> None:
        try:
            while not self._peers.stopping.wait(RENEW_EVERY_S):
                for batch_id in self._workflows.running():
                    self._renew_one(batch_id)
        except ShuttingDown:
            return

    def _renew_one(self, batch_id: str) -> None:
        try:
            self._peers.call(
                self._peers.intake.RenewClaim, intake_v1.RenewClaimRequest(batch_id=batch_id)
            )
        except CallRefused:
            log.debug("the batch was finished meanwhile", batch=batch_id)
        except Exception:  # the edge of a thread, as above
            log.exception("a lease could not be renewed", batch=batch_id)
