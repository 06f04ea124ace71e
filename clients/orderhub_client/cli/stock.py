"""`orderhub stock`: what is where, and booking goods in."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.failures import UsageFault
from orderhub_client.cli.values import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

app = typer.Typer(no_args_is_help=True, help="What is where, and booking goods in.")
PER_CALL = 5_000
LEVEL_COLUMNS = (
    "warehouse",
    "sku",
    "batch",
    ">received",
    ">adjusted",
    ">shipped",
    ">reserved",
    ">frozen",
    ">available",
    "expires",
)
RequestId = Annotated[
    str, typer.Option("--request-id", help="The booking's own id: booked once however often.")
]


@command(app, "show", examples=["stock show", "stock show --sku 84029G --warehouse UK-01 --json"])
def show(
    desk: Desk,
    sku: Annotated[list[str], typer.Option("--sku", help="Only of these SKUs.")] = [],  # noqa: B006 - typer's way
    warehouse: Annotated[
        list[str], typer.Option("--warehouse", help="Only in these warehouses.")
    ] = [],  # noqa: B006 - typer's way
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")] = 50,
) -> None:
    """Show the stock ledger and its totals."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
    from orderhub_client.cli import output
    from orderhub_client.plain import plain

    request = inventory_v1.GetAvailabilityRequest(skus=sku, warehouse_ids=warehouse)
    levels = list(desk.hub.pages(desk.hub.inventory.GetAvailability, request, "levels", limit))
    first = inventory_v1.GetAvailabilityRequest(skus=sku, warehouse_ids=warehouse, page_size=1)
    totals = desk.hub.call(desk.hub.inventory.GetAvailability, first).totals
    if desk.as_json:
        output.print_json({"levels": [plain(level) for level in levels], "totals": plain(totals)})
        return
    output.print_table(LEVEL_COLUMNS, map(_level_row, levels), "There is no such stock.")
    output.print_line(
        f"Altogether {totals.available} available, {totals.reserved} reserved, "
        f"{totals.frozen} frozen, {totals.shipped} shipped of {totals.received} received "
        f"and {totals.adjusted:+d} adjusted.",
        "dim",
    )


@command(
    app,
    "receive",
    examples=["stock receive UK-01 84029G 120", "stock receive --file delivery.csv"],
)
def receive(
    desk: Desk,
    warehouse: Annotated[str, typer.Argument(help="Where.", show_default=False)] = "",
    sku: Annotated[str, typer.Argument(help="What.", show_default=False)] = "",
    quantity: Annotated[int, typer.Argument(help="Pieces.", show_default=False)] = 0,
    batch: Annotated[str, typer.Option("--batch", help="The batch.")] = "",
    expires: Annotated[str, typer.Option("--expires", help="Its last day, YYYY-MM-DD.")] = "",
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", help="CSV with warehouse_id, sku, quantity and maybe batch, expires_at."
        ),
    ] = None,
    request_id: RequestId = "",
) -> None:
    """Book goods in; a file is booked once, however often it is given."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
    from orderhub_client.cli import output
    from orderhub_client.client import new_request_id

    if file is not None:
        receipts = list(_receipts_in(file))
        request_id = request_id or f"file:{hashlib.sha256(file.read_bytes()).hexdigest()[:40]}"
    elif warehouse and sku and quantity:
        receipts = [_receipt(warehouse, sku, quantity, batch, expires)]
        request_id = request_id or new_request_id()
    else:
        raise UsageFault("Give WAREHOUSE SKU QUANTITY, or --file FILE.")
    booked = pieces = 0
    for begin in range(0, len(receipts), PER_CALL):
        part = receipts[begin : begin + PER_CALL]
        number = f":{begin // PER_CALL + 1}" if len(receipts) > PER_CALL else ""
        request = inventory_v1.ReceiveStockRequest(
            request_id=f"{request_id}{number}", receipts=part
        )
        reply = desk.hub.call(desk.hub.inventory.ReceiveStock, request)
        booked += reply.receipts
        pieces += reply.quantity
    if desk.as_json:
        output.print_json({"request_id": request_id, "receipts": booked, "quantity": pieces})
    else:
        output.print_line(f"{pieces} pieces in {booked} receipts are booked in.")


@command(app, "adjust", examples=["stock adjust UK-01 84029G --delta -3 --reason damage"])
def adjust(
    desk: Desk,
    warehouse: Annotated[str, typer.Argument(help="Where.")],
    sku: Annotated[str, typer.Argument(help="What.")],
    delta: Annotated[int, typer.Option("--delta", help="Pieces more, or fewer with a minus.")],
    reason: Annotated[str, typer.Option("--reason", help="stocktake, damage, found, …")],
    batch: Annotated[str, typer.Option("--batch", help="The batch.")] = "",
    request_id: RequestId = "",
) -> None:
    """Correct stock by a difference."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
    from orderhub_client.client import new_request_id

    request = inventory_v1.AdjustStockRequest(
        request_id=request_id or new_request_id(),
        adjustments=[
            inventory_v1.StockAdjustment(
                warehouse_id=warehouse, sku=sku, batch=batch, delta=delta, reason=reason
            )
        ],
    )
    reply = desk.hub.call(desk.hub.inventory.AdjustStock, request)
    desk.show(list(reply.levels), LEVEL_COLUMNS, _level_row, "Nothing was corrected.")


def _level_row(level: inventory_v1.StockLevel) -> tuple[object, ...]:
    return (
        level.warehouse_id,
        level.sku,
        level.batch,
        level.received,
        level.adjusted,
        level.shipped,
        level.reserved,
        level.frozen,
        level.available,
        moment(level.expires_at, level, "expires_at"),
    )


def _receipt(
    warehouse: str, sku: str, quantity: int, batch: str, expires: str
) -> inventory_v1.StockReceipt:
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

    receipt = inventory_v1.StockReceipt(
        warehouse_id=warehouse, sku=sku, quantity=quantity, batch=batch
    )
    if expires:
        try:
            last_day = datetime.fromisoformat(expires)
        except ValueError:
            raise UsageFault(f"{expires!r} is no date; write YYYY-MM-DD.") from None
        receipt.expires_at.FromDatetime(last_day.replace(tzinfo=last_day.tzinfo or UTC))
    return receipt


def _receipts_in(file: Path) -> Iterator[inventory_v1.StockReceipt]:
    from orderhub_client.sources.tables import read_rows
    from orderhub_client.sources.text import SourceError

    for line, row in read_rows(file, ("warehouse_id", "sku", "quantity")):
        try:
            quantity = int(row["quantity"])
        except ValueError:
            raise SourceError(file, f"quantity {row['quantity']!r} is no number", line) from None
        yield _receipt(
            row["warehouse_id"],
            row["sku"],
            quantity,
            row.get("batch", ""),
            row.get("expires_at", ""),
        )
