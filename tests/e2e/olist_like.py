"""An invented marketplace in the shape of the Olist files, for tests; nothing is copied."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CITIES = [
    ("sao paulo", "SP", -23.55, -46.63),
    ("campinas", "SP", -22.91, -47.06),
    ("rio de janeiro", "RJ", -22.91, -43.17),
    ("belo horizonte", "MG", -19.92, -43.94),
    ("curitiba", "PR", -25.43, -49.27),
]
START = datetime(2017, 3, 1, 8)  # noqa: DTZ001 - the files hold local times without a zone


def write(folder: Path, orders: int = 300, seed: int = 7) -> Path:
    """Write `orders` orders of 60 products from 12 sellers into `folder`; return it."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)

    def identity() -> str:
        return f"{rng.getrandbits(128):032x}"

    sellers = []
    for _ in range(12):
        city, state, lat, lng = rng.choice(CITIES)
        spot = (round(lat + rng.gauss(0, 0.2), 4), round(lng + rng.gauss(0, 0.2), 4))
        sellers.append((identity(), rng.randint(1000, 99999), city, state, *spot))
    products = [
        (
            identity(),
            "casa",
            40.0,
            200.0,
            1.0,
            float(rng.choice([200, 450, 900, 2500])),
            *(float(rng.randint(10, 40)) for _ in range(3)),
        )
        for _ in range(60)
    ]
    offers = [
        (p[0], rng.choice(sellers)[0], round(rng.lognormvariate(4, 0.7), 2)) for p in products
    ]

    order_rows, item_rows, payment_rows, customer_rows = [], [], [], []
    for k in range(orders):
        order, customer = identity(), identity()
        city, state, lat, lng = rng.choice(CITIES)
        spot = (round(lat + rng.gauss(0, 0.3), 4), round(lng + rng.gauss(0, 0.3), 4))
        customer_rows.append(
            (customer, identity(), rng.randint(1000, 99999), city, state, *spot, 1)
        )
        placed = START + timedelta(minutes=3 * k)
        later = [placed + timedelta(days=d) for d in (0, 2, 7, 15)]
        status = rng.choices(["delivered", "shipped", "canceled"], [95, 4, 1])[0]
        order_rows.append((order, customer, status, *(str(t) for t in (placed, *later))))
        total = 0.0
        for number in range(1, rng.choices([1, 2, 3], [85, 12, 3])[0] + 1):
            product, seller, price = rng.choice(offers)
            freight = round(rng.uniform(8, 30), 2)
            total += price + freight
            item_rows.append((order, number, product, seller, str(later[1]), price, freight))
        payment_rows.append((order, 1, "credit_card", 1, round(total, 2)))

    tables: dict[str, tuple[list[str], list[tuple[object, ...]]]] = {
        "orders.csv": (
            [
                "order_id",
                "customer_id",
                "order_status",
                "order_purchase_timestamp",
                "order_approved_at",
                "order_delivered_carrier_date",
                "order_delivered_customer_date",
                "order_estimated_delivery_date",
            ],
            order_rows,
        ),
        "order_items.csv": (
            [
                "order_id",
                "order_item_id",
                "product_id",
                "seller_id",
                "shipping_limit_date",
                "price",
                "freight_value",
            ],
            item_rows,
        ),
        "payments.csv": (
            [
                "order_id",
                "payment_sequential",
                "payment_type",
                "payment_installments",
                "payment_value",
            ],
            payment_rows,
        ),
        "customers_geo.csv": (
            [
                "customer_id",
                "customer_unique_id",
                "customer_zip_code_prefix",
                "customer_city",
                "customer_state",
                "lat",
                "lng",
                "geo_exact",
            ],
            customer_rows,
        ),
        "products.csv": (
            [
                "product_id",
                "product_category_name",
                "product_name_lenght",
                "product_description_lenght",
                "product_photos_qty",
                "product_weight_g",
                "product_length_cm",
                "product_height_cm",
                "product_width_cm",
            ],
            list(products),
        ),
        "sellers_geo.csv": (
            ["seller_id", "seller_zip_code_prefix", "seller_city", "seller_state", "lat", "lng"],
            list(sellers),
        ),
        "category_translation.csv": (
            ["product_category_name", "product_category_name_english"],
            [("casa", "home")],
        ),
    }
    for name, (header, rows) in tables.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
    return folder
