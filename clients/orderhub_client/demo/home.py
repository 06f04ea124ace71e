"""Business H: three warehouses, their vans, and stock for one day."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub_client.demo.day import DAY, FLASH_SKUS
from orderhub_client.scenario.fleet import Van, vans
from orderhub_client.scenario.model import Scenario, point, receipts_of

if TYPE_CHECKING:
    from orderhub_client.demo.day import PlayedDay

CHANNEL = "generic_json"
# Name, latitude, longitude, share of the stock, own fleet's radius in metres.
WAREHOUSES = (
    ("SH-FRONT", "上海前置仓", 31.3747, 121.2653, 0.40, 60_000),
    ("GZ-FRONT", "广州前置仓", 23.1800, 113.4500, 0.25, 60_000),
    ("WH-CENTRAL", "武汉中心仓", 30.5050, 114.4200, 0.35, 40_000),
)
COVER, COVER_SIGMA = 1.3, 0.25  # stock over expected demand
FLASH_COVER = 0.8  # the flash sells more than was bought in: somebody must go without


def scenario(day: PlayedDay, seed: int) -> Scenario:
    """Return the warehouses, vans, goods and stock that the day's orders meet."""
    rng = random.Random(f"home:{seed}")
    warehouses = tuple(
        inventory_v1.Warehouse(
            warehouse_id=warehouse_id,
            name=name,
            location=point(lat, lng),
            time_zone="Asia/Shanghai",
            tariff=inventory_v1.ParcelTariff(
                currency="CNY", base_minor=450, per_100_km_minor=40, per_kg_minor=120
            ),
            own_fleet_radius_m=radius_m,
            split_cost_minor=300,
        )
        for warehouse_id, name, lat, lng, _, radius_m in WAREHOUSES
    )
    van = Van(count=6, fixed_cost_minor=20_000, cost_per_km_minor=150, cost_per_hour_minor=4_000)
    return Scenario(
        source=CHANNEL,
        seed=seed,
        currency="CNY",
        planning_day=DAY.date().isoformat(),
        warehouses=warehouses,
        vehicles=vans(warehouses, van),
        skus=tuple(
            inventory_v1.Sku(
                sku=good.sku, name=good.name, weight_g=good.weight_g, volume_ml=good.volume_ml
            )
            for good in day.goods
        ),
        receipts=receipts_of(_stock(day, rng)),
    )


def _stock(day: PlayedDay, rng: random.Random) -> list[tuple[str, dict[str, int]]]:
    wanted: Counter[str] = Counter()
    seen: set[str] = set()
    for sent in day.sent:
        if sent.payload["external_order_id"] not in seen:
            seen.add(sent.payload["external_order_id"])
            for item in sent.payload["lines"]:
                wanted[item["sku"]] += item["quantity"]
    stock = []
    for rank, good in enumerate(day.goods):
        cover = FLASH_COVER if rank < FLASH_SKUS else max(0.3, rng.gauss(COVER, COVER_SIGMA))
        pieces = round(wanted[good.sku] * cover) + (rank >= FLASH_SKUS)
        by_warehouse = {w[0]: int(pieces * w[4]) for w in WAREHOUSES}
        by_warehouse[WAREHOUSES[-1][0]] += pieces - sum(by_warehouse.values())
        stock.append((good.sku, by_warehouse))
    return stock
