"""What an order keeps when a later revision of it is asked for: nobody else of its batch gets it.

Orders that want exactly what they hold keep it as it is. All others are decided in turns, each
turn on what those before it left:

1. an order that wants all it holds and more, or the same at another place, by itself;
2. orders that want something else than they hold, together;
3. orders that hold nothing, together.

What an order holds is given back no sooner than its turn comes.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from services.fulfilment import reservations, shipments
from services.fulfilment.advancing import ship
from services.fulfilment.answers import FULL, decided_event
from services.fulfilment.options import is_decided_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
    from services.fulfilment.batch import Batch
    from services.fulfilment.freeing import Freeable
    from services.fulfilment.reservations import Held

    Lines = dict[tuple[int, str], int]  # pieces by line number and SKU


def keeps(
    order: allocation_v1.OrderToAllocate, freed: Freeable, live: Sequence[allocation_v1.Shipment]
) -> bool:
    """Return whether a later revision wants exactly what `freed` holds, where it was to go.

    Parameters
    ----------
    live
        Shipments that were not called off; goods already packed are another process.
    """
    stored = freed.stored
    return (
        bool(freed.rows)
        and len(freed.cancelled) == len(live)
        and all(row.revision == stored.revision for row in freed.rows)
        and _wanted(order) == _held(freed.rows)
        and stored.message().status == FULL
        and is_decided_for(stored.options, order)
    )


def keep(
    connection: Connection, batch: Batch, order: allocation_v1.OrderToAllocate, freed: Freeable
) -> None:
    """Hand what an order holds to its later revision; what was decided of it stands.

    Shipments of the earlier revision are called off and, unless the stock is only reserved, made
    anew from the same warehouses. Lease or firmness are those asked for.
    """
    moment, stored = batch.moment, freed.stored
    ends_us = reservations.lease_end_us(order, moment.us)
    reservations.keep_for(connection, freed.rows, order.revision, ends_us)
    shipments.cancel(connection, freed.cancelled)
    answer = stored.message()
    answer.revision = order.revision
    answer.leased = ends_us is not None
    answer.ClearField("lease_ends_at")
    if ends_us is not None:
        answer.lease_ends_at.FromMicroseconds(ends_us)
    answer.ClearField("shipments")
    if not order.reserve_only:
        stored = ship(batch, order, stored, freed.rows, answer)
    batch.answers[order.order_number] = answer
    batch.decisions.append(
        stored._replace(
            revision=order.revision,
            reserve_only=order.reserve_only,
            events=stored.events + 1,
            answer=answer.SerializeToString(deterministic=True),
        )
    )
    batch.events.append(decided_event(answer, moment.at, stored.events + 1, moment.actor, freed))


def turns_of(
    orders: Iterable[allocation_v1.OrderToAllocate], given: Mapping[str, Freeable]
) -> list[list[allocation_v1.OrderToAllocate]]:
    """Return the orders to decide together, turn by turn; see the module."""
    alone: list[list[allocation_v1.OrderToAllocate]] = []
    changed: list[allocation_v1.OrderToAllocate] = []
    new: list[allocation_v1.OrderToAllocate] = []
    for order in orders:
        freed = given.get(order.order_number)
        if freed is None or not freed.rows:
            new.append(order)
        elif _held(freed.rows).items() <= _wanted(order).items():
            alone.append([order])
        else:
            changed.append(order)
    return [turn for turn in (*alone, changed, new) if turn]


def _wanted(order: allocation_v1.OrderToAllocate) -> Lines:
    return {(line.line_no, line.sku): line.quantity for line in order.lines}


def _held(rows: Iterable[Held]) -> Lines:
    pieces: Counter[tuple[int, str]] = Counter()
    for row in rows:
        pieces[row.line_no, row.sku] += row.quantity
    return dict(pieces)
