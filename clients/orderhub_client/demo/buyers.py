"""Who buys in the demo, and how they write their address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub_client.demo.places import CITIES, ESTATES, FAMILY, GIVEN, STREETS

if TYPE_CHECKING:
    import random

    from orderhub_client.demo.places import City

SPREAD_DEGREES = 0.09  # about 10 km around a city's centre


@dataclass(frozen=True, slots=True)
class Buyer:
    """A buyer with one account, phone and address."""

    account: str
    name: str
    phone: str
    city: City
    district: str
    street: str
    lat: float
    lng: float
    vip: bool


def buyer(number: int, rng: random.Random) -> Buyer:
    """Return a buyer with a sound address."""
    city = rng.choices(CITIES, [c.share for c in CITIES])[0]
    return Buyer(
        account=f"B{number:06d}",
        name=rng.choice(FAMILY) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2)))),
        phone=f"{rng.choice((136, 138, 150, 159, 186, 188))}{rng.randrange(10**8):08d}",
        city=city,
        district=rng.choice(city.districts) if city.districts else "",
        street=sound_street(rng),
        lat=round(city.lat + rng.gauss(0, SPREAD_DEGREES), 6),
        lng=round(city.lng + rng.gauss(0, SPREAD_DEGREES), 6),
        vip=rng.random() < 0.04,
    )


def sound_street(rng: random.Random) -> str:
    """Return an address that a courier finds."""
    house = f"{rng.choice(STREETS)}{rng.randint(1, 999)}号"
    if rng.random() < 0.7:
        house += (
            f"{rng.choice(ESTATES)}{rng.randint(1, 30)}栋{rng.randint(1, 33)}0{rng.randint(1, 8)}室"
        )
    return house


def vague_street(rng: random.Random) -> str:
    """Return an address that no courier finds: no house number, a vague word."""
    return rng.choice(
        (
            f"{rng.choice(STREETS)}附近小区",
            f"{rng.choice(ESTATES)}旁边",
            f"{rng.choice(STREETS)}对面",
            f"{rng.choice(STREETS)}菜市场附近",
        )
    )


def hard_street(rng: random.Random) -> str:
    """Return an address that looks vague and is not: the house number comes first."""
    return f"{rng.choice(STREETS)}{rng.randint(1, 999)}号{rng.choice(ESTATES)}附近"
