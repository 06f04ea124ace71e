"""Great circles, and weighted places brought together around few centres."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

EARTH_RADIUS_M = 6_371_008.8
MAX_ROUNDS = 100


class WeightedPlace(NamedTuple):
    """A place in degrees and how much it counts."""

    lat: float
    lng: float
    weight: float


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance of two (lat, lng) in degrees."""
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    half_lat = (lat_b - lat_a) / 2
    half_lng = math.radians(b[1] - a[1]) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lng) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def cluster(places: Sequence[WeightedPlace], k: int, rng: random.Random) -> list[int]:
    """Return for each place the number of its cluster, 0 to at most k - 1.

    Lloyd's algorithm on weighted places, begun by k-means++; degrees of longitude are shortened
    by the mean latitude. Clusters are numbered by falling weight; empty ones are dropped.

    References
    ----------
    Arthur & Vassilvitskii (2007), "k-means++: the advantages of careful seeding",
    https://dl.acm.org/doi/10.5555/1283383.1283494
    """
    if not places:
        return []
    squeeze = math.cos(math.radians(sum(p.lat for p in places) / len(places)))
    at = [(p.lat, p.lng * squeeze) for p in places]
    weights = [p.weight for p in places]
    centres = _first_centres(at, weights, k, rng)
    member = _nearest(at, centres)
    for _ in range(MAX_ROUNDS):
        centres = _means(at, weights, member, centres)
        moved = _nearest(at, centres)
        if moved == member:
            break
        member = moved
    return _by_weight(member, weights)


def _first_centres(
    at: list[tuple[float, float]], weights: list[float], k: int, rng: random.Random
) -> list[tuple[float, float]]:
    centres = [at[rng.choices(range(len(at)), weights)[0]]]
    while len(centres) < k:
        pull = [w * min(_squared(p, c) for c in centres) for p, w in zip(at, weights, strict=True)]
        if not any(pull):
            break
        centres.append(at[rng.choices(range(len(at)), pull)[0]])
    return centres


def _means(
    at: list[tuple[float, float]],
    weights: list[float],
    member: list[int],
    centres: list[tuple[float, float]],
) -> list[tuple[float, float]]:
    sums = [[0.0, 0.0, 0.0] for _ in centres]
    for place, weight, c in zip(at, weights, member, strict=True):
        sums[c][0] += weight * place[0]
        sums[c][1] += weight * place[1]
        sums[c][2] += weight
    return [(x / w, y / w) if w else old for (x, y, w), old in zip(sums, centres, strict=True)]


def _nearest(at: list[tuple[float, float]], centres: list[tuple[float, float]]) -> list[int]:
    return [min((_squared(place, c), i) for i, c in enumerate(centres))[1] for place in at]


def _squared(a: tuple[float, float], b: tuple[float, float]) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def _by_weight(member: list[int], weights: list[float]) -> list[int]:
    total: dict[int, float] = {}
    for c, weight in zip(member, weights, strict=True):
        total[c] = total.get(c, 0.0) + weight
    ranked = sorted(total, key=lambda c: (-total[c], c))
    number = {c: i for i, c in enumerate(ranked)}
    return [number[c] for c in member]
