"""Limits of every request but the order itself: said before anything is read or written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services._kit.errors import Malformed
from services._kit.reasons import Reason
from services.intake.claims import MAX_BYTES, MAX_ORDERS, Claim
from services.intake.fields import MAX_MONEY_MINOR, Checks
from services.intake.reasons import IntakeReason
from services.intake.validate import MAX_CHANNEL, MAX_CHANNEL_SKU, MAX_SKU

if TYPE_CHECKING:
    from datetime import datetime

MAX_ITEMS = 500
MAX_PAYLOAD_BYTES = 1 << 20
MAX_MAPPINGS = 1000
MAX_COMMENT = 1000  # bytes
MAX_BATCH_ID = 64
MAX_WAIT_S = 30
DAY_S = 24 * 3600
FAR_S = 253_402_300_799  # the end of the year 9999


def check_count(field: str, count: int, most: int = MAX_ITEMS) -> None:
    """Refuse an empty or an overlong list."""
    if not count:
        raise Malformed(Reason.REQUIRED, field=field)
    if count > most:
        raise Malformed(Reason.TOO_MANY, f"{count} entries, at most {most}", field=field)


def check_request_id(request_id: str, *, required: bool = True, field: str = "request_id") -> None:
    """Refuse a request id that cannot be kept."""
    checks = Checks()
    checks.identifier(field, request_id, required=required)
    _raise(checks)


def check_payloads(request: intake_v1.SubmitPayloadsRequest) -> None:
    """Refuse what is wrong with a batch of payloads as a whole."""
    check_count("payloads", len(request.payloads))
    checks = Checks()
    checks.identifier("channel", request.channel, required=True, most=MAX_CHANNEL)
    checks.identifier("shop", request.shop)
    for position, payload in enumerate(request.payloads):
        path = f"payloads[{position}]"
        checks.identifier(f"{path}.request_id", payload.request_id)
        if len(payload.body) > MAX_PAYLOAD_BYTES:
            checks.add(
                f"{path}.body",
                IntakeReason.PAYLOAD_TOO_LARGE,
                f"{len(payload.body)} bytes, at most {MAX_PAYLOAD_BYTES}",
            )
    _raise(checks)


def check_get(request: intake_v1.GetOrderRequest) -> None:
    """Refuse a request that names no order."""
    checks = Checks()
    checks.identifier("order_number", request.order_number)
    checks.identifier("channel", request.channel, most=MAX_CHANNEL)
    checks.identifier("shop", request.shop)
    checks.identifier("external_order_id", request.external_order_id)
    if not request.order_number and not (request.channel and request.external_order_id):
        checks.add("order_number", Reason.REQUIRED, "give a number, or channel and external id")
    _raise(checks)


def check_command(request: Any) -> None:
    """Refuse a cancellation, payment or hold decision that is malformed."""
    checks = Checks()
    checks.identifier("request_id", request.request_id, required=True)
    name = "hold_id" if "hold_id" in request.DESCRIPTOR.fields_by_name else "order_number"
    checks.identifier(name, getattr(request, name), required=True)
    for comment in ("reason", "comment"):
        if comment in request.DESCRIPTOR.fields_by_name:
            text = getattr(request, comment)
            checks.text(comment, text, MAX_COMMENT)
            if "\x00" in text:
                checks.add(comment, Reason.MALFORMED, "control characters are not allowed")
    if isinstance(request, intake_v1.ReleaseHoldRequest):
        checks.enum("resolution", request.resolution, intake_v1.HoldResolution)
    _raise(checks)


def check_payment(request: intake_v1.RecordPaymentRequest, now: datetime) -> None:
    """Refuse a payment without an amount, or from the future."""
    check_command(request)
    checks = Checks()
    if not request.HasField("amount"):
        checks.add("amount", Reason.REQUIRED)
    else:
        checks.between("amount.amount_minor", request.amount.amount_minor, 1, MAX_MONEY_MINOR)
        if not request.amount.currency:
            checks.add("amount.currency", Reason.REQUIRED)
    if request.HasField("paid_at"):
        checks.instant("paid_at", request.paid_at, int(now.timestamp()) + DAY_S)
    _raise(checks)


def check_filters(request: Any) -> None:
    """Refuse filters that no row could match, or no database would take."""
    checks = Checks()
    for name in request.DESCRIPTOR.fields_by_name:
        value = getattr(request, name)
        if isinstance(value, str) and name != "page_token":
            checks.identifier(name, value, most=256)
        elif isinstance(value, Timestamp) and request.HasField(name):
            checks.instant(name, value, FAR_S)
    if isinstance(request, intake_v1.ListOrdersRequest):
        for position, state in enumerate(request.states):
            checks.enum(f"states[{position}]", state, record_v1.OrderState)
    if isinstance(request, intake_v1.ListHoldsRequest):
        checks.enum("state", request.state, record_v1.HoldState)
    _raise(checks)


def check_order_events(request: intake_v1.ListOrderEventsRequest) -> None:
    """Refuse a request that names no order."""
    checks = Checks()
    checks.identifier("order_number", request.order_number, required=True)
    _raise(checks)


def check_mappings(request: intake_v1.PutSkuMappingsRequest) -> None:
    """Refuse names that cannot be kept; all or none are stored."""
    check_count("mappings", len(request.mappings), MAX_MAPPINGS)
    checks = Checks()
    for position, mapping in enumerate(request.mappings):
        path = f"mappings[{position}]"
        checks.identifier(f"{path}.channel", mapping.channel, required=True, most=MAX_CHANNEL)
        checks.identifier(
            f"{path}.channel_sku", mapping.channel_sku, required=True, most=MAX_CHANNEL_SKU
        )
        checks.text(f"{path}.channel_sku", mapping.channel_sku, MAX_CHANNEL_SKU)
        checks.identifier(f"{path}.sku", mapping.sku, required=True, most=MAX_SKU)
    _raise(checks)


def claim_from_pb(request: intake_v1.ClaimOrdersRequest) -> tuple[Claim, float]:
    """Return what is asked for with its defaults, and how long to wait in seconds."""
    checks = Checks()
    checks.identifier("batch_id", request.batch_id, required=True, most=MAX_BATCH_ID)
    checks.between("max_orders", request.max_orders, 0, MAX_ORDERS)
    checks.between("max_bytes", request.max_bytes, 0, MAX_MONEY_MINOR)
    wait_s = request.wait.seconds + request.wait.nanos / 1e9
    if not 0 <= wait_s <= MAX_WAIT_S:
        checks.add("wait", Reason.OUT_OF_RANGE, f"0 to {MAX_WAIT_S} seconds")
    _raise(checks)
    claim = Claim(
        batch_id=request.batch_id,
        max_orders=request.max_orders or MAX_ORDERS,
        max_bytes=min(request.max_bytes or MAX_BYTES, MAX_BYTES),
    )
    return claim, wait_s


def check_batch(request: Any) -> None:
    """Refuse a batch id that cannot be one, and outcomes beyond a batch's size."""
    checks = Checks()
    checks.identifier("batch_id", request.batch_id, required=True, most=MAX_BATCH_ID)
    if isinstance(request, intake_v1.FinishBatchRequest):
        if len(request.outcomes) > MAX_ORDERS:
            checks.add("outcomes", Reason.TOO_MANY, f"at most {MAX_ORDERS}")
        for position, outcome in enumerate(request.outcomes):
            checks.identifier(
                f"outcomes[{position}].order_number", outcome.order_number, required=True
            )
            checks.identifier(f"outcomes[{position}].fault", outcome.fault)
    _raise(checks)


def _raise(checks: Checks) -> None:
    if checks.found:
        raise Malformed.several(checks.found)
