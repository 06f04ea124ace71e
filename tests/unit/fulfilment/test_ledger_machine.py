"""Any history of receipts, corrections, decisions, payments and releases keeps the books."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services._kit.clock import ManualClock
from services._kit.errors import FailedPrecondition, NotFound
from services.fulfilment.reservations import CONFIRMED, EXPIRED, FROZEN, LEASED, RELEASED
from services.fulfilment.store import metadata
from tests.unit.fulfilment.desk import adjustment, order, receipt, sku, warehouse

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.unit.fulfilment.desk import Desk

HOLDING = (LEASED, CONFIRMED, FROZEN)
SKUS = ("S1", "S2")
HOUSES = ("W1", "W2")
BATCHES = {"": None, "b1": timedelta(days=2), "b2": timedelta(days=5)}
ORDERS = ("o1", "o2", "o3")
CAUSES = (
    inventory_v1.RELEASE_CAUSE_CANCELLED,
    inventory_v1.RELEASE_CAUSE_SUPERSEDED,
    inventory_v1.RELEASE_CAUSE_EXPIRED,
)
houses, skus = st.sampled_from(HOUSES), st.sampled_from(SKUS)
batches = st.sampled_from(sorted(BATCHES))
lines = st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 4)), min_size=1, max_size=3)


class Books(RuleBasedStateMachine):
    """Fulfilment, and beside it what must be true of it whatever happened."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.begun = self.clock.now()
        self.desk.empty(self.clock)
        self.desk.put_skus(*(sku(code) for code in SKUS))
        self.desk.put_warehouses(
            warehouse("W1", 30, 114, parcels_per_day=4), warehouse("W2", 35, 114)
        )
        self.requests = 0
        self.received: Counter[tuple[str, str, str]] = Counter()
        self.adjusted: Counter[tuple[str, str, str]] = Counter()
        self.revision = dict.fromkeys(ORDERS, 0)
        self.asked: dict[str, allocation_v1.OrderToAllocate] = {}

    @rule(house=houses, code=skus, batch=batches, pieces=st.integers(1, 6), twice=st.booleans())
    def receive(self, house: str, code: str, batch: str, pieces: int, twice: bool) -> None:
        self.requests += 1
        life = BATCHES[batch]
        goods = receipt(house, code, pieces, batch, self.begun + life if life else None)
        for _ in range(1 + twice):
            self.desk.receive(f"r{self.requests}", goods)
        self.received[house, code, batch or "-"] += pieces

    @rule(house=houses, code=skus, batch=batches, delta=st.integers(-5, 3).filter(bool))
    def adjust(self, house: str, code: str, batch: str, delta: int) -> None:
        self.requests += 1
        try:
            self.desk.adjust(f"a{self.requests}", adjustment(delta, house, code, batch))
        except (NotFound, FailedPrecondition):
            return
        self.adjusted[house, code, batch or "-"] += delta

    @rule(
        number=st.sampled_from(ORDERS),
        wanted=lines,
        lease_s=st.sampled_from([0, 600]),
        reserve_only=st.booleans(),
        split=st.booleans(),
    )
    def allocate(
        self,
        number: str,
        wanted: list[tuple[str, int]],
        lease_s: int,
        reserve_only: bool,
        split: bool,
    ) -> None:
        self.revision[number] += 1
        self.asked[number] = order(
            number,
            *wanted,
            revision=self.revision[number],
            lease_s=lease_s,
            reserve_only=reserve_only,
            split=split,
        )
        first = self.desk.allocate(self.asked[number]).allocations[0]

        again = self.desk.allocate(self.asked[number]).allocations[0]

        assert again.SerializeToString() == first.SerializeToString()
        assert sum(t.amount_minor for t in first.terms) == first.cost.amount_minor

    @rule()
    def allocate_all_at_once(self) -> None:
        batch = []
        for number in ORDERS:
            self.revision[number] += 1
            batch.append(order(number, ("S1", 2), ("S2", 1), revision=self.revision[number]))
            self.asked[number] = batch[-1]
        response = self.desk.allocate(*batch)

        assert response.lower_bound_minor <= response.cost_minor

    @rule(number=st.sampled_from(ORDERS))
    def ship_what_was_reserved(self, number: str) -> None:
        if number in self.asked:
            self.asked[number].reserve_only = False
            self.desk.allocate(self.asked[number])

    @rule(
        number=st.sampled_from(ORDERS),
        lease_s=st.sampled_from([0, 600]),
        reserve_only=st.booleans(),
    )
    def ask_for_the_same_at_a_later_revision_beside_the_others(
        self, number: str, lease_s: int, reserve_only: bool
    ) -> None:
        if number not in self.asked:
            return
        before = self._held(number)
        self.revision[number] += 1
        wanted = [(line.sku, line.quantity) for line in self.asked[number].lines]
        self.asked[number] = order(
            number,
            *wanted,
            revision=self.revision[number],
            lease_s=lease_s,
            reserve_only=reserve_only,
            split=self.asked[number].split_allowed,
        )
        batch = [self.asked[number]]
        for other in set(ORDERS) - {number}:
            self.revision[other] += 1
            self.asked[other] = order(
                other, ("S1", 3, 900_000), ("S2", 3, 900_000), revision=self.revision[other]
            )
            batch.append(self.asked[other])

        self.desk.allocate(*batch)

        if len(before) == len(wanted):
            assert self._held(number) == before

    def _held(self, number: str) -> list[tuple[int, str, int, str]]:
        return [
            (r.line_no, r.sku, r.quantity, r.warehouse_id)
            for r in self.desk.reservations(number)
            if r.state in HOLDING
        ]

    @rule(number=st.sampled_from(ORDERS))
    def ask_late(self, number: str) -> None:
        if self.revision[number] > 1:
            before = self.desk.reservations()
            self.desk.allocate(order(number, ("S1", 1), revision=self.revision[number] - 1))
            assert self.desk.reservations() == before

    @rule(number=st.sampled_from(ORDERS), ago_s=st.sampled_from([0, 300, 3600]))
    def confirm(self, number: str, ago_s: int) -> None:
        rows = [r for r in self.desk.reservations(number) if r.state in HOLDING]
        paid_at = self.clock.now() - timedelta(seconds=ago_s)

        (state,) = self.desk.confirm(number, paid_at=paid_at)

        if rows:
            in_time = all(
                not r.HasField("lease_ends_at")
                or r.lease_ends_at.ToMicroseconds() >= paid_at.timestamp() * 1_000_000
                for r in rows
            )
            assert state == (CONFIRMED if in_time else EXPIRED)

    @rule(number=st.sampled_from(ORDERS), cause=st.sampled_from(CAUSES))
    def release(self, number: str, cause: int) -> None:
        rows = [r for r in self.desk.reservations(number) if r.state in HOLDING]

        state = self.desk.release(number, cause)

        if cause != inventory_v1.RELEASE_CAUSE_EXPIRED:
            assert state not in HOLDING
        elif rows:
            over = rows[0].state == LEASED and (
                rows[0].lease_ends_at.ToDatetime(tzinfo=self.clock.now().tzinfo) < self.clock.now()
            )
            assert state == (EXPIRED if over else rows[0].state)

    @rule(seconds=st.sampled_from([1, 599, 601, 86_400]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.desk.sweep()

    @rule()
    def restart(self) -> None:
        self.desk.restart()

    @invariant()
    def the_books_balance(self) -> None:
        check = self.desk.run(_books)
        held: Counter[tuple[str, str, str]] = Counter()
        by_line: dict[tuple[str, int], list[Any]] = defaultdict(list)
        for row in check["reservation"]:
            if row.state in HOLDING:
                held[row.warehouse_id, row.sku, row.batch] += row.quantity
                by_line[row.order_number, row.line_no].append(row)
            else:
                assert row.state in {EXPIRED, RELEASED}
        assert {key: n for key, n in held.items() if n} == {
            (s.warehouse_id, s.sku, s.batch): s.reserved for s in check["stock"] if s.reserved
        }
        for s in check["stock"]:
            key = (s.warehouse_id, s.sku, s.batch)
            assert s.received == self.received[key]
            assert s.adjusted == self.adjusted[key]
            assert s.received + s.adjusted == s.available + s.reserved + s.frozen + s.shipped
            assert min(s.available, s.reserved, s.frozen, s.shipped) >= 0
        for (number, line_no), rows in by_line.items():
            wanted = {line.line_no: line for line in self.asked[number].lines}[line_no]
            assert sum(row.quantity for row in rows) == wanted.quantity
            assert {row.sku for row in rows} == {wanted.sku}
            assert len({(row.revision, row.warehouse_id, row.state) for row in rows}) == 1
        self._shipments_are_of_held_stock(check, by_line)
        self._parcels_are_counted(check)
        self._events_have_no_gap(check)

    def _shipments_are_of_held_stock(
        self, check: dict[str, Any], by_line: dict[tuple[str, int], list[Any]]
    ) -> None:
        live = [s for s in check["shipment"] if s.state != allocation_v1.SHIPMENT_STATE_CANCELLED]
        for row in live:
            shipment = allocation_v1.Shipment.FromString(row.payload)
            for line in shipment.lines:
                rows = by_line[row.order_number, line.line_no]
                assert sum(r.quantity for r in rows) == line.quantity
                assert {r.warehouse_id for r in rows} == {row.warehouse_id}

    def _parcels_are_counted(self, check: dict[str, Any]) -> None:
        used = {
            (row.order_number, row.warehouse_id)
            for row in check["reservation"]
            if row.state in HOLDING and row.warehouse_id == "W1"
        }
        assert sum(row.parcels for row in check["parcel_day"]) == len(used)

    def _events_have_no_gap(self, check: dict[str, Any]) -> None:
        numbers: dict[str, list[int]] = defaultdict(list)
        for row in check["outbox"]:
            numbers[row.aggregate_id].append(row.aggregate_seq)
        assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def _books(connection: Connection) -> dict[str, Any]:
    found = {
        name: connection.execute(metadata.tables[name].select()).all()
        for name in ("stock", "reservation", "shipment", "parcel_day")
    }
    outbox = metadata.tables["outbox"]
    query = sa.select(outbox.c.aggregate_id, outbox.c.aggregate_seq).order_by(outbox.c.seq)
    return {**found, "outbox": connection.execute(query).all()}


def test_the_books_balance_after_any_history(desk: Desk) -> None:
    machine = type("BooksHere", (Books,), {"desk": desk})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
