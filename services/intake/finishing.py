"""What became of a batch, written down order by order, each guarded by its revision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from services._kit.errors import Malformed, NotFound, Violation
from services._kit.reasons import Reason
from services.intake import store
from services.intake.book import Book
from services.intake.lifecycle import queue
from services.intake.outcomes import apply_outcome
from services.intake.reasons import IntakeReason
from services.intake.transitions import STOCK

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services._kit.outbox import Outbox
    from services.intake.stored import StoredOrder

APPLIED = intake_v1.FINISH_RESULT_APPLIED
REPEATED = intake_v1.FINISH_RESULT_REPEATED
CONFLICT = intake_v1.FINISH_RESULT_CONFLICT

_members, _batches = store.members, store.batches


def finish(
    connection: Connection,
    outbox: Outbox,
    request: intake_v1.FinishBatchRequest,
    at_us: int,
    tracking_id: str = "",
) -> list[int]:
    """Write down the outcomes and return how each was taken.

    The batch is over once each of its orders was answered. An outcome answered before is
    answered again: REPEATED, or the CONFLICT it was.

    Raises
    ------
    NotFound
        When there is no such batch.
    Malformed
        When an outcome is not of this batch, or lacks what its work requires.
    """
    members = _members_of(connection, request.batch_id)
    check_outcomes(request, members)
    book = Book(connection, outbox, tracking_id)
    orders = book.by_numbers(outcome.order_number for outcome in request.outcomes)
    results: list[int] = []
    answered: dict[str, int] = {}
    for outcome in request.outcomes:
        number = outcome.order_number
        before = answered.get(number) or members[number].result
        if before:
            results.append(CONFLICT if before == CONFLICT else REPEATED)
            continue
        stored = orders[number]
        if _matches(stored, members[number], request.batch_id, outcome.revision):
            apply_outcome(stored, members[number].work, outcome, at_us)
            result = APPLIED
        else:
            _give_back(stored, at_us)
            result = CONFLICT
        stored.values.batch_id, stored.row_changed = "", True
        answered[number] = result
        results.append(result)
    book.flush()
    _answer(connection, request.batch_id, answered)
    return results


def check_outcomes(request: intake_v1.FinishBatchRequest, members: dict[str, Any]) -> None:
    """Raise `Malformed` naming every outcome that cannot be taken."""
    violations = []
    for position, outcome in enumerate(request.outcomes):
        path = f"outcomes[{position}]"
        member = members.get(outcome.order_number)
        if member is None:
            violations.append(Violation(f"{path}.order_number", IntakeReason.NOT_IN_BATCH))
        elif (
            member.work == record_v1.WORK_PROCESS
            and not outcome.fault
            and not outcome.HasField("decision")
        ):
            violations.append(Violation(f"{path}.decision", Reason.REQUIRED))
        if outcome.decision.verdict not in decision_v1.Verdict.values():
            violations.append(Violation(f"{path}.decision.verdict", Reason.UNKNOWN_VALUE))
        if outcome.reservation not in inventory_v1.ReservationState.values():
            violations.append(Violation(f"{path}.reservation", Reason.UNKNOWN_VALUE))
    if violations:
        raise Malformed.several(violations)


def _members_of(connection: Connection, batch_id: str) -> dict[str, Any]:
    known = connection.execute(
        sa.select(_batches.c.batch_id).where(_batches.c.batch_id == batch_id).with_for_update()
    ).one_or_none()
    if known is None:
        raise NotFound(Reason.NOT_FOUND, "no such batch", field="batch_id")
    rows = connection.execute(sa.select(_members).where(_members.c.batch_id == batch_id))
    return {row.order_number: row for row in rows}


def _matches(stored: StoredOrder, member: Any, batch_id: str, revision: int) -> bool:
    """Return whether the order still is what was handed out."""
    values = stored.values
    return bool(
        revision == member.revision == values.revision
        and values.batch_id == batch_id
        and values.work == member.work
    )


def _give_back(stored: StoredOrder, at_us: int) -> None:
    """Note that the stock goes back: the caller frees what it reserved for the old revision.

    A caller that dies before it does leaves stock behind, which the order's next work finds;
    one at rest has none, so its release is queued.
    """
    if stored.values.stock in {
        record_v1.STOCK_STATE_RESERVED,
        record_v1.STOCK_STATE_ALLOCATED,
    }:
        stored.cancel_shipments()
        stored.move(STOCK, record_v1.STOCK_STATE_NONE)
        stored.values.leased = False
        stored.emit("stock_released", at_us, details=[("cause", "SUPERSEDED")])
    if not stored.is_final and stored.values.work == record_v1.WORK_UNSPECIFIED:
        queue(stored, record_v1.WORK_RELEASE, at_us)
        stored.emit("release_queued", at_us, details=[("cause", "SUPERSEDED")])


def _answer(connection: Connection, batch_id: str, answered: dict[str, int]) -> None:
    if answered:
        connection.execute(
            _members.update()
            .where(
                _members.c.batch_id == batch_id,
                _members.c.order_number == sa.bindparam("number"),
            )
            .values(result=sa.bindparam("answer")),
            [{"number": number, "answer": result} for number, result in answered.items()],
        )
    left = sa.exists().where(_members.c.batch_id == batch_id, _members.c.result == 0)
    connection.execute(
        _batches.update().where(_batches.c.batch_id == batch_id, ~left).values(finished=True)
    )
