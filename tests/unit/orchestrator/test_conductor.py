"""The conductor's threads outlive whatever one batch brings about."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from services.orchestrator.conductor import Conductor
from tests.unit.orchestrator.conftest import MemoryHub, claimed

if TYPE_CHECKING:
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from services.orchestrator.peers import Peers

PATIENCE_S = 30.0


class BrokenOnce:
    """Stands where the workflows stand: fails on the first batch as a full disk would."""

    def __init__(self) -> None:
        self.batches: list[str] = []
        self.worked = threading.Event()

    def run(self, claim: intake_v1.ClaimOrdersResponse) -> None:
        self.batches.append(claim.batch_id)
        if len(self.batches) == 1:
            raise OSError("database or disk is full")
        self.worked.set()

    def running(self) -> list[str]:
        return []


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """These tests touch no database."""
    return ""


def test_a_batch_that_fails_unexpectedly_does_not_end_the_claiming(
    hub: MemoryHub, peers: Peers
) -> None:
    workflows = BrokenOnce()
    conductor = Conductor(peers, workflows, in_flight=1)  # type: ignore[arg-type]
    hub.intake.waiting = [claimed("O1")]
    conductor.start()
    while not workflows.batches:
        assert not workflows.worked.wait(0.01)

    hub.intake.waiting = [claimed("O2")]

    assert workflows.worked.wait(PATIENCE_S)
    conductor.stop(5)
