"""Cancellations that a channel sends as documents of their own, naming no order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services.intake import store
from services.intake.convert import now_us
from services.intake.holding import drop_holds
from services.intake.lifecycle import end, queue
from services.intake.quarantine import why_aside
from services.intake.reasons import IntakeReason, localized

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.intake.book import Book
    from services.intake.mapped import MappedCancellation, Unmappable
    from services.intake.stored import StoredOrder

PAGE = 20  # orders of a customer looked at in one query


def meet_cancellation(
    book: Book,
    channel: str,
    cancellation: MappedCancellation,
    *,
    content_hash: bytes,
    at_us: int,
    actor: str,
) -> intake_v1.SubmitResult | Unmappable:
    """Call off the pieces of `cancellation` in the newest earlier order that has them all.

    One order must have every line, by SKU and price of a piece, with enough pieces left.
    """
    table = store.cancellations
    key = (channel, cancellation.shop, cancellation.external_id)
    known = book.connection.execute(
        sa.select(table.c.order_number, table.c.content_hash).where(
            table.c.channel == key[0], table.c.shop == key[1], table.c.external_id == key[2]
        )
    ).one_or_none()
    if known is not None:
        if known.content_hash != content_hash:
            return why_aside(IntakeReason.CONFLICTING)
        return intake_v1.SubmitResult(
            outcome=intake_v1.SUBMIT_OUTCOME_DUPLICATE,
            order_number=known.order_number,
            reason=IntakeReason.ALREADY_KNOWN.value,
            message=localized(IntakeReason.ALREADY_KNOWN),
        )
    stored = _original(book, channel, cancellation)
    if stored is None:
        return why_aside(IntakeReason.ORIGINAL_NOT_FOUND)
    _call_off(stored, cancellation, at_us, actor)
    book.connection.execute(
        table.insert(),
        {
            "channel": key[0],
            "shop": key[1],
            "external_id": key[2],
            "order_number": stored.values.order_number,
            "content_hash": content_hash,
            "taken_us": at_us,
        },
    )
    return intake_v1.SubmitResult(
        outcome=intake_v1.SUBMIT_OUTCOME_UPDATED,
        order_number=stored.values.order_number,
        message=localized(IntakeReason.UPDATED),
    )


def _original(book: Book, channel: str, cancellation: MappedCancellation) -> StoredOrder | None:
    if not cancellation.customer_id:
        return None
    book.flush()  # the original may be in the same group
    return next(
        (
            stored
            for stored in _earlier_orders(book, channel, cancellation)
            if stored.values.currency == cancellation.currency
            and not stored.has_left()
            and _covers(stored, cancellation)
        ),
        None,
    )


def _earlier_orders(
    book: Book, channel: str, cancellation: MappedCancellation
) -> Iterator[StoredOrder]:
    """Yield the customer's open orders placed until then, newest first."""
    columns = store.orders.c
    query = (
        sa.select(columns.order_number, columns.placed_us)
        .where(
            columns.channel == channel,
            columns.shop == cancellation.shop,
            columns.customer_id == cancellation.customer_id,
            columns.placed_us <= now_us(cancellation.occurred_at),
            columns.lifecycle == record_v1.LIFECYCLE_OPEN,
        )
        .order_by(columns.placed_us.desc(), columns.order_number.desc())
        .limit(PAGE)
    )
    after: tuple[int, str] | None = None
    while True:
        page = query
        if after is not None:
            page = query.where(sa.tuple_(columns.placed_us, columns.order_number) < after)
        rows = book.connection.execute(page).all()
        found = book.by_numbers((row.order_number for row in rows), content=True)
        for row in rows:
            yield found[row.order_number]
        if len(rows) < PAGE:
            return
        after = (rows[-1].placed_us, rows[-1].order_number)


def _wanted(cancellation: MappedCancellation) -> Counter[tuple[str, int]]:
    wanted: Counter[tuple[str, int]] = Counter()
    for line in cancellation.lines:
        wanted[line.sku, line.unit_price_minor] += line.quantity
    return wanted


def _rests(stored: StoredOrder) -> list[tuple[int, tuple[str, int], int, int]]:
    """Return (line number, (SKU, price), pieces ordered, pieces left) of each line."""
    if stored.order is None:
        raise AssertionError("loaded without its content")
    gone = stored.cancelled_pieces()
    return [
        (
            line.line_no,
            (line.sku, line.unit_price_minor),
            line.quantity,
            line.quantity - gone.get(line.line_no, 0),
        )
        for line in stored.order.lines
    ]


def _covers(stored: StoredOrder, cancellation: MappedCancellation) -> bool:
    left: Counter[tuple[str, int]] = Counter()
    for _, what, _, rest in _rests(stored):
        left[what] += rest
    return all(left[what] >= pieces for what, pieces in _wanted(cancellation).items())


def _call_off(
    stored: StoredOrder, cancellation: MappedCancellation, at_us: int, actor: str
) -> None:
    wanted = _wanted(cancellation)
    pieces = wanted.total()
    for line_no, what, ordered, rest in _rests(stored):
        taken = min(rest, wanted[what])
        if taken:
            wanted[what] -= taken
            stored.cancel_pieces(line_no, ordered, taken)
    stored.revise(content=True)
    drop_holds(stored, at_us)
    queue(stored, record_v1.WORK_PROCESS, at_us)
    stored.emit(
        "lines_cancelled",
        at_us,
        actor=actor,
        details=[("cancellation_id", cancellation.external_id), ("pieces", pieces)],
    )
    if all(rest == 0 for *_, rest in _rests(stored)):
        end(stored, record_v1.LIFECYCLE_CANCELLED, IntakeReason.ALL_LINES_CANCELLED, at_us, actor)
