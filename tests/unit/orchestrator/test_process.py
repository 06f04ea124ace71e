"""What becomes of a batch, by work and verdict."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import grpc
import pytest
from google.protobuf import duration_pb2, timestamp_pb2

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services.orchestrator.peers import CallRefused, Peers, ShuttingDown
from services.orchestrator.process import PROCESSING_FAULT, process
from tests.unit.orchestrator.conftest import MemoryHub, claimed

LEASE = duration_pb2.Duration(seconds=1800)


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest) -> str:
    """These tests touch no database."""
    return ""


def test_a_passed_order_is_allocated(hub: MemoryHub, peers: Peers) -> None:
    process("b1", [claimed("O1")], peers)

    (outcome,) = hub.intake.outcomes["O1"]
    assert outcome.decision.verdict == decision_v1.VERDICT_PASS
    assert outcome.allocation.status == allocation_v1.ALLOCATION_STATUS_FULL
    assert not hub.allocation.asked["O1"].reserve_only
    assert hub.allocation.asked["O1"].lines[0].value_minor == 300


@pytest.mark.parametrize(
    "verdict",
    [
        decision_v1.VERDICT_REVIEW,
        decision_v1.VERDICT_HOLD,
        decision_v1.VERDICT_FREEZE,
        decision_v1.VERDICT_UNSPECIFIED,
    ],
)
def test_anything_but_a_pass_keeps_stock_and_ships_nothing(
    hub: MemoryHub, peers: Peers, verdict: decision_v1.Verdict.ValueType
) -> None:
    hub.rules.verdicts["O1"] = verdict

    process("b1", [claimed("O1")], peers)

    assert hub.allocation.asked["O1"].reserve_only
    assert not hub.inventory.released


def test_a_rejected_order_gets_no_stock_and_gives_back_what_it_had(
    hub: MemoryHub, peers: Peers
) -> None:
    hub.rules.verdicts["O1"] = decision_v1.VERDICT_REJECT

    process("b1", [claimed("O1"), claimed("O2")], peers)

    assert set(hub.allocation.asked) == {"O2"}
    assert hub.inventory.released["O1"].cause == inventory_v1.RELEASE_CAUSE_REJECTED
    assert hub.intake.outcomes["O1"][0].reservation == inventory_v1.RESERVATION_STATE_RELEASED


def test_an_unpaid_order_is_leased_and_not_shipped(hub: MemoryHub, peers: Peers) -> None:
    process("b1", [claimed("O1", lease=LEASE)], peers)

    assert hub.allocation.asked["O1"].reserve_only
    assert hub.allocation.asked["O1"].lease == LEASE


def test_a_presale_keeps_its_stock_and_ships_nothing_before_the_balance(
    hub: MemoryHub, peers: Peers
) -> None:
    process("b1", [claimed("O1", payment_state=record_v1.PAYMENT_STATE_PARTLY_PAID)], peers)

    assert hub.allocation.asked["O1"].reserve_only
    assert not hub.allocation.asked["O1"].HasField("lease")


@pytest.mark.parametrize("held", [False, True])
def test_a_payment_makes_the_lease_firm_and_ships_unless_held(
    hub: MemoryHub, peers: Peers, held: bool
) -> None:
    paid_at = timestamp_pb2.Timestamp()
    paid_at.FromDatetime(datetime(2026, 11, 22, tzinfo=UTC))

    process(
        "b1",
        [claimed("O1", record_v1.WORK_CONFIRM_PAYMENT, held=held, paid_at=paid_at)],
        peers,
    )

    assert hub.inventory.confirmed == ["O1"]
    assert hub.rules.calls == 0
    assert hub.allocation.asked["O1"].reserve_only is held
    assert hub.intake.outcomes["O1"][0].reservation == inventory_v1.RESERVATION_STATE_CONFIRMED


@pytest.mark.parametrize(
    ("work", "cause"),
    [
        (record_v1.WORK_RELEASE, inventory_v1.RELEASE_CAUSE_CANCELLED),
        (record_v1.WORK_EXPIRE, inventory_v1.RELEASE_CAUSE_EXPIRED),
    ],
)
def test_stock_is_freed_for_the_cause_of_the_work(
    hub: MemoryHub,
    peers: Peers,
    work: record_v1.Work.ValueType,
    cause: inventory_v1.ReleaseCause.ValueType,
) -> None:
    process("b1", [claimed("O1", work)], peers)

    assert hub.inventory.released["O1"].cause == cause
    assert not hub.allocation.asked


def test_a_poisonous_order_is_held_and_its_neighbours_go_on(hub: MemoryHub, peers: Peers) -> None:
    hub.rules.poison = {"O3"}

    process("b1", [claimed(f"O{k}") for k in range(8)], peers)

    faults = {n: o[0].fault for n, o in hub.intake.outcomes.items() if o[0].fault}
    assert faults == {"O3": PROCESSING_FAULT}
    assert len(hub.allocation.asked) == 7


def test_an_order_that_changed_meanwhile_gives_its_stock_back(hub: MemoryHub, peers: Peers) -> None:
    hub.intake.changed = {"O1"}

    taken = process("b1", [claimed("O1"), claimed("O2")], peers)

    assert taken == 1
    assert set(hub.inventory.released) == {"O1"}
    assert hub.inventory.released["O1"].cause == inventory_v1.RELEASE_CAUSE_SUPERSEDED
    assert hub.inventory.released["O1"].revision == 1


def test_a_peer_that_is_down_is_asked_again(hub: MemoryHub, peers: Peers) -> None:
    hub.rules.down_for = 2

    process("b1", [claimed("O1")], peers)

    assert hub.rules.calls == 3
    assert hub.intake.outcomes["O1"][0].decision.verdict == decision_v1.VERDICT_PASS


def test_waiting_for_a_peer_ends_when_the_process_stops(hub: MemoryHub, peers: Peers) -> None:
    peers.stopping.set()

    with pytest.raises(ShuttingDown):
        process("b1", [claimed("O1")], peers)

    assert not hub.intake.outcomes


def test_fulfilment_is_never_told_the_person() -> None:
    def fields(descriptor: object, path: str = "") -> list[str]:
        found = []
        for field in descriptor.fields:  # type: ignore[attr-defined]
            found.append(path + field.name)
            if field.message_type and field.message_type.full_name.startswith("orderhub."):
                found += fields(field.message_type, f"{path}{field.name}.")
        return found

    told = fields(allocation_v1.OrderToAllocate.DESCRIPTOR)

    assert not [name for name in told if "recipient" in name or "phone" in name or "street" in name]


def test_an_outcome_that_intake_refuses_is_held_and_its_neighbours_are_taken(
    hub: MemoryHub, peers: Peers
) -> None:
    hub.intake.unwelcome = {"O2"}

    process("b1", [claimed(f"O{k}") for k in range(6)], peers)

    faults = {n: o[0].fault for n, o in hub.intake.outcomes.items() if o[0].fault}
    assert faults == {"O2": PROCESSING_FAULT}
    assert len(hub.intake.outcomes) == 6


def test_a_held_order_worked_on_again_keeps_its_stock_and_ships_nothing(
    hub: MemoryHub, peers: Peers
) -> None:
    process("b1", [claimed("O1", held=True)], peers)

    assert hub.allocation.asked["O1"].reserve_only


def test_a_refusal_survives_pickling() -> None:
    refusal = CallRefused(grpc.StatusCode.INVALID_ARGUMENT, "no such order")

    again = pickle.loads(pickle.dumps(refusal))

    assert (again.code, again.details) == (refusal.code, refusal.details)
