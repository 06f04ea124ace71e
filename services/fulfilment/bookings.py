"""Goods booked in and stock corrected, each once for its request id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from services._kit.database import RetryTransactionError
from services._kit.errors import FailedPrecondition, NotFound, Refusal, Violation
from services._kit.idempotency import Answered
from services.fulfilment import master_store
from services.fulfilment.checks import micros_of
from services.fulfilment.events import STOCK_ADJUSTED, STOCK_RECEIVED, new_event
from services.fulfilment.ledger import STOCK, BatchKey, rows_of
from services.fulfilment.levels import level_from
from services.fulfilment.reasons import Reason
from services.fulfilment.stock_checks import NO_BATCH
from services.fulfilment.store import STOCK_COLUMNS, outbox

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from services._kit.idempotency import Requests

_PIECES = sa.bindparam("pieces", type_=sa.BigInteger)
_ONE = STOCK.update().where(
    STOCK.c.sku == sa.bindparam("of_sku"),
    STOCK.c.warehouse_id == sa.bindparam("of_warehouse"),
    STOCK.c.batch == sa.bindparam("of_batch"),
)
_RECEIVE = _ONE.values(
    received=STOCK.c.received + _PIECES,
    available=STOCK.c.available + _PIECES,
    expires_us=sa.func.coalesce(sa.bindparam("expires", type_=sa.BigInteger), STOCK.c.expires_us),
    location=sa.case(
        (sa.bindparam("place", type_=sa.Text) != "", sa.bindparam("place", type_=sa.Text)),
        else_=STOCK.c.location,
    ),
)
_ADJUST = _ONE.values(
    adjusted=STOCK.c.adjusted + _PIECES,
    available=STOCK.c.available + _PIECES,
)


def receive(
    connection: Connection,
    requests: Requests,
    request: inventory_v1.ReceiveStockRequest,
    at: datetime,
    actor: str = "",
) -> inventory_v1.ReceiveStockResponse:
    """Book a checked request in, or repeat its answer.

    Raises
    ------
    NotFound
        Naming every receipt whose warehouse or SKU does not exist.
    FailedPrecondition
        Naming every receipt that gives a batch another date of expiry than it has.
    """
    body = requests.hash_of(request)
    known = requests.recall(connection, "ReceiveStock", request.request_id, body)
    if known is not None:
        return inventory_v1.ReceiveStockResponse.FromString(known)
    receipts = request.receipts
    master_store.require(
        connection,
        master_store.WAREHOUSES,
        [receipt.warehouse_id for receipt in receipts],
        lambda i: f"receipts[{i}].warehouse_id",
    )
    master_store.require(
        connection,
        master_store.SKUS,
        [receipt.sku for receipt in receipts],
        lambda i: f"receipts[{i}].sku",
    )
    _book(connection, receipts)
    response = inventory_v1.ReceiveStockResponse(
        receipts=len(receipts), quantity=sum(receipt.quantity for receipt in receipts)
    )
    event = new_event(
        STOCK_RECEIVED,
        f"receipt/{request.request_id}",
        at,
        actor=actor,
        receipts=response.receipts,
        quantity=response.quantity,
    )
    outbox.append(connection, [event])
    _remember(connection, requests, "ReceiveStock", request.request_id, body, response, at)
    return response


def adjust(
    connection: Connection,
    requests: Requests,
    request: inventory_v1.AdjustStockRequest,
    at: datetime,
    actor: str = "",
) -> inventory_v1.AdjustStockResponse:
    """Correct stock by a checked request, or repeat its answer.

    Raises
    ------
    NotFound
        Naming every correction of a level that does not exist.
    FailedPrecondition
        Naming every correction that would take more than is available, and the level.
    """
    body = requests.hash_of(request)
    known = requests.recall(connection, "AdjustStock", request.request_id, body)
    if known is not None:
        return inventory_v1.AdjustStockResponse.FromString(known)
    keys = [BatchKey(a.sku, a.warehouse_id, a.batch or NO_BATCH) for a in request.adjustments]
    rows = rows_of(connection, keys)
    available: dict[BatchKey, int] = {key: int(rows[key].available) for key in keys if key in rows}
    refusals: list[Refusal] = []
    for i, (key, adjustment) in enumerate(zip(keys, request.adjustments, strict=True)):
        if key not in rows:
            refusals.append(
                NotFound(
                    Reason.STOCK_LEVEL_UNKNOWN,
                    field=f"adjustments[{i}].batch",
                    warehouse_id=key.warehouse_id,
                    sku=key.sku,
                    batch=key.batch,
                )
            )
            continue
        available[key] += adjustment.delta
        if available[key] < 0:
            refusals.append(
                FailedPrecondition(
                    Reason.STOCK_BELOW_PROMISED,
                    field=f"adjustments[{i}].delta",
                    available=int(rows[key].available),
                    reserved=int(rows[key].reserved),
                    fewer=-adjustment.delta,
                    warehouse_id=key.warehouse_id,
                    sku=key.sku,
                    batch=key.batch,
                )
            )
    _refuse(refusals)
    connection.execute(
        _ADJUST,
        [
            {
                "of_sku": key.sku,
                "of_warehouse": key.warehouse_id,
                "of_batch": key.batch,
                "pieces": adjustment.delta,
            }
            for key, adjustment in zip(keys, request.adjustments, strict=True)
        ],
    )
    after = rows_of(connection, keys)
    response = inventory_v1.AdjustStockResponse(
        levels=[level_from(after[key]) for key in sorted(set(keys), key=_listed)]
    )
    event = new_event(
        STOCK_ADJUSTED,
        f"adjustment/{request.request_id}",
        at,
        actor=actor,
        adjustments=len(keys),
        delta=sum(adjustment.delta for adjustment in request.adjustments),
        reasons=",".join(sorted({a.reason for a in request.adjustments}))[:1000],
    )
    outbox.append(connection, [event])
    _remember(connection, requests, "AdjustStock", request.request_id, body, response, at)
    return response


def _book(connection: Connection, receipts: Any) -> None:
    keys = [BatchKey(r.sku, r.warehouse_id, r.batch or NO_BATCH) for r in receipts]
    rows = rows_of(connection, keys)
    expiry: dict[BatchKey, int | None] = {key: row.expires_us for key, row in rows.items()}
    differing = []
    for i, (key, receipt) in enumerate(zip(keys, receipts, strict=True)):
        given = micros_of(receipt.expires_at) if receipt.HasField("expires_at") else None
        stored = expiry.setdefault(key, given)
        if given is not None and given != stored:
            differing.append((i, key))
    if differing:
        reason = Reason.BATCH_EXPIRY_DIFFERS
        violations = [
            Violation(f"receipts[{i}].expires_at", reason, f"batch {key.batch} of {key.sku}")
            for i, key in differing
        ]
        raise FailedPrecondition(reason, violations=violations, batch=differing[0][1].batch)
    fresh = sorted(set(keys) - set(rows))
    zeros = dict.fromkeys(STOCK_COLUMNS, 0)
    if fresh:
        values = [
            {**key._asdict(), **zeros, "expires_us": expiry[key], "location": ""} for key in fresh
        ]
        try:
            connection.execute(STOCK.insert(), values)
        except IntegrityError as error:
            raise RetryTransactionError("a batch was booked in meanwhile") from error
    connection.execute(
        _RECEIVE,
        [
            {
                "of_sku": key.sku,
                "of_warehouse": key.warehouse_id,
                "of_batch": key.batch,
                "pieces": receipt.quantity,
                "expires": expiry[key],
                "place": receipt.location,
            }
            for key, receipt in zip(keys, receipts, strict=True)
        ],
    )


def _refuse(refusals: list[Refusal]) -> None:
    """Raise the first refusal with every violation of its kind."""
    if refusals:
        first = refusals[0]
        others = [r for r in refusals[1:] if type(r) is type(first)]
        first.violations += tuple(v for other in others for v in other.violations)
        raise first


def _remember(
    connection: Connection,
    requests: Requests,
    method: str,
    request_id: str,
    body: bytes,
    response: inventory_v1.ReceiveStockResponse | inventory_v1.AdjustStockResponse,
    at: datetime,
) -> None:
    answer = Answered(body, response.SerializeToString(deterministic=True))
    requests.remember(connection, method, {request_id: answer}, at)


def _listed(key: BatchKey) -> tuple[str, str, str]:
    return key.warehouse_id, key.sku, key.batch
