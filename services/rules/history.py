"""Counts velocity features over what happened before an order, in event time.

An order sees the events not after it in the order (instant, order number), itself included: those
stored and the earlier ones of its own batch. So a decision does not depend on how orders were
batched, and a replay sees what the first judgement saw.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.rules.registry import FEATURE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.rules.identity import Keys
    from services.rules.velocity import Feature

US_PER_S = 1_000_000


@dataclass(frozen=True, slots=True)
class Happening:
    """One order, return or cancellation: what is counted.

    `event_id` makes it count once; `at_us` is microseconds since 1970.
    """

    event_id: str
    kind: str
    order_number: str
    at_us: int
    keys: Keys

    @property
    def place(self) -> tuple[int, str]:
        """Its place in time; order numbers break ties."""
        return self.at_us, self.order_number


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must be read to count a batch: events of a kind by a key, from an instant on."""

    kind: str
    key: str
    values: frozenset[bytes]
    after_us: int
    until_us: int


def wanted(features: Sequence[Feature], batch: Sequence[Happening]) -> list[Wanted]:
    """Return the reads that all `features` of all orders in `batch` need."""
    if not batch:
        return []
    first, last = min(each.at_us for each in batch), max(each.at_us for each in batch)
    windows: dict[tuple[str, str], int] = defaultdict(int)
    for feature in features:
        windows[feature.event, feature.key] = max(
            windows[feature.event, feature.key], feature.window_s
        )
    found = []
    for (kind, key), window_s in windows.items():
        values = frozenset(v for each in batch if (v := each.keys.of(key)) is not None)
        if values:
            found.append(Wanted(kind, key, values, first - window_s * US_PER_S, last))
    return found


class History:
    """Events by kind and key, in time order."""

    def __init__(self, stored: Iterable[Happening], batch: Iterable[Happening]) -> None:
        # The batch's own entry wins: a later revision may have another address.
        known = {each.event_id: each for each in stored} | {each.event_id: each for each in batch}
        self._by_key: dict[tuple[str, str, bytes], list[Happening]] = defaultdict(list)
        for each in sorted(known.values(), key=lambda h: h.place):
            for key in ("phone", "address", "customer"):
                value = each.keys.of(key)
                if value is not None:
                    self._by_key[each.kind, key, value].append(each)

    def count(self, feature: Feature, order: Happening) -> int:
        """Return the value of `feature` for `order`.

        An order without the key has nobody to be counted with: it is alone.
        """
        value = order.keys.of(feature.key)
        if value is None:
            return int(feature.event == "order")
        events = self._by_key.get((feature.event, feature.key, value), [])
        end = bisect.bisect_right(events, order.place, key=lambda h: h.place)
        begin = bisect.bisect_right(
            events, order.at_us - feature.window_s * US_PER_S, key=lambda h: h.at_us
        )
        seen = events[begin:end]
        if not feature.distinct:
            return len(seen)
        return len({each.keys.of(feature.distinct) for each in seen} - {None})

    def features(self, declared: Iterable[Feature], order: Happening) -> dict[str, int]:
        """Return the facts of all `declared` features for `order`."""
        return {FEATURE_PREFIX + each.name: self.count(each, order) for each in declared}
