"""Putting a scenario into the hub; doing it again changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orderhub_client.client import OrderHub
    from orderhub_client.scenario.model import Scenario

MASTER_DATA = 500
WAREHOUSES = 200
RECEIPTS = 5_000

Entry = TypeVar("Entry")


def put_scenario(hub: OrderHub, scenario: Scenario, *, patience_s: float) -> None:
    """Put master data, then book the stock in.

    A receipt's request id is made of the scenario's stock, so that the same stock is booked once,
    whoever puts it and how often.
    """
    inventory = hub.inventory
    for skus in _parts(scenario.skus, MASTER_DATA):
        hub.call(inventory.PutSkus, inventory_v1.PutSkusRequest(skus=skus), patience_s=patience_s)
    for warehouses in _parts(scenario.warehouses, WAREHOUSES):
        hub.call(
            inventory.PutWarehouses,
            inventory_v1.PutWarehousesRequest(warehouses=warehouses),
            patience_s=patience_s,
        )
    for vehicles in _parts(scenario.vehicles, MASTER_DATA):
        hub.call(
            inventory.PutVehicles,
            inventory_v1.PutVehiclesRequest(vehicles=vehicles),
            patience_s=patience_s,
        )
    digest = scenario.stock_digest()
    for number, receipts in enumerate(_parts(scenario.receipts, RECEIPTS), start=1):
        hub.call(
            inventory.ReceiveStock,
            inventory_v1.ReceiveStockRequest(
                request_id=f"scenario:{scenario.source}:{digest}:{number}", receipts=receipts
            ),
            patience_s=patience_s,
        )


def _parts(entries: Sequence[Entry], size: int) -> Iterator[Sequence[Entry]]:
    for begin in range(0, len(entries), size):
        yield entries[begin : begin + size]
