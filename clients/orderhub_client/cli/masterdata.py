"""`orderhub skus`, `warehouses` and `vehicles`: what the hub plans with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderhub_client.cli import output
from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.failures import UsageFault
from orderhub_client.cli.values import clock, kilometres, money, named

if TYPE_CHECKING:
    from google.protobuf.message import Message

skus = typer.Typer(no_args_is_help=True, help="Things that can be stocked.")
warehouses = typer.Typer(no_args_is_help=True, help="Places that store and ship.")
vehicles = typer.Typer(no_args_is_help=True, help="Own vehicles by warehouse.")
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many.")]
JsonFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="JSON array; fields as `list --json` names them.")
]


@command(skus, "list", examples=["skus list --limit 20", "skus list --json"])
def list_skus(desk: Desk, limit: Limit = 50) -> None:
    """List SKUs by code."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

    request = inventory_v1.ListSkusRequest()
    desk.show(
        list(desk.hub.pages(desk.hub.inventory.ListSkus, request, "skus", limit)),
        ["sku", "name", ">weight", ">volume", "temperature"],
        lambda s: (
            s.sku,
            s.name,
            f"{s.weight_g} g",
            f"{s.volume_ml} ml",
            named(inventory_v1.TemperatureZone, s.temperature),
        ),
        "There are no SKUs.",
    )


@command(warehouses, "list", examples=["warehouses list", "warehouses list --json"])
def list_warehouses(desk: Desk, limit: Limit = 50) -> None:
    """List warehouses by id."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

    request = inventory_v1.ListWarehousesRequest()
    desk.show(
        list(desk.hub.pages(desk.hub.inventory.ListWarehouses, request, "warehouses", limit)),
        ["id", "name", "where", ">parcel", ">+100 km", ">+kg", ">own fleet", "zone"],
        lambda w: (
            w.warehouse_id,
            w.name + (" (closed)" if w.closed else ""),
            f"{w.location.lat_e7 / 1e7:.4f}, {w.location.lng_e7 / 1e7:.4f}",
            money(w.tariff.base_minor, w.tariff.currency),
            money(w.tariff.per_100_km_minor, ""),
            money(w.tariff.per_kg_minor, ""),
            kilometres(w.own_fleet_radius_m) if w.own_fleet_radius_m else "none",
            w.time_zone,
        ),
        "There are no warehouses.",
    )


@command(vehicles, "list", examples=["vehicles list --warehouse UK-01"])
def list_vehicles(
    desk: Desk,
    warehouse: Annotated[str, typer.Option("--warehouse", help="Only of this one.")] = "",
    limit: Limit = 50,
) -> None:
    """List kinds of vehicles by id."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

    request = inventory_v1.ListVehiclesRequest(warehouse_id=warehouse)
    desk.show(
        list(desk.hub.pages(desk.hub.inventory.ListVehicles, request, "vehicles", limit)),
        ["id", "warehouse", ">count", ">load", ">room", "shift", ">a day", ">a km", ">an hour"],
        lambda v: (
            v.vehicle_id,
            v.warehouse_id,
            v.count,
            f"{v.capacity_g / 1000:.0f} kg",
            f"{v.capacity_ml / 1000:.0f} l" if v.capacity_ml else "any",
            f"{clock(v.shift_start_s)}-{clock(v.shift_end_s or 86_400)}",
            money(v.fixed_cost_minor, ""),
            money(v.cost_per_km_minor, ""),
            money(v.cost_per_hour_minor, ""),
        ),
        "There are no vehicles.",
    )


@command(skus, "put", examples=["skus put skus.json"])
def put_skus(desk: Desk, file: JsonFile) -> None:
    """Create or replace SKUs from a file."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

    entries = messages_in(file, inventory_v1.Sku)
    for part in parts(entries, 1_000):
        desk.hub.call(desk.hub.inventory.PutSkus, inventory_v1.PutSkusRequest(skus=part))
    _stored(desk, len(entries))


@command(warehouses, "put", examples=["warehouses put warehouses.json"])
def put_warehouses(desk: Desk, file: JsonFile) -> None:
    """Create or replace warehouses from a file."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

    entries = messages_in(file, inventory_v1.Warehouse)
    for part in parts(entries, 200):
        request = inventory_v1.PutWarehousesRequest(warehouses=part)
        desk.hub.call(desk.hub.inventory.PutWarehouses, request)
    _stored(desk, len(entries))


@command(vehicles, "put", examples=["vehicles put vehicles.json"])
def put_vehicles(desk: Desk, file: JsonFile) -> None:
    """Create or replace kinds of vehicles from a file."""
    from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1

    entries = messages_in(file, inventory_v1.Vehicle)
    for part in parts(entries, 500):
        request = inventory_v1.PutVehiclesRequest(vehicles=part)
        desk.hub.call(desk.hub.inventory.PutVehicles, request)
    _stored(desk, len(entries))


@command(skus, "names", examples=["skus names --channel online_retail"])
def names(
    desk: Desk,
    channel: Annotated[str, typer.Option("--channel", help="Only of this channel.")] = "",
    limit: Limit = 50,
) -> None:
    """List what channels call SKUs."""
    from orderhub.intake.v1 import intake_pb2 as intake_v1

    request = intake_v1.ListSkuMappingsRequest(channel=channel)
    desk.show(
        list(desk.hub.pages(desk.hub.intake.ListSkuMappings, request, "mappings", limit)),
        ["channel", "name there", "sku"],
        lambda m: (m.channel, m.channel_sku, m.sku),
        "There are no names.",
    )


@command(skus, "name", examples=["skus name my_shop SOFA-3-GREY H-1007"])
def name(
    desk: Desk,
    channel: Annotated[str, typer.Argument(help="The channel.")],
    channel_sku: Annotated[str, typer.Argument(help="What it calls the SKU.")],
    sku: Annotated[str, typer.Argument(help="The hub's SKU.")],
) -> None:
    """Say what a channel calls a SKU; orders with unknown names are quarantined."""
    from orderhub.intake.v1 import intake_pb2 as intake_v1

    mapping = intake_v1.SkuMapping(channel=channel, channel_sku=channel_sku, sku=sku)
    request = intake_v1.PutSkuMappingsRequest(mappings=[mapping])
    desk.hub.call(desk.hub.intake.PutSkuMappings, request)
    _stored(desk, 1)


def messages_in(file: Path, kind: type[Any]) -> list[Any]:
    """Return the messages of a JSON array in `file`.

    Raises
    ------
    SourceError, UsageFault
        When it is no JSON, or an entry does not fit, naming which.
    """
    from google.protobuf import json_format

    from orderhub_client.plain import wire
    from orderhub_client.sources.text import SourceError, utf8_text

    try:
        given = json.loads(utf8_text(file))
    except json.JSONDecodeError as error:
        raise SourceError(file, f"not JSON: {error.msg}", error.lineno) from None
    entries = given if isinstance(given, list) else [given]
    found: list[Message] = []
    for number, entry in enumerate(entries, start=1):
        try:
            message = kind()
            found.append(json_format.ParseDict(wire(entry, message.DESCRIPTOR), message))
        except (json_format.ParseError, AttributeError, TypeError, ValueError) as error:
            raise UsageFault(f"{file}: entry {number}: {error}") from None
    return found


def parts(entries: list[Any], size: int) -> list[list[Any]]:
    """Return `entries` cut into parts of at most `size`."""
    return [entries[begin : begin + size] for begin in range(0, len(entries), size)]


def _stored(desk: Desk, count: int) -> None:
    if desk.as_json:
        output.print_json({"stored": count})
    else:
        output.print_line(f"{count} stored.")
