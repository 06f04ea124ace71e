"""What was planted in the day against what the hub made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub_client.demo.day import Planted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from orderhub_client.demo.day import PlayedDay


@dataclass(frozen=True, slots=True)
class Seen:
    """What the hub did with one order of the channel.

    Attributes
    ----------
    outcomes
        Answers to its deliveries, in order of arrival: `ACCEPTED`, `UPDATED` and so on.
    reasons
        Reasons of holds, of quarantine and of unfilled lines.
    """

    outcomes: tuple[str, ...]
    reasons: frozenset[str]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table.

    Attributes
    ----------
    expected
        What should become of such an order, in words.
    planted, found
        How many were planted, and of them how many were treated so.
    beside
        Orders without the plant that were treated so all the same; `None` where that is no fault.
    """

    name: str
    expected: str
    planted: int
    found: int
    beside: int | None


def _held(reason: str) -> Callable[[Seen], bool]:
    return lambda seen: reason in seen.reasons


EXPECTED: dict[Planted, tuple[str, Callable[[Seen], bool]]] = {
    Planted.REDELIVERY: (
        "one order; the second delivery is a duplicate",
        lambda seen: seen.outcomes == ("ACCEPTED", "DUPLICATE"),
    ),
    Planted.UPDATE: (
        "one order, updated",
        lambda seen: seen.outcomes == ("ACCEPTED", "UPDATED"),
    ),
    Planted.STALE_UPDATE: (
        "the newer state stays; the late one is a duplicate",
        lambda seen: seen.outcomes == ("ACCEPTED", "UPDATED", "DUPLICATE"),
    ),
    Planted.VAGUE_ADDRESS: ("held for its address", _held("VAGUE_ADDRESS")),
    Planted.BAD_PHONE: ("held for its phone", _held("INVALID_PHONE")),
    Planted.UNKNOWN_SKU: (
        "kept aside with a reason",
        lambda seen: "UNKNOWN_SKU" in seen.reasons,
    ),
    Planted.HIGH_AMOUNT: ("held for its amount", _held("HIGH_AMOUNT")),
    Planted.PRICE_CONFLICT: ("held for its price", _held("PRICE_CONFLICT")),
    Planted.BLOCKED: ("frozen", _held("BLOCK_LIST")),
}


def table(day: PlayedDay, seen: Mapping[str, Seen]) -> list[Line]:
    """Return one line per kind of plant; `seen` is by the channel's order id."""
    lines = []
    for planted, (expected, test) in EXPECTED.items():
        truth = day.truth[planted]
        treated = {order_id for order_id, what in seen.items() if test(what)}
        lines.append(
            Line(
                planted.value,
                expected,
                len(truth),
                len(truth & treated),
                len(treated - truth),
            )
        )
    lines.append(_hard_negatives(day, seen))
    return lines


def _hard_negatives(day: PlayedDay, seen: Mapping[str, Seen]) -> Line:
    truth = day.truth[Planted.HARD_NEGATIVE]
    passed = [
        order_id
        for order_id in truth
        if order_id in seen and "VAGUE_ADDRESS" not in seen[order_id].reasons
    ]
    return Line(
        Planted.HARD_NEGATIVE.value, "not held for its address", len(truth), len(passed), None
    )


def recall(lines: Iterable[Line]) -> tuple[int, int]:
    """Return how many of the planted orders were treated as expected, and how many there are."""
    rows = list(lines)
    return sum(line.found for line in rows), sum(line.planted for line in rows)
