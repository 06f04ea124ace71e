"""Batches survive their executor: on the real engine, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services.orchestrator.peers import Peers, ShuttingDown
from services.orchestrator.workflows import Workflows
from tests.unit.orchestrator.conftest import MemoryHub, claimed

if TYPE_CHECKING:
    from services._kit.config import Config


def claim(peers: Peers, batch_id: str) -> intake_v1.ClaimOrdersResponse:
    return peers.call(peers.intake.ClaimOrders, intake_v1.ClaimOrdersRequest(batch_id=batch_id))


def interrupted(hub: MemoryHub, config: Config, batch_id: str) -> None:
    """Leave a workflow pending, as a stop in mid-batch does."""
    peers = Peers(config)
    workflows = Workflows(config, peers)
    workflows.launch()
    hub.intake.waiting = [claimed("O1"), claimed("O2")]
    batch = claim(peers, batch_id)
    peers.stopping.set()
    with pytest.raises(ShuttingDown):
        workflows.run(batch)
    assert not hub.intake.outcomes
    workflows.close()
    peers.close()


def test_a_claimed_batch_is_worked_on_once(hub: MemoryHub, hub_config: Config) -> None:
    peers = Peers(hub_config)
    workflows = Workflows(hub_config, peers)
    workflows.launch()
    hub.intake.waiting = [claimed("O1"), claimed("O2")]

    workflows.run(claim(peers, "b1"))
    workflows.run(claim(peers, "b1"))

    assert {number: len(found) for number, found in hub.intake.outcomes.items()} == {
        "O1": 1,
        "O2": 1,
    }
    workflows.close()
    peers.close()


def test_the_same_executor_goes_on_at_its_next_start(hub: MemoryHub, hub_config: Config) -> None:
    interrupted(hub, hub_config, "b1")

    peers = Peers(hub_config)
    workflows = Workflows(hub_config, peers)
    workflows.launch()
    workflows.wait_for("b1")

    assert set(hub.intake.outcomes) == {"O1", "O2"}
    workflows.close()
    peers.close()


def test_another_executor_takes_a_dropped_batch_up(hub: MemoryHub, hub_config: Config) -> None:
    interrupted(hub, hub_config, "b1")

    other = hub_config.model_copy(update={"executor_id": "another"})
    peers = Peers(other)
    workflows = Workflows(other, peers)
    workflows.launch()
    assert not hub.intake.outcomes  # the first executor's, not taken up by itself

    workflows.run(claim(peers, "b1"))

    assert set(hub.intake.outcomes) == {"O1", "O2"}
    workflows.close()
    peers.close()
