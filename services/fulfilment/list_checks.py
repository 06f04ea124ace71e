"""What the filters of lists may look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services.fulfilment.checks import Checks

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_NAMES, MAX_WAREHOUSES = 500, 200


def check_order_number(given: str) -> None:
    """Raise `Malformed` unless `given` could be an order's number."""
    checks = Checks()
    checks.code("order_number", given)
    checks.raise_if_any()


def check_vehicles_filter(request: inventory_v1.ListVehiclesRequest) -> None:
    """Raise `Malformed` naming every fault of the filter."""
    checks = Checks()
    checks.code("warehouse_id", request.warehouse_id, required=False)
    checks.raise_if_any()


def check_availability_filter(request: inventory_v1.GetAvailabilityRequest) -> None:
    """Raise `Malformed` naming every fault of the filter."""
    checks = Checks()
    _codes(checks, "skus", request.skus, MAX_NAMES)
    _codes(checks, "warehouse_ids", request.warehouse_ids, MAX_WAREHOUSES)
    checks.raise_if_any()


def check_reservations_filter(request: inventory_v1.ListReservationsRequest) -> None:
    """Raise `Malformed` naming every fault of the filter."""
    checks = Checks()
    _codes(checks, "order_numbers", request.order_numbers, MAX_NAMES)
    checks.member("state", request.state, inventory_v1.ReservationState.values())
    checks.raise_if_any()


def check_shipments_filter(request: allocation_v1.ListShipmentsRequest) -> None:
    """Raise `Malformed` naming every fault of the filter."""
    checks = Checks()
    checks.code("order_number", request.order_number, required=False)
    checks.code("warehouse_id", request.warehouse_id, required=False)
    checks.member("mode", request.mode, allocation_v1.ShipmentMode.values())
    checks.member("state", request.state, allocation_v1.ShipmentState.values())
    checks.raise_if_any()


def _codes(checks: Checks, field: str, given: Sequence[str], most: int) -> None:
    if checks.many(field, given, most, least=0):
        for i, code in enumerate(given):
            checks.code(f"{field}[{i}]", code)
