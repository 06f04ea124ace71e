"""What the demo's merchant sells: 400 pieces of furniture and household goods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

SKUS = 400
ZIPF = 0.9
MEDIAN_YUAN, SIGMA = 168, 0.9
CUSTOM_MEDIAN_YUAN, CUSTOM_SIGMA = 4_200, 0.6
CUSTOM_SHARE = 0.02
KINDS = ("台灯", "抱枕", "餐椅", "书架", "床品四件套", "地毯", "收纳箱", "挂钟", "茶几", "窗帘")


@dataclass(frozen=True, slots=True)
class Good:
    """A SKU with its price in fen and its share of the lines."""

    sku: str
    name: str
    price_minor: int
    weight_g: int
    volume_ml: int
    share: float
    custom: bool


def catalogue(rng: random.Random) -> list[Good]:
    """Return the goods, best sellers first."""
    goods = []
    for rank in range(SKUS):
        custom = rng.random() < CUSTOM_SHARE
        median, sigma = (CUSTOM_MEDIAN_YUAN, CUSTOM_SIGMA) if custom else (MEDIAN_YUAN, SIGMA)
        yuan = rng.lognormvariate(math.log(median), sigma)
        kind = rng.choice(KINDS)
        weight_g = round(min(60_000, max(200, 1_200 * math.sqrt(yuan / MEDIAN_YUAN))))
        goods.append(
            Good(
                sku=f"HM-{rank + 1:04d}",
                name=f"{'定制' if custom else ''}{kind}{rank + 1:03d}款",
                price_minor=max(990, round(yuan) * 100),
                weight_g=weight_g,
                volume_ml=weight_g * 6,
                share=1 / (rank + 1) ** ZIPF,
                custom=custom,
            )
        )
    return goods
