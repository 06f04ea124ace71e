"""The scenario of Online Retail: a British wholesaler of gifts with four warehouses."""

from __future__ import annotations

import math
import random
import statistics
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub_client.scenario import stock
from orderhub_client.scenario.fleet import Van, vans
from orderhub_client.scenario.model import Scenario, day_after_the_last, point, receipts_of
from orderhub_client.scenario.places import COUNTRIES, TOWNS
from orderhub_client.sources import online_retail as source
from orderhub_client.sources.online_retail import Place
from orderhub_client.sources.tables import read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from orderhub_client.sources.online_retail import Locate
    from orderhub_client.sources.tables import Row

CURRENCY = "GBP"
TIME_ZONE = "Europe/London"
SITES = {
    "UK-01": ("London Park Royal", 51.53, -0.27),
    "UK-02": ("Birmingham", 52.50, -1.83),
    "UK-03": ("Manchester", 53.47, -2.33),
    "UK-04": ("Glasgow", 55.86, -4.16),
}
SITE_WEIGHTS = (40, 25, 25, 10)  # how often a SKU is at home there
OWN_FLEET_RADIUS_M = 40_000
BASE_MINOR, PER_100_KM_MINOR, PER_KG_MINOR, SPLIT_MINOR = 320, 40, 60, 100
SHORTAGE_MINOR = 300  # a lost sale costs at least so much a piece
VAN = Van(
    count=8,
    fixed_cost_minor=12_000,
    cost_per_km_minor=60,
    cost_per_hour_minor=1_400,
    capacity_g=1_500_000,
    capacity_ml=12_000_000,
)
NOT_GOODS = frozenset(
    {"POST", "DOT", "M", "D", "C2", "S", "B", "CRUK", "AMAZONFEE", "BANK CHARGES"}
)
WEIGHT_CLASSES = (  # median price in pence below it; lightest and heaviest in grams
    (100, 30, 200),
    (300, 100, 600),
    (1_000, 300, 2_000),
    (math.inf, 1_000, 6_000),
)
ML_PER_G = (2, 6)
TOWN_SIGMA_DEG = 0.08  # about 9 km north to south
HOME = "United Kingdom"


def build(path: Path, seed: int) -> Scenario:
    """Return the scenario of the file's data; raise `SourceError` where it cannot be read."""
    demand: dict[str, int] = {}
    prices: dict[str, list[int]] = {}
    days = set()
    for _, row in read_rows(path, source.COLUMNS):
        days.add(_iso_day(row["InvoiceDate"]))
        sku = sku_of(row["StockCode"])
        if sku in NOT_GOODS or not sku:
            continue
        prices.setdefault(sku, []).append(_pence(row["UnitPrice"]))
        quantity = _pieces(row["Quantity"])
        if quantity > 0 and not row["InvoiceNo"].startswith("C"):
            demand[sku] = demand.get(sku, 0) + quantity
    warehouses = tuple(_warehouse(*site) for site in SITES.items())
    skus = sorted(prices)
    return Scenario(
        source=source.CHANNEL,
        seed=seed,
        currency=CURRENCY,
        planning_day=day_after_the_last(days),
        warehouses=warehouses,
        vehicles=vans(warehouses, VAN),
        skus=tuple(_sku(sku, prices[sku], seed) for sku in skus),
        receipts=receipts_of((sku, _stock(sku, demand.get(sku, 0), seed)) for sku in skus),
    )


def sku_of(stock_code: str) -> str:
    """Return the hub's SKU for a stock code: letters differ in case within the file."""
    return stock_code.strip().upper()


def locator(seed: int) -> Locate:
    """Return what says where customers are: around towns at home, else the country's middle."""

    def locate(row: Row) -> Place | None:
        if row["Country"] == HOME:
            return _home_place(row["CustomerID"] or row["InvoiceNo"], seed)
        middle = COUNTRIES.get(row["Country"])
        return Place(*middle, "district") if middle else None

    return locate


def _home_place(customer: str, seed: int) -> Place:
    rng = random.Random(f"{seed}:customer:{customer}")
    town = rng.choices(TOWNS, [t.people_k for t in TOWNS])[0]
    squeeze = math.cos(math.radians(town.lat))
    lat = rng.gauss(town.lat, TOWN_SIGMA_DEG)
    lng = rng.gauss(town.lng, TOWN_SIGMA_DEG / squeeze)
    return Place(round(lat, 5), round(lng, 5), "street")


def _warehouse(warehouse_id: str, site: tuple[str, float, float]) -> inventory_v1.Warehouse:
    name, lat, lng = site
    return inventory_v1.Warehouse(
        warehouse_id=warehouse_id,
        name=name,
        location=point(lat, lng),
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


def _sku(sku: str, prices: list[int], seed: int) -> inventory_v1.Sku:
    rng = random.Random(f"{seed}:sku:{sku}")
    price = statistics.median(prices)
    _, lightest, heaviest = next(c for c in WEIGHT_CLASSES if price < c[0])
    weight_g = rng.randint(lightest, heaviest)
    return inventory_v1.Sku(
        sku=sku,
        weight_g=weight_g,
        volume_ml=weight_g * rng.randint(*ML_PER_G),
        shortage_cost_minor=SHORTAGE_MINOR,
    )


def _stock(sku: str, demand: int, seed: int) -> dict[str, int]:
    rng = random.Random(f"{seed}:stock:{sku}")
    total = stock.pieces(demand, rng)
    home = rng.choices(list(SITES), SITE_WEIGHTS)[0]
    others = [site for site in SITES if site != home]
    rng.shuffle(others)
    return stock.spread(total, [home, *others], rng)


def _pence(text: str) -> int:
    try:
        return round(Decimal(text) * 100)
    except (InvalidOperation, ValueError, OverflowError):
        return 0


def _pieces(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _iso_day(text: str) -> str:
    return text[:10]
