"""The scenario of the Olist marketplace: warehouses near its sellers, stock from its orders."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub_client.scenario import stock
from orderhub_client.scenario.fleet import Van, vans
from orderhub_client.scenario.geo import WeightedPlace, cluster, distance_m
from orderhub_client.scenario.model import Scenario, day_after_the_last, point, receipts_of
from orderhub_client.sources import olist as source
from orderhub_client.sources.text import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from orderhub_client.sources.tables import Row

CURRENCY = "BRL"
TIME_ZONE = "America/Sao_Paulo"
WAREHOUSES = 10
OWN_FLEET_RADIUS_M = 60_000
BASE_MINOR, PER_100_KM_MINOR, PER_KG_MINOR, SPLIT_MINOR = 800, 100, 150, 300
VAN = Van(count=6, fixed_cost_minor=18_000, cost_per_km_minor=120, cost_per_hour_minor=2_500)
SHORTAGE_MINOR = 10_000  # a lost sale costs at least so much a piece: buyers paid for freight
DEFAULT_WEIGHT_G, DEFAULT_VOLUME_ML = 500, 3_000  # where products.csv has none


class Seller(NamedTuple):
    """A seller who sold something."""

    lat: float
    lng: float
    city: str
    state: str
    items: int


def build(folder: Path, seed: int) -> Scenario:
    """Return the scenario of the folder's data; raise `SourceError` where it cannot be read."""
    wanted = Counter(
        (item["product_id"], item["seller_id"]) for item in source.rows(folder, "items")
    )
    sold = Counter(seller for (_, seller), n in wanted.items() for _ in range(n))
    sellers = _sellers(folder, sold)
    warehouses, nearest = _warehouses(sellers, seed)
    by_sku: dict[str, Counter[str]] = {}
    for (product, seller), quantity in wanted.items():
        by_sku.setdefault(product, Counter())[seller] += quantity
    details = {row["product_id"]: row for row in source.rows(folder, "products")}
    products = sorted(by_sku)
    return Scenario(
        source=source.CHANNEL,
        seed=seed,
        currency=CURRENCY,
        planning_day=day_after_the_last(
            row.get("order_purchase_timestamp", "") for row in source.rows(folder, "orders")
        ),
        warehouses=warehouses,
        vehicles=vans(warehouses, VAN),
        skus=tuple(_sku(product, details.get(product, {})) for product in products),
        receipts=receipts_of(
            (product, _stock(product, by_sku[product], nearest, seed)) for product in products
        ),
    )


def _sellers(folder: Path, sold: Counter[str]) -> dict[str, Seller]:
    found = {}
    for row in source.rows(folder, "sellers"):
        if sold[row["seller_id"]]:
            found[row["seller_id"]] = Seller(
                _degrees(folder, row, "lat", 90),
                _degrees(folder, row, "lng", 180),
                row.get("seller_city", ""),
                row.get("seller_state", ""),
                sold[row["seller_id"]],
            )
    if not found:
        name = source.FILES["sellers"][0]
        raise SourceError(folder / name, "no seller in it has sold anything in order_items.csv")
    return found


def _warehouses(
    sellers: dict[str, Seller], seed: int
) -> tuple[tuple[inventory_v1.Warehouse, ...], dict[str, list[str]]]:
    """Return warehouses, and for each seller their ids, the nearest first."""
    names = sorted(sellers)
    places = [WeightedPlace(sellers[n].lat, sellers[n].lng, sellers[n].items) for n in names]
    member = cluster(places, WAREHOUSES, random.Random(f"{seed}:warehouses"))
    sites: list[tuple[str, Seller]] = []
    for number in range(max(member) + 1):
        group = [sellers[n] for n, m in zip(names, member, strict=True) if m == number]
        sites.append((f"OL-{number + 1:02d}", _middle(group)))
    nearest = {
        name: [
            site_id
            for _, site_id in sorted(
                (distance_m((seller.lat, seller.lng), (site.lat, site.lng)), site_id)
                for site_id, site in sites
            )
        ]
        for name, seller in sellers.items()
    }
    return tuple(_warehouse(site_id, site) for site_id, site in sites), nearest


def _middle(group: list[Seller]) -> Seller:
    """Return the seller nearest to the middle of the group's items."""
    items = sum(seller.items for seller in group)
    middle = (
        math.fsum(s.lat * s.items for s in group) / items,
        math.fsum(s.lng * s.items for s in group) / items,
    )
    return min(group, key=lambda s: (distance_m(middle, (s.lat, s.lng)), s))


def _warehouse(warehouse_id: str, site: Seller) -> inventory_v1.Warehouse:
    return inventory_v1.Warehouse(
        warehouse_id=warehouse_id,
        name=f"{site.city.title()} {site.state}".strip() or warehouse_id,
        location=point(site.lat, site.lng),
        time_zone=TIME_ZONE,
        tariff=inventory_v1.ParcelTariff(
            currency=CURRENCY,
            base_minor=BASE_MINOR,
            per_100_km_minor=PER_100_KM_MINOR,
            per_kg_minor=PER_KG_MINOR,
        ),
        own_fleet_radius_m=OWN_FLEET_RADIUS_M,
        split_cost_minor=SPLIT_MINOR,
    )


def _stock(
    product: str, by_seller: Counter[str], nearest: dict[str, list[str]], seed: int
) -> dict[str, int]:
    """Return the pieces by warehouse; a seller the folder does not know ships from the first."""
    rng = random.Random(f"{seed}:stock:{product}")
    total = stock.pieces(by_seller.total(), rng)
    main = max(by_seller, key=lambda seller: (by_seller[seller], seller))
    ranked = nearest.get(main) or sorted(next(iter(nearest.values())))
    return stock.spread(total, ranked, rng)


def _sku(product: str, row: Row) -> inventory_v1.Sku:
    sides = [_number(row.get(f"product_{side}_cm", "")) for side in ("length", "height", "width")]
    return inventory_v1.Sku(
        sku=product,
        name=row.get("product_category_name", ""),
        weight_g=round(_number(row.get("product_weight_g", ""))) or DEFAULT_WEIGHT_G,
        volume_ml=round(math.prod(sides)) or DEFAULT_VOLUME_ML,
        shortage_cost_minor=SHORTAGE_MINOR,
    )


def _number(text: str) -> float:
    """Return a measure; 0 where there is none that makes sense."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 < value < 1e7 else 0.0


def _degrees(folder: Path, row: Row, column: str, limit: int) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not -limit <= value <= limit:
        name = source.FILES["sellers"][0]
        raise SourceError(
            folder / name, f"seller {row['seller_id']}: {column} {row[column]!r} is no coordinate"
        )
    return value
