"""What must hold of a hub at rest, read through its API alone (docs: reliability)."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1

if TYPE_CHECKING:
    from orderhub_client.client import OrderHub

LIVE = {
    inventory_v1.RESERVATION_STATE_LEASED,
    inventory_v1.RESERVATION_STATE_CONFIRMED,
    inventory_v1.RESERVATION_STATE_FROZEN,
}


def check(hub: OrderHub, channel: str, orders: int) -> None:
    """Fail on the first broken promise."""
    records = list(
        hub.pages(hub.intake.ListOrders, intake_v1.ListOrdersRequest(channel=channel), "records")
    )
    check_orders(records, orders)
    check_events(hub, records)
    check_stock(hub, records)


def check_orders(records: list[record_v1.OrderRecord], orders: int) -> None:
    """Every accepted order exists exactly once and is at rest, with a verdict."""
    keys = Counter((r.order.channel, r.order.shop, r.order.external_order_id) for r in records)
    assert len(records) == orders
    assert max(keys.values()) == 1
    assert len({r.order.order_number for r in records}) == orders
    for record in records:
        assert record.work == record_v1.WORK_UNSPECIFIED
        assert record.state != record_v1.ORDER_STATE_RECEIVED
        if record.lifecycle == record_v1.LIFECYCLE_OPEN:
            assert record.decision.rulebook_hash


def check_events(hub: OrderHub, records: list[record_v1.OrderRecord]) -> None:
    """Events of each order are numbered 1 to n, and folding them gives the row."""
    numbers: dict[str, list[int]] = defaultdict(list)
    folded: dict[str, dict[str, str]] = defaultdict(dict)
    request = intake_v1.WatchEventsRequest(until_now=True)
    for batch in hub.stream(hub.intake.WatchEvents, request, timeout_s=60):
        for event in batch.events:
            numbers[event.subject].append(event.sequence)
            for moved in event.transitions:
                unset = "NONE" if moved.dimension == "work" else ""
                before = folded[event.subject].get(moved.dimension, unset)
                assert before == getattr(moved, "from"), event
                folded[event.subject][moved.dimension] = moved.to
    for subject, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), subject
    for record in records:
        row = folded[record.order.order_number]
        assert record_v1.Lifecycle.Name(record.lifecycle) == f"LIFECYCLE_{row['lifecycle']}"
        assert (
            record_v1.PaymentState.Name(record.payment_state) == f"PAYMENT_STATE_{row['payment']}"
        )
        assert record_v1.StockState.Name(record.stock_state) == f"STOCK_STATE_{row['stock']}"
        assert row.get("work", "NONE") == "NONE"


def check_stock(hub: OrderHub, records: list[record_v1.OrderRecord]) -> None:
    """The ledger balances, promises sum to it, and nobody is promised more than ordered."""
    inventory = hub.inventory
    reserved: Counter[tuple[str, str]] = Counter()
    levels = hub.pages(inventory.GetAvailability, inventory_v1.GetAvailabilityRequest(), "levels")
    for level in levels:
        columns = (level.available, level.reserved, level.frozen, level.shipped)
        assert min(level.received, *columns) >= 0
        assert level.received + level.adjusted == sum(columns)
        reserved[level.warehouse_id, level.sku] += level.reserved + level.frozen

    promised: Counter[tuple[str, str]] = Counter()
    by_line: Counter[tuple[str, int]] = Counter()
    reservations = hub.pages(
        inventory.ListReservations, inventory_v1.ListReservationsRequest(), "reservations"
    )
    for one in reservations:
        if one.state in LIVE:
            promised[one.warehouse_id, one.sku] += one.quantity
            by_line[one.order_number, one.line_no] += one.quantity
    assert {k: v for k, v in promised.items() if v} == {k: v for k, v in reserved.items() if v}

    for record in records:
        number = record.order.order_number
        closed = record.lifecycle != record_v1.LIFECYCLE_OPEN
        unfilled = {line.line_no for line in record.allocation.unfilled}
        for line in record.progress:
            wanted = 0 if closed or line.line_no in unfilled else line.ordered - line.cancelled
            assert by_line[number, line.line_no] == wanted, (number, line)

    shipments = hub.pages(
        hub.allocation.ListShipments, allocation_v1.ListShipmentsRequest(), "shipments"
    )
    shipped: Counter[tuple[str, int]] = Counter()
    for shipment in shipments:
        if shipment.state != allocation_v1.SHIPMENT_STATE_CANCELLED:
            for part in shipment.lines:
                shipped[shipment.order_number, part.line_no] += part.quantity
    for key, quantity in shipped.items():
        assert quantity == by_line[key], key
