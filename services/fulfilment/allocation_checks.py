"""What an order to allocate may look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services._kit.reasons import Reason as Kit
from services.fulfilment.checks import Checks
from services.fulfilment.stock_checks import MAX_ORDERS, MAX_REQUEST_ID

if TYPE_CHECKING:
    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1

MAX_LINES = 500
MAX_LINE_PIECES = 1_000_000
MAX_VALUE_MINOR = 2**53
MAX_LEASE_S = 90 * 86_400


def check_orders(request: allocation_v1.AllocateOrdersRequest, max_lines: int = MAX_LINES) -> None:
    """Raise `Malformed` naming every fault of `request`."""
    checks = Checks()
    checks.code("batch_id", request.batch_id, MAX_REQUEST_ID, required=False)
    if checks.many("orders", request.orders, MAX_ORDERS):
        checks.unique(
            "orders[{}]", ".order_number", [order.order_number for order in request.orders]
        )
        for i, order in enumerate(request.orders):
            _check_order(checks, f"orders[{i}]", order, max_lines)
    checks.raise_if_any()


def _check_order(
    checks: Checks, path: str, order: allocation_v1.OrderToAllocate, max_lines: int
) -> None:
    checks.code(f"{path}.order_number", order.order_number)
    checks.between(f"{path}.revision", order.revision, 1, 2**53)
    checks.currency(f"{path}.currency", order.currency)
    if order.HasField("destination") and order.destination.HasField("location"):
        checks.point(f"{path}.destination.location", order.destination.location)
    if order.HasField("delivery_window"):
        checks.window(f"{path}.delivery_window", order.delivery_window)
    if order.HasField("lease"):
        least = order.lease.seconds > 0 or (order.lease.seconds == 0 and order.lease.nanos > 0)
        if not least or order.lease.seconds > MAX_LEASE_S or not 0 <= order.lease.nanos < 10**9:
            checks.add(f"{path}.lease", Kit.OUT_OF_RANGE, f"above 0 s, at most {MAX_LEASE_S} s")
    if checks.many(f"{path}.lines", order.lines, max_lines):
        checks.unique(f"{path}.lines[{{}}]", ".line_no", [line.line_no for line in order.lines])
        for i, line in enumerate(order.lines):
            here = f"{path}.lines[{i}]"
            checks.between(f"{here}.line_no", line.line_no, 1, 2**31 - 1)
            checks.code(f"{here}.sku", line.sku)
            checks.between(f"{here}.quantity", line.quantity, 1, MAX_LINE_PIECES)
            checks.between(f"{here}.value_minor", line.value_minor, 0, MAX_VALUE_MINOR)
