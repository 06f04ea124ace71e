"""AllocateOrders: a batch decided and reserved in one transaction.

What an order gets depends on what is kept of it:

- seen at an earlier revision, and it wants what it holds: it keeps that, see `keeping`;
- never seen, or seen at an earlier revision and it wants something else: it is decided anew; the
  earlier revision's stock is given back first and its unpacked shipments are called off, in the
  same transaction, and before orders that hold nothing are decided;
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

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services.fulfilment import decisions, freeing, reservations, shipments
from services.fulfilment.advancing import advance
from services.fulfilment.answers import answer_of, decided_event, parcels_of
from services.fulfilment.batch import Batch, Moment
from services.fulfilment.convert import decisions_from_pb
from services.fulfilment.decisions import Stored, counted_json
from services.fulfilment.keeping import keep, keeps, turns_of
from services.fulfilment.shapes import Decisions, Supply
from solver.allocation.solve import allocate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from sqlalchemy import Connection

    from services._kit.clock import Clock
    from services.fulfilment.catalogue import Catalogue
    from services.fulfilment.deciding import Solver
    from services.fulfilment.freeing import Freeable
    from services.fulfilment.shapes import Decision

    Orders = Mapping[str, allocation_v1.OrderToAllocate]  # by number


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
            self._work(connection, actor, fresh, advancing, stored, answers, response)
        response.allocations.extend(answers[order.order_number] for order in request.orders)
        return response

    def _work(
        self,
        connection: Connection,
        actor: str,
        fresh: Orders,
        advancing: Orders,
        stored: dict[str, Stored],
        answers: dict[str, allocation_v1.OrderAllocation],
        response: allocation_v1.AllocateOrdersResponse,
    ) -> None:
        moment = self._moment(connection, actor)
        known = [n for n in (*fresh, *advancing) if n in stored]
        held = reservations.of_orders(connection, known)
        live = shipments.live_of(connection, known)
        given = {
            n: freeing.freeable(stored[n], held.get(n, ()), live.get(n, ()))
            for n in fresh
            if n in stored
        }
        kept = {n for n, freed in given.items() if keeps(fresh[n], freed, live.get(n, ()))}
        undecided = [order for number, order in fresh.items() if number not in kept]
        slots = moment.slots_of(moment.warehouses)
        slots += [slot for number in (*advancing, *kept) for slot in stored[number].counted]
        stock, days = freeing.lock_for(
            connection,
            (freed for number, freed in given.items() if number not in kept),
            moment.us,
            skus={line.sku for order in undecided for line in order.lines},
            slots=slots,
        )
        batch = Batch(moment, stock, days, answers)
        for number in fresh:
            if number in kept:
                keep(connection, batch, fresh[number], given[number])
        for number, order in advancing.items():
            advance(connection, batch, order, stored[number], held.get(number, []))
        turns = turns_of(undecided, given)
        if turns:
            passes = [self._decide(connection, batch, turn, given) for turn in turns]
            _report(Decisions.together(passes), response)
        batch.write(connection, stored)

    def _decide(
        self,
        connection: Connection,
        batch: Batch,
        orders: list[allocation_v1.OrderToAllocate],
        given: Mapping[str, Freeable],
    ) -> Decisions:
        """Decide about `orders` together, on what is left and what they held themselves."""
        base = {
            number: freeing.free(
                connection, given[number], batch.stock, batch.days, reservations.RELEASED
            )
            for number in (order.order_number for order in orders)
            if number in given
        }
        decided = decisions_from_pb(orders, _supply(batch), self._solve)
        for order, decision in zip(orders, decided.orders, strict=True):
            number = order.order_number
            before = base.get(number, Stored(number))
            _reserve(batch, order, decision, before, given.get(number))
        return decided

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


def _supply(batch: Batch) -> Supply:
    """Return what the batch may draw on."""
    houses = batch.moment.warehouses
    return Supply(
        skus=batch.moment.skus,
        warehouses=list(houses.values()),
        stock=batch.stock.promisable(),
        parcels={
            slot[0]: max(0, houses[slot[0]].message.parcels_per_day - batch.days.count(slot))
            for slot in batch.moment.slots_of(houses)
        },
    )


def _report(decided: Decisions, response: allocation_v1.AllocateOrdersResponse) -> None:
    """Say how good the decisions are together."""
    response.cost_minor = decided.cost_minor
    response.lower_bound_minor = decided.bound_minor
    response.bound_kind = decided.bound_kind
    response.nearest_cost_minor = decided.nearest_minor
    if decided.cost_minor:
        gap = decided.cost_minor - decided.bound_minor
        response.gap_bp = -(-gap * 10_000 // decided.cost_minor)


def _reserve(
    batch: Batch,
    order: allocation_v1.OrderToAllocate,
    decision: Decision,
    before: Stored,
    freed: Freeable | None,
) -> None:
    """Take the stock of one decision, and note its rows, its answer and its event."""
    moment = batch.moment
    ends_us = reservations.lease_end_us(order, moment.us) if decision.picks else None
    for pick in decision.picks:
        line = order.lines[pick.position]
        for take in batch.stock.take(line.sku, pick.warehouse_id, line.quantity):
            batch.reservations.append(
                reservations.row_values(order, line, pick.warehouse_id, take, ends_us)
            )
    parcels = parcels_of(order, decision, moment.warehouses)
    counted = moment.slots_of(parcel.warehouse.id for parcel in parcels)
    for slot in counted:
        batch.days.add(slot, 1)
    made = []
    if not order.reserve_only:
        for ordinal, parcel in enumerate(parcels, before.shipments + 1):
            shipment = shipments.shipment_of(order, ordinal, parcel, moment.skus, moment.us)
            made.append(shipment)
            batch.shipments.append(shipments.row_values(shipment, ordinal))
    answer = answer_of(order, decision, made, ends_us)
    batch.answers[order.order_number] = answer
    batch.decisions.append(
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
    batch.events.append(decided_event(answer, moment.at, before.events + 1, moment.actor, freed))


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
