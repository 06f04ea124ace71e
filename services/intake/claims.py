"""Work handed out under a lease; the claim is the truth of who works on what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services._kit.bulk import insert_many
from services._kit.errors import FailedPrecondition, NotFound
from services._kit.reasons import Reason
from services.intake import store
from services.intake.book import CHUNK, COLUMNS
from services.intake.convert import MICROS, fill_outputs, timestamp
from services.intake.lifecycle import UNPAID_LEASE_S
from services.intake.payment import is_leased_mode
from services.intake.reasons import IntakeReason
from services.intake.stored import OrderValues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

LEASE_S = 30
MAX_ORDERS = 256
MAX_BYTES = 3_500_000
MIN_LEASE_US = MICROS  # of an order handed out when its time to pay is over
ENVELOPE_BYTES = 200  # what a claimed order weighs beyond its content

_orders, _members, _batches = store.orders, store.members, store.batches


@dataclass(frozen=True, slots=True)
class Claim:
    """What a caller asks for, limits filled in."""

    batch_id: str
    max_orders: int
    max_bytes: int


def has_work(connection: Connection, now_us: int) -> bool:
    """Return whether a claim would find anything; a cheap look before a write."""
    waiting = sa.exists().where(_waiting(now_us))
    dropped = sa.exists().where(_dropped(now_us))
    return bool(connection.execute(sa.select(waiting | dropped)).scalar_one())


def claim(
    connection: Connection, wanted: Claim, now_us: int, *, lease_s: int = LEASE_S
) -> intake_v1.ClaimOrdersResponse:
    """Hand out the batch asked for, else a dropped one, else new work; oldest work first."""
    ends_us = now_us + lease_s * MICROS
    known = connection.execute(
        sa.select(_batches).where(_batches.c.batch_id == wanted.batch_id).with_for_update()
    ).one_or_none()
    if known is not None:
        if known.finished:
            return intake_v1.ClaimOrdersResponse(batch_id=wanted.batch_id, resumed=True)
        return _hand_out_again(connection, known.batch_id, now_us, ends_us)
    dropped = connection.execute(
        sa.select(_batches.c.batch_id)
        .where(_dropped(now_us))
        .order_by(_batches.c.lease_ends_us, _batches.c.batch_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if dropped is not None:
        return _hand_out_again(connection, dropped, now_us, ends_us)
    return _hand_out(connection, wanted, now_us, ends_us)


def renew(
    connection: Connection, batch_id: str, now_us: int, *, lease_s: int = LEASE_S
) -> intake_v1.RenewClaimResponse:
    """Lengthen a batch's lease.

    Raises
    ------
    NotFound
        When there is no such batch.
    FailedPrecondition
        When it has been finished.
    """
    ends_us = now_us + lease_s * MICROS
    row = connection.execute(
        sa.select(_batches.c.finished).where(_batches.c.batch_id == batch_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(Reason.NOT_FOUND, "no such batch", field="batch_id")
    if row.finished:
        raise FailedPrecondition(IntakeReason.BATCH_FINISHED, field="batch_id")
    _extend(connection, batch_id, ends_us)
    return intake_v1.RenewClaimResponse(lease_ends_at=timestamp(ends_us))


def _hand_out(
    connection: Connection, wanted: Claim, now_us: int, ends_us: int
) -> intake_v1.ClaimOrdersResponse:
    candidates = connection.execute(
        sa.select(_orders.c.order_number, _orders.c.revision, _orders.c.work)
        .where(_waiting(now_us))
        .order_by(_orders.c.work_us, _orders.c.order_number)
        .limit(wanted.max_orders)
        .with_for_update(skip_locked=True)
    ).all()
    claimed = _claimed(connection, candidates, now_us, wanted.max_bytes)
    if not claimed:
        return intake_v1.ClaimOrdersResponse(batch_id=wanted.batch_id)
    taken = candidates[: len(claimed)]
    numbers = [row.order_number for row in taken]
    connection.execute(
        _batches.insert(),
        {
            "batch_id": wanted.batch_id,
            "finished": False,
            "lease_ends_us": ends_us,
            "claimed_us": now_us,
        },
    )
    insert_many(
        connection,
        _members,
        [
            {
                "batch_id": wanted.batch_id,
                "order_number": row.order_number,
                "position": position,
                "revision": row.revision,
                "work": row.work,
                "result": intake_v1.FINISH_RESULT_UNSPECIFIED,
            }
            for position, row in enumerate(taken)
        ],
    )
    connection.execute(
        _orders.update().where(_orders.c.order_number.in_(numbers)).values(batch_id=wanted.batch_id)
    )
    return intake_v1.ClaimOrdersResponse(
        batch_id=wanted.batch_id, orders=claimed, lease_ends_at=timestamp(ends_us)
    )


def _hand_out_again(
    connection: Connection, batch_id: str, now_us: int, ends_us: int
) -> intake_v1.ClaimOrdersResponse:
    """Hand out the members that were not answered, as they were claimed."""
    _extend(connection, batch_id, ends_us)
    rows = connection.execute(
        sa.select(_members.c.order_number, _members.c.revision, _members.c.work)
        .where(_members.c.batch_id == batch_id, _members.c.result == 0)
        .order_by(_members.c.position)
    ).all()
    return intake_v1.ClaimOrdersResponse(
        batch_id=batch_id,
        orders=_claimed(connection, rows, now_us),
        lease_ends_at=timestamp(ends_us),
        resumed=True,
    )


def _extend(connection: Connection, batch_id: str, ends_us: int) -> None:
    connection.execute(
        _batches.update().where(_batches.c.batch_id == batch_id).values(lease_ends_us=ends_us)
    )


def _waiting(now_us: int) -> sa.ColumnElement[bool]:
    # Written as the partial index has it, or it would not be used.
    return sa.and_(sa.text("work <> 0 AND batch_id = ''"), _orders.c.work_us <= now_us)


def _dropped(now_us: int) -> sa.ColumnElement[bool]:
    return sa.and_(_batches.c.finished.is_(False), _batches.c.lease_ends_us <= now_us)


def _claimed(
    connection: Connection, members: Sequence[Any], now_us: int, max_bytes: int | None = None
) -> list[intake_v1.ClaimedOrder]:
    """Return the members as they are to be worked on, as many as fit, at least one."""
    rows = _load(connection, [member.order_number for member in members])
    waived = _waived(connection, rows)
    found: list[intake_v1.ClaimedOrder] = []
    size = 0
    for member in members:
        values, order_pb, recipient_pb, outcome_pb = rows[member.order_number]
        size += len(order_pb) + len(recipient_pb) + ENVELOPE_BYTES
        if found and max_bytes is not None and size > max_bytes:
            break
        order = order_v1.Order.FromString(order_pb)
        if recipient_pb:
            order.recipient.ParseFromString(recipient_pb)
        if outcome_pb:
            _take_off_cancelled(order, record_v1.OrderRecord.FromString(outcome_pb))
        fill_outputs(order, values)
        order.revision = member.revision
        claimed = intake_v1.ClaimedOrder(
            order=order,
            work=member.work,
            payment_state=values.payment,  # type: ignore[arg-type]  # a plain number
            waived_rules=waived.get((values.order_number, values.content_revision), ()),
            held=values.open_holds > 0,
        )
        if values.paid_us:
            claimed.paid_at.CopyFrom(timestamp(values.paid_us))
        if is_leased_mode(values.payment_mode, values.payment):
            claimed.lease.FromMicroseconds(_lease_us(values.pay_by_us, now_us))
        found.append(claimed)
    return found


def _lease_us(pay_by_us: int, now_us: int) -> int:
    """Return how long stock is kept: a fresh term where none runs, else only what is left."""
    if not pay_by_us:
        return UNPAID_LEASE_S * MICROS
    return max(MIN_LEASE_US, pay_by_us - now_us)


def _load(
    connection: Connection, numbers: list[str]
) -> dict[str, tuple[OrderValues, bytes, bytes, bytes | None]]:
    contents, outcomes = store.contents, store.outcomes
    joined = _orders.join(contents, contents.c.order_number == _orders.c.order_number).outerjoin(
        outcomes, outcomes.c.order_number == _orders.c.order_number
    )
    query = sa.select(
        *(_orders.c[name] for name in COLUMNS),
        contents.c.order_pb,
        contents.c.recipient_pb,
        outcomes.c.outcome_pb,
    ).select_from(joined)
    found = {}
    for begin in range(0, len(numbers), CHUNK):
        chunk = numbers[begin : begin + CHUNK]
        for row in connection.execute(query.where(_orders.c.order_number.in_(chunk))):
            values = OrderValues(*row[: len(COLUMNS)])
            found[values.order_number] = (values, *row[len(COLUMNS) :])
    return found


def _waived(connection: Connection, rows: dict[str, Any]) -> dict[tuple[str, int], list[str]]:
    # Only orders that were held before can have waivers.
    numbers = [number for number, row in rows.items() if row[0].holds]
    found: dict[tuple[str, int], list[str]] = {}
    table = store.waivers
    for begin in range(0, len(numbers), CHUNK):
        query = (
            sa.select(table.c.order_number, table.c.content_revision, table.c.rule_id)
            .where(table.c.order_number.in_(numbers[begin : begin + CHUNK]))
            .order_by(table.c.rule_id)
        )
        for number, revision, rule_id in connection.execute(query):
            found.setdefault((number, revision), []).append(rule_id)
    return found


def _take_off_cancelled(order: order_v1.Order, outcome: record_v1.OrderRecord) -> None:
    """Leave the pieces that are still wanted, and no line without any."""
    gone = {entry.line_no: entry.cancelled for entry in outcome.progress if entry.cancelled}
    if not gone:
        return
    left = [line for line in order.lines if line.quantity > gone.get(line.line_no, 0)]
    for line in left:
        line.quantity -= gone.get(line.line_no, 0)
    kept = [order_v1.OrderLine.FromString(line.SerializeToString()) for line in left]
    del order.lines[:]
    order.lines.extend(kept)
