"""What receipts, corrections and calls about reservations may look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services._kit.reasons import Reason as Kit
from services.fulfilment.checks import MAX_PIECES, Checks

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_BATCH = "-"
MAX_BOOKINGS = 5000
MAX_REQUEST_ID = 128
MAX_ORDERS = 256
_CAUSES = frozenset(inventory_v1.ReleaseCause.values()) - {inventory_v1.RELEASE_CAUSE_UNSPECIFIED}


def check_receipts(request: inventory_v1.ReceiveStockRequest) -> None:
    """Raise `Malformed` naming every fault of `request`."""
    checks = Checks()
    checks.code("request_id", request.request_id, MAX_REQUEST_ID)
    if checks.many("receipts", request.receipts, MAX_BOOKINGS):
        for i, receipt in enumerate(request.receipts):
            path = f"receipts[{i}]"
            checks.code(f"{path}.warehouse_id", receipt.warehouse_id)
            checks.code(f"{path}.sku", receipt.sku)
            checks.between(f"{path}.quantity", receipt.quantity, 1, MAX_PIECES)
            checks.code(f"{path}.batch", receipt.batch, required=False)
            checks.text(f"{path}.location", receipt.location)
            if receipt.HasField("expires_at"):
                checks.instant(f"{path}.expires_at", receipt.expires_at)
    checks.raise_if_any()


def check_adjustments(request: inventory_v1.AdjustStockRequest) -> None:
    """Raise `Malformed` naming every fault of `request`."""
    checks = Checks()
    checks.code("request_id", request.request_id, MAX_REQUEST_ID)
    if checks.many("adjustments", request.adjustments, MAX_BOOKINGS):
        for i, adjustment in enumerate(request.adjustments):
            path = f"adjustments[{i}]"
            checks.code(f"{path}.warehouse_id", adjustment.warehouse_id)
            checks.code(f"{path}.sku", adjustment.sku)
            checks.code(f"{path}.batch", adjustment.batch, required=False)
            if adjustment.delta == 0:
                checks.add(f"{path}.delta", Kit.OUT_OF_RANGE, "a correction is not 0")
            checks.between(f"{path}.delta", adjustment.delta, -MAX_PIECES, MAX_PIECES)
            checks.code(f"{path}.reason", adjustment.reason)
    checks.raise_if_any()


def check_confirmations(request: inventory_v1.ConfirmReservationsRequest) -> None:
    """Raise `Malformed` naming every fault of `request`."""
    checks = Checks()
    if _check_orders(checks, request.batch_id, request.orders):
        for i, order in enumerate(request.orders):
            if order.HasField("paid_at"):
                checks.instant(f"orders[{i}].paid_at", order.paid_at)
    checks.raise_if_any()


def check_releases(request: inventory_v1.ReleaseReservationsRequest) -> None:
    """Raise `Malformed` naming every fault of `request`."""
    checks = Checks()
    if _check_orders(checks, request.batch_id, request.orders):
        for i, order in enumerate(request.orders):
            checks.between(f"orders[{i}].revision", order.revision, 0, 2**53)
            checks.member(f"orders[{i}].cause", order.cause, _CAUSES)
    checks.raise_if_any()


def _check_orders(
    checks: Checks,
    batch_id: str,
    orders: Sequence[inventory_v1.OrderReservation | inventory_v1.ReservationToRelease],
) -> bool:
    checks.code("batch_id", batch_id, MAX_REQUEST_ID, required=False)
    if not checks.many("orders", orders, MAX_ORDERS):
        return False
    checks.unique("orders[{}]", ".order_number", [order.order_number for order in orders])
    for i, order in enumerate(orders):
        checks.code(f"orders[{i}].order_number", order.order_number)
    return True
