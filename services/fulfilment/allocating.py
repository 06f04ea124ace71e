"""AllocateOrders: a batch decided and reserved in one transaction.

What an order gets depends on what is kept of it:

- never seen, or seen at an earlier revision: it is decided anew; the earlier revision's stock is
  given back first and its unpacked shipments are called off, in the same transaction;
- the same revision: the stored answer, to the byte. There is one way in which it advances: a
  revision that only reserved is asked for again without `reserve_only`, and its shipments are
  made from the stock it still holds; from then on that answer is the stored one;
- an earlier revision than the one kept, or one that was released: the stored answer with its own
  revision, or NONE where it never had any. It asks late and changes nothing.

Rows are locked in one order by everybody: decisions by order number, stock by SKU, warehouse and
batch, parcel counts by warehouse and day. Everything else belongs to a decision and is guarded
by its row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services._kit.database import RetryTransactionError
from services.fulfilment import decisions, freeing, reservations, shipments
from services.fulfilment.advancing import advance
from services.fulfilment.answers import answer_of, decided_event, parcels_of
from services.fulfilment.checks import now_us
from services.fulfilment.convert import Supply, decisions_from_pb
from services.fulfilment.decisions import Stored, counted_json
from services.fulfilment.store import metadata, outbox
from solver.allocation.solve import allocate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services._kit.events import NewEvent
    from services.fulfilment.catalogue import Catalogue, SkuFacts, WarehouseFacts
    from services.fulfilment.convert import Decision
    from services.fulfilment.deciding import Solver
    from services.fulfilment.freeing import Freeable
    from services.fulfilment.ledger import LockedStock
    from services.fulfilment.parcel_days import LockedDays, Slot

RESERVATION = metadata.tables["reservation"]
SHIPMENT = metadata.tables["shipment"]


@dataclass
class Writes:
    """Rows that a batch adds, written together at its end."""

    decisions: list[Stored] = field(default_factory=list)
    reservations: list[dict[str, Any]] = field(default_factory=list)
    shipments: list[dict[str, Any]] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)


@dataclass(frozen=True)
class Moment:
    """When and among what a batch is decided."""

    at: datetime
    actor: str
    skus: Mapping[str, SkuFacts]
    warehouses: Mapping[str, WarehouseFacts]
    days: Mapping[str, str]  # each warehouse's calendar day

    @property
    def us(self) -> int:
        """Microseconds since 1970."""
        return now_us(self.at)

    def slots_of(self, warehouse_ids: Iterable[str]) -> list[Slot]:
        """Return today's counts of those of `warehouse_ids` that have a daily limit."""
        return [
            (w, self.days[w]) for w in warehouse_ids if self.warehouses[w].message.parcels_per_day
        ]


class Allocator:
    """Decides batches.

    Parameters
    ----------
    zone
        Calendar of warehouses that name none.
    solve
        The solver; another one in tests.
    """

    def __init__(
        self, catalogue: Catalogue, clock: Clock, zone: tzinfo, solve: Solver = allocate
    ) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._zone = zone
        self._solve = solve

    def allocate(
        self, connection: Connection, request: allocation_v1.AllocateOrdersRequest, actor: str = ""
    ) -> allocation_v1.AllocateOrdersResponse:
        """Decide about the orders of a checked request; see the module."""
        orders = {order.order_number: order for order in request.orders}
        stored = decisions.lock(connection, orders)
        fresh = {n: o for n, o in orders.items() if _is_fresh(o, stored.get(n))}
        advancing = {n: o for n, o in orders.items() if _advances(o, stored.get(n))}
        answers = {n: s.message() for n, s in stored.items() if n not in fresh}
        response = allocation_v1.AllocateOrdersResponse(bound_kind="optimal")
        if fresh or advancing:
            moment = self._moment(connection, actor)
            known = [n for n in orders if n in stored and (n in fresh or n in advancing)]
            held = reservations.of_orders(connection, known)
            live = shipments.live_of(connection, known)
            given = {
                n: freeing.freeable(stored[n], held.get(n, ()), live.get(n, ()))
                for n in fresh
                if n in stored
            }
            stock, days = self._lock(connection, moment, fresh, given, advancing, stored)
            writes = Writes()
            base = dict(stored)
            for number, freed in given.items():
                base[number] = freeing.free(connection, freed, stock, days, reservations.RELEASED)
            if fresh:
                self._decide(moment, list(fresh.values()), base, given, stock, days, writes,
                             answers, response)  # fmt: skip
            for number, order in advancing.items():
                advance(connection, moment, order, stored[number], held.get(number, []), days,
                        writes, answers)  # fmt: skip
            _write(connection, stored, stock, days, writes)
        response.allocations.extend(answers[order.order_number] for order in request.orders)
        return response

    def _moment(self, connection: Connection, actor: str) -> Moment:
        at = self._clock.now()
        skus, houses = self._catalogue.refresh(connection)
        return Moment(
            at=at,
            actor=actor,
            skus=skus,
            warehouses={house.id: house for house in houses},
            days={house.id: house.day(at, self._zone) for house in houses},
        )

    def _lock(
        self,
        connection: Connection,
        moment: Moment,
        fresh: Mapping[str, allocation_v1.OrderToAllocate],
        given: Mapping[str, Freeable],
        advancing: Mapping[str, allocation_v1.OrderToAllocate],
        stored: Mapping[str, Stored],
    ) -> tuple[LockedStock, LockedDays]:
        slots = moment.slots_of(moment.warehouses)
        slots += [slot for number in advancing for slot in stored[number].counted]
        skus = {line.sku for order in fresh.values() for line in order.lines}
        return freeing.lock_for(connection, given.values(), moment.us, skus=skus, slots=slots)

    def _decide(
        self,
        moment: Moment,
        orders: Sequence[allocation_v1.OrderToAllocate],
        base: Mapping[str, Stored],
        given: Mapping[str, Freeable],
        stock: LockedStock,
        days: LockedDays,
        writes: Writes,
        answers: dict[str, allocation_v1.OrderAllocation],
        response: allocation_v1.AllocateOrdersResponse,
    ) -> None:
        limits = {w: moment.warehouses[w].message.parcels_per_day for w in moment.warehouses}
        supply = Supply(
            skus=moment.skus,
            warehouses=list(moment.warehouses.values()),
            stock=stock.promisable(),
            parcels={
                w: max(0, limit - days.count((w, moment.days[w])))
                for w, limit in limits.items()
                if limit
            },
        )
        decided = decisions_from_pb(orders, supply, self._solve)
        response.cost_minor = decided.cost_minor
        response.lower_bound_minor = decided.bound_minor
        response.bound_kind = decided.bound_kind
        response.nearest_cost_minor = decided.nearest_minor
        if decided.cost_minor:
            gap = decided.cost_minor - decided.bound_minor
            response.gap_bp = -(-gap * 10_000 // decided.cost_minor)
        for order, decision in zip(orders, decided.orders, strict=True):
            before = base.get(order.order_number, Stored(order.order_number))
            answers[order.order_number] = _reserve(
                moment, order, decision, before, given.get(order.order_number), stock, days, writes
            )


def _reserve(
    moment: Moment,
    order: allocation_v1.OrderToAllocate,
    decision: Decision,
    before: Stored,
    freed: Freeable | None,
    stock: LockedStock,
    days: LockedDays,
    writes: Writes,
) -> allocation_v1.OrderAllocation:
    ends_us = None
    if order.HasField("lease") and decision.picks:
        ends_us = moment.us + order.lease.seconds * 1_000_000 + order.lease.nanos // 1000
    for pick in decision.picks:
        line = order.lines[pick.position]
        for take in stock.take(line.sku, pick.warehouse_id, line.quantity):
            writes.reservations.append(
                reservations.row_values(
                    order.order_number, order.revision, line.line_no,
                    pick.warehouse_id, line.sku, take, ends_us,
                )
            )  # fmt: skip
    parcels = parcels_of(order, decision, moment.warehouses)
    counted = moment.slots_of(parcel.warehouse.id for parcel in parcels)
    for slot in counted:
        days.add(slot, 1)
    made = []
    if not order.reserve_only:
        for ordinal, parcel in enumerate(parcels, before.shipments + 1):
            shipment = shipments.shipment_of(order, ordinal, parcel, moment.skus, moment.us)
            made.append(shipment)
            writes.shipments.append(shipments.row_values(shipment, ordinal))
    answer = answer_of(order, decision, made, ends_us)
    writes.decisions.append(
        before._replace(
            revision=order.revision,
            reserve_only=order.reserve_only,
            shipments=before.shipments + len(made),
            events=before.events + 1,
            parcels=counted_json(counted),
            answer=answer.SerializeToString(deterministic=True),
            options=decision.options,
        )
    )
    writes.events.append(decided_event(answer, moment.at, before.events + 1, moment.actor, freed))
    return answer


def _is_fresh(order: allocation_v1.OrderToAllocate, stored: Stored | None) -> bool:
    """Return whether nothing was decided about this revision or a later one."""
    if stored is None:
        return True
    return order.revision > max(stored.revision, stored.released_revision)


def _advances(order: allocation_v1.OrderToAllocate, stored: Stored | None) -> bool:
    """Return whether shipments are wanted for a revision that only reserved."""
    return (
        stored is not None
        and stored.revision == order.revision
        and stored.revision > stored.released_revision
        and stored.reserve_only
        and not order.reserve_only
    )


def _write(
    connection: Connection,
    before: dict[str, Stored],
    stock: LockedStock,
    days: LockedDays,
    writes: Writes,
) -> None:
    """Write everything; the database's own constraints have the last word."""
    decisions.write(connection, before, writes.decisions)
    stock.write(connection)
    days.write(connection)
    try:
        if writes.reservations:
            connection.execute(RESERVATION.insert(), writes.reservations)
        if writes.shipments:
            connection.execute(SHIPMENT.insert(), writes.shipments)
    except IntegrityError as error:
        raise RetryTransactionError("an order was decided about meanwhile") from error
    outbox.append(connection, writes.events)
