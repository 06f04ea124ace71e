"""How many pieces come in, and where: seeded, and short of the demand now and then."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

COVER = 1.3  # pieces in stock for each piece wanted, on average
NOISE = 0.25  # sigma of the lognormal factor around it, mean 1
SHARES = (0.7, 0.2, 0.1)  # nearest warehouse to the seller, the next, the one after
SHARE_NOISE = 0.3
FEW = 64  # up to so many pieces each finds its own way


def pieces(demand: int, rng: random.Random) -> int:
    """Return the stock for a demand, `COVER` times as much on average.

    Rounded up or down at random, so that small demands keep the average too.
    """
    factor = rng.lognormvariate(-NOISE * NOISE / 2, NOISE)
    return math.floor(demand * COVER * factor + rng.random())


def spread(total: int, ranked: Sequence[str], rng: random.Random) -> dict[str, int]:
    """Return `total` pieces by warehouse.

    Parameters
    ----------
    ranked
        Warehouses, the one for the most pieces first; those beyond `SHARES` get none. At least
        one.
    """
    near = list(ranked[: len(SHARES)])
    shares = [s * rng.lognormvariate(0, SHARE_NOISE) for s in SHARES[: len(near)]]
    if total <= FEW:
        drawn = rng.choices(near, shares, k=total)
        return {warehouse: drawn.count(warehouse) for warehouse in near}
    exact = [total * share / sum(shares) for share in shares]
    whole = [math.floor(x) for x in exact]
    by_remainder = sorted(range(len(near)), key=lambda i: whole[i] - exact[i])
    for i in by_remainder[: total - sum(whole)]:
        whole[i] += 1
    return dict(zip(near, whole, strict=True))
