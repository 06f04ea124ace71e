"""One seeded day of business H: what its channels send, and apart from it, the truth."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from enum import StrEnum, unique
from typing import Any

from orderhub_client.demo.buyers import Buyer, buyer, hard_street, vague_street
from orderhub_client.demo.goods import Good, catalogue

ORDERS = 2_000
BUYERS = 1_700
DAY = datetime(2026, 11, 18, tzinfo=timezone(timedelta(hours=8)))
SHOPS = (
    ("tmall", 30),
    ("douyin", 22),
    ("pdd", 15),
    ("jd", 13),
    ("mini-program", 7),
    ("kuaishou", 5),
    ("youzan", 3),
    ("suning", 3),
    ("b2b", 2),
)
# Orders by hour of the day: a trough at night, peaks before noon and in the evening.
HOURS = (2, 1, 1, 0.5, 0.5, 0.7, 1.5, 3, 5, 6, 8, 8, 7, 5, 5, 5, 5, 5, 5, 6, 9, 9, 7, 4)
FLASH_ORDERS, FLASH_SKUS, FLASH_MINUTES = 240, 6, 10
UNPAID, PAYS_LATE = 0.08, 0.5


@unique
class Planted(StrEnum):
    """What was put into the day on purpose; kept apart from what the hub is told."""

    REDELIVERY = "redelivery"
    UPDATE = "upstream update"
    STALE_UPDATE = "update that arrives late"
    VAGUE_ADDRESS = "vague address"
    HARD_NEGATIVE = "address that only looks vague"
    BAD_PHONE = "bad phone"
    UNKNOWN_SKU = "unknown SKU"
    HIGH_AMOUNT = "above 5,000 yuan"
    PRICE_CONFLICT = "discount above 70 %"
    BLOCKED = "phone on the block list"


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery of a channel, in the order of arrival.

    Attributes
    ----------
    delivery_id
        The channel's id of this delivery: a redelivery of the same content has another.
    """

    delivery_id: str
    payload: dict[str, Any]
    at: datetime


@dataclass
class PlayedDay:
    """The day.

    Attributes
    ----------
    truth
        What was planted, as sets of order ids of the channel.
    late_payments
        Orders placed unpaid whose buyers pay after the hub has seen them.
    """

    goods: list[Good]
    sent: list[Sent] = field(default_factory=list)
    truth: dict[Planted, set[str]] = field(default_factory=lambda: {p: set() for p in Planted})
    late_payments: list[str] = field(default_factory=list)


def generate(seed: int = 1, orders: int = ORDERS) -> PlayedDay:
    """Return the day of `seed`; the same seed gives the same day."""
    rng = random.Random(seed)
    day = PlayedDay(catalogue(rng))
    people = [buyer(k, rng) for k in range(BUYERS)]
    times = sorted(_moments(orders, rng))
    flash = {k for k, at in enumerate(times) if at >= DAY + timedelta(hours=20)}
    flash = set(sorted(flash)[: FLASH_ORDERS * orders // ORDERS])
    for number, at in enumerate(times):
        _one(day, number, at, rng.choice(people), rng, flash=number in flash)
    day.sent.sort(key=lambda sent: sent.at)
    return day


def _moments(orders: int, rng: random.Random) -> list[datetime]:
    flash = FLASH_ORDERS * orders // ORDERS
    hours = rng.choices(range(24), HOURS, k=orders - flash)
    usual = [DAY + timedelta(hours=h, seconds=rng.randrange(3_600)) for h in hours]
    start = DAY + timedelta(hours=20)
    return usual + [
        start + timedelta(seconds=rng.randrange(60 * FLASH_MINUTES)) for _ in range(flash)
    ]


def _one(
    day: PlayedDay, number: int, at: datetime, who: Buyer, rng: random.Random, *, flash: bool
) -> None:
    """Add an order, and whatever comes of planting something in it."""
    order_id = f"{number + 1:06d}"
    planted = _planted(rng)
    payload = _payload(order_id, at, _dressed(who, planted, rng), day.goods, rng, flash=flash)
    _spoil(payload, planted)
    if _total_minor(payload) > 500_000:
        day.truth[Planted.HIGH_AMOUNT].add(order_id)
    if planted is not None:
        day.truth[planted].add(order_id)
    paid = rng.random() >= UNPAID
    payload["status"] = "paid" if paid else "unpaid"
    payload["payment"]["paid"] = payload["total"] if paid else "0.00"
    if not paid and rng.random() < PAYS_LATE:
        day.late_payments.append(order_id)
    day.sent.append(Sent(f"{order_id}-1", payload, at))
    if planted is Planted.REDELIVERY:
        day.sent.append(Sent(f"{order_id}-2", payload, at + timedelta(seconds=90)))
    if planted in (Planted.UPDATE, Planted.STALE_UPDATE):
        day.sent += _updates(order_id, payload, at, rng, stale=planted is Planted.STALE_UPDATE)


def _planted(rng: random.Random) -> Planted | None:
    shares = {
        Planted.REDELIVERY: 0.03,
        Planted.UPDATE: 0.075,
        Planted.STALE_UPDATE: 0.005,
        Planted.VAGUE_ADDRESS: 0.025,
        Planted.HARD_NEGATIVE: 0.025,
        Planted.BAD_PHONE: 0.008,
        Planted.UNKNOWN_SKU: 0.007,
        Planted.PRICE_CONFLICT: 0.008,
        Planted.BLOCKED: 0.001,
    }
    draw = rng.random()
    for planted, share in shares.items():
        draw -= share
        if draw < 0:
            return planted
    return None


def _dressed(who: Buyer, planted: Planted | None, rng: random.Random) -> Buyer:
    """Return the buyer as this order shows them."""
    match planted:
        case Planted.VAGUE_ADDRESS:
            return replace(who, street=vague_street(rng))
        case Planted.HARD_NEGATIVE:
            return replace(who, street=hard_street(rng))
        case Planted.BAD_PHONE:
            return replace(who, phone=rng.choice(("12345", "1380013800", "00000000000")))
        case Planted.BLOCKED:
            return replace(who, phone="19900000000")
    return who


def _payload(
    order_id: str,
    at: datetime,
    who: Buyer,
    goods: list[Good],
    rng: random.Random,
    *,
    flash: bool,
) -> dict[str, Any]:
    """Return an order in the generic JSON channel's own words."""
    if flash:
        picked = [goods[rng.randrange(FLASH_SKUS)]]
    else:
        count = 1 + min(6, _poisson(0.6, rng))
        picked = rng.choices(goods, [good.share for good in goods], k=count)
    items = [
        {
            "sku": good.sku,
            "title": good.name,
            "quantity": rng.choices((1, 2, 3), (88, 10, 2))[0],
            "unit_price": yuan(good.price_minor),
        }
        for good in {good.sku: good for good in picked}.values()
    ]
    shop = rng.choices([name for name, _ in SHOPS], [share for _, share in SHOPS])[0]
    payload: dict[str, Any] = {
        "external_order_id": order_id,
        "shop": shop,
        "placed_at": at.isoformat(),
        "modified_at": at.isoformat(),
        "currency": "CNY",
        "freight": "10.00",
        "discount": "0.00",
        "customer_id": who.account,
        "recipient": {"name": who.name, "phone": who.phone, "street": who.street},
        "destination": {
            "country": "CN",
            "province": who.city.province,
            "city": who.city.name,
            "district": who.district,
            "location": {
                "lat": who.lat,
                "lng": who.lng,
                "datum": "WGS84",
                "precision": "DOOR",
            },
        },
        "lines": items,
        "payment": {"mode": "prepaid"},
        "labels": ["vip"] if who.vip else [],
    }
    payload["total"] = yuan(_total_minor(payload))
    return payload


def _spoil(payload: dict[str, Any], planted: Planted | None) -> None:
    """Put the fault into the payload that is one of the payload, not of the buyer."""
    if planted is Planted.UNKNOWN_SKU:
        # As a shop writes a listing that nobody has registered yet.
        payload["lines"][0]["sku"] = "新品 " + payload["external_order_id"]
    if planted is Planted.PRICE_CONFLICT:
        goods_minor = _total_minor(payload) - 1_000
        payload["discount"] = yuan(goods_minor * 8 // 10)
        payload["total"] = yuan(_total_minor(payload))


def _updates(
    order_id: str, payload: dict[str, Any], at: datetime, rng: random.Random, *, stale: bool
) -> list[Sent]:
    """Return a change of address 20 minutes later; a stale one overtakes an older state."""
    changed_at = at + timedelta(minutes=20)
    changed = {
        **payload,
        "modified_at": changed_at.isoformat(),
        "recipient": {
            **payload["recipient"],
            "street": f"{rng.randint(1, 99)}号院{rng.randint(1, 9)}栋",
        },
    }
    changed["recipient"]["street"] = "中山路" + changed["recipient"]["street"]
    sent = [Sent(f"{order_id}-2", changed, changed_at)]
    if stale:
        middle = {
            **payload,
            "modified_at": (at + timedelta(minutes=10)).isoformat(),
            "recipient": {**payload["recipient"], "street": "解放路1号"},
        }
        sent.append(Sent(f"{order_id}-3", middle, changed_at + timedelta(minutes=5)))
    return sent


def _total_minor(payload: dict[str, Any]) -> int:
    goods: int = sum(minor(item["unit_price"]) * item["quantity"] for item in payload["lines"])
    return goods + minor(payload["freight"]) - minor(payload["discount"])


def yuan(amount_minor: int) -> str:
    """Return fen as yuan."""
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"


def minor(amount: str) -> int:
    """Return yuan as fen."""
    whole, _, fen = amount.partition(".")
    return int(whole) * 100 + int(fen.ljust(2, "0"))


def _poisson(mean: float, rng: random.Random) -> int:
    """Return a Poisson draw, by Knuth's product of uniforms."""
    limit, count, product = 2.718281828459045**-mean, 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count
