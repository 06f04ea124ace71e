"""The list of what needs a person."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.orchestrator.v1 import orchestrator_pb2 as orchestrator_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services.orchestrator import exceptions
from services.orchestrator.procedures import BACKORDER, MAPPING, QUARANTINE


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 10**9), st.text("abc", min_size=1))))
def test_the_gravest_come_first_and_among_them_the_oldest(
    rows: list[tuple[int, int, str]],
) -> None:
    entries = []
    for severity, seconds, name in rows:
        entry = orchestrator_v1.Exception(exception_id=name, severity=severity)
        entry.since_at.FromSeconds(seconds)
        entries.append(entry)

    found = sorted(entries, key=exceptions.sort_key)

    for before, after in itertools.pairwise(found):
        assert before.severity >= after.severity
        if before.severity == after.severity:
            assert before.since_at.seconds <= after.since_at.seconds


def test_every_procedure_speaks_both_languages_and_names_its_owner() -> None:
    for procedure in (MAPPING, BACKORDER, *QUARANTINE.values()):
        assert all(procedure.sop)
        assert all(procedure.message)
        assert procedure.owner


def test_a_hold_keeps_its_rule_owner_and_clock() -> None:
    hold = record_v1.Hold(
        hold_id="H1", order_number="O1", reason="HIGH_AMOUNT", owner="risk-cn", queue="risk"
    )
    hold.due_at.FromSeconds(100)

    entry = exceptions.from_hold(hold)

    assert (entry.owner, entry.due_at.seconds) == ("risk-cn", 100)
    assert entry.severity == decision_v1.SEVERITY_MEDIUM


def test_a_reason_without_a_procedure_of_its_own_gets_the_common_one() -> None:
    entry = exceptions.from_quarantined(
        intake_v1.Quarantined(quarantine_id="Q1", reason="BAD_VALUE")
    )

    assert entry.sop.en == MAPPING.sop[1]
    assert entry.owner == MAPPING.owner
