"""Phones, addresses and amounts as the rules see them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.common.v1 import order_pb2 as order_v1
from services.rules.addresses import canonical, has_house_number
from services.rules.facts import facts_of, loggable
from services.rules.identity import keys_of, phone_kind
from services.rules.phones import can_exist, normalised
from services.rules.rates import Rates
from services.rules.registry import LINE_FACTS, ORDER_FACTS

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 22)
KEY = bytes(32)


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("139 1234-5678", "13912345678"),
        ("+86 13912345678", "13912345678"),
        ("0086-13912345678", "13912345678"),
        ("8613912345678", "13912345678"),
        ("１３９１２３４５６７８", "13912345678"),
        ("0571-88886666", "057188886666"),
        ("86123456", "86123456"),
    ],
)
def test_a_phone_has_one_form(written: str, digits: str) -> None:
    assert normalised(written, "CN") == digits


@pytest.mark.parametrize(
    ("digits", "country", "possible"),
    [
        ("13912345678", "CN", True),
        ("19912345678", "CN", True),
        ("12912345678", "CN", False),
        ("1391234567", "CN", False),
        ("139123456789", "CN", False),
        ("01088886666", "CN", True),
        ("057188886666", "CN", True),
        ("05711", "CN", False),
        ("4008123123", "CN", True),
        ("95588", "CN", True),
        ("", "CN", False),
        ("00000000000", "CN", False),
        ("5511912345678", "BR", True),
        ("123", "BR", False),
        ("1234567890123456", "BR", False),
    ],
)
def test_says_whether_a_number_can_exist(digits: str, country: str, possible: bool) -> None:
    assert can_exist(digits, country) is possible


@pytest.mark.parametrize(
    "street",
    [
        "文三路12号3幢501室",
        "北西环西路66号中国技术交易大厦B座1728",
        "文三路12号附近小区",
        "中山北路一百二十号",
        "阳光花园3栋",
        "幸福里2单元",
        "天钥桥路408号北楼703",
        "凤翔东路118-2海和公寓",
        "人民路88",
        "二楼1102室",
        "８８号",
    ],
)
def test_finds_a_house_number(street: str) -> None:
    assert has_house_number(street, "CN")


@pytest.mark.parametrize(
    "street",
    [
        "附近小区",
        "实验小学对面",
        "地铁2号线旁边",
        "地铁站3号口附近",
        "十八号大街附近",
        "商场三楼对面",
        "107国道旁边",
        "第3医院对面",
        "十字路口",
        "1号门对面",
        "新桥十字200米",
        "",
    ],
)
def test_takes_no_other_number_for_a_house(street: str) -> None:
    assert not has_house_number(street, "CN")


def order(**fields) -> order_v1.Order:
    made = order_v1.Order(
        order_number="1",
        revision=1,
        channel="tmall",
        currency="CNY",
        total_minor=11_000,
        freight_minor=1_000,
        discount_minor=500,
        lines=[
            order_v1.OrderLine(sku="A", quantity=2, unit_price_minor=5_000, discount_minor=100),
            order_v1.OrderLine(sku="B", quantity=3),
        ],
        destination=geo_v1.Area(city="杭州市"),
        recipient=order_v1.Recipient(phone="13912345678", street="文三路12号"),
        **fields,
    )
    made.placed_at.FromDatetime(datetime(2026, 11, 21, 17, 30, tzinfo=UTC))
    return made


def test_every_fact_has_its_registered_kind() -> None:
    facts = facts_of(order(customer_id="C"), Rates(), SHANGHAI, TODAY)

    specs = {spec.name: spec for spec in ORDER_FACTS}
    lines = {spec.name: spec for spec in LINE_FACTS}
    assert set(facts) - {"lines"} == set(specs)
    assert all(specs[name].kind.admits(value) for name, value in facts.items() if name != "lines")
    for line in facts["lines"]:
        assert set(line) == set(lines)
        assert all(lines[name].kind.admits(value) for name, value in line.items())


def test_sums_amounts_and_tells_local_time() -> None:
    facts = facts_of(order(), Rates(), SHANGHAI, TODAY)

    assert (facts["order.amount"], facts["order.goods_amount"]) == (11_000, 10_000)
    assert (facts["order.freight"], facts["order.discount"]) == (1_000, 600)
    assert (facts["order.total_qty"], facts["order.max_qty"]) == (5, 3)
    assert (facts["order.hour"], facts["order.weekday"]) == (1, 7)
    assert [line["is_gift"] for line in facts["lines"]] == [False, True]


def test_an_order_with_little_in_it_has_few_facts_and_no_guesses() -> None:
    bare = order_v1.Order(channel="x", currency="XTS")

    facts = facts_of(bare, Rates(), SHANGHAI, TODAY)

    assert not {"order.amount", "recipient.street", "recipient.city", "customer.id"} & set(facts)
    assert facts["recipient.phone_kind"] == "NONE"


def test_nothing_personal_is_loggable() -> None:
    facts = loggable(facts_of(order(customer_id="C-77"), Rates(), SHANGHAI, TODAY))

    assert not any(secret in str(facts) for secret in ("13912345678", "文三路", "C-77"))


@pytest.mark.parametrize(
    ("recipient", "kind"),
    [
        ({"phone": "13912345678"}, "REAL"),
        ({"phone": "139****5678"}, "MASKED"),
        ({"phone": "95013000000", "phone_kind": 2}, "VIRTUAL"),
        ({"phone": "abc", "phone_kind": 4}, "TOKEN"),
        ({"platform_token": "abc"}, "TOKEN"),
        ({}, "NONE"),
    ],
)
def test_tells_what_a_phone_is(recipient: dict[str, object], kind: str) -> None:
    made = order_v1.Order(recipient=order_v1.Recipient(**recipient))

    assert phone_kind(made) == kind


def keys_with(**recipient: object):
    made = order_v1.Order(channel="tmall", recipient=order_v1.Recipient(**recipient))
    return keys_of(made, KEY)


def test_one_number_written_two_ways_is_one_phone() -> None:
    assert keys_with(phone="139 1234 5678").phone == keys_with(phone="+8613912345678").phone


def test_masked_numbers_are_never_the_same_by_their_digits() -> None:
    here = keys_with(phone="139****5678", street="文三路12号")
    there = keys_with(phone="139****5678", street="文一路3号")

    assert here.phone != there.phone
    assert keys_with(phone="139****5678").phone is None


def test_the_platforms_token_tells_masked_recipients_apart() -> None:
    one = keys_with(phone="139****5678", platform_token="t1", street="文三路12号")
    same = keys_with(phone="138****0000", platform_token="t1", street="文一路3号")

    assert one.phone == same.phone


def test_keys_are_worth_nothing_without_the_secret() -> None:
    made = order_v1.Order(recipient=order_v1.Recipient(phone="13912345678"))

    assert keys_of(made, bytes(32)).phone != keys_of(made, bytes([1]) * 32).phone


def test_an_address_is_the_same_in_any_width_and_punctuation() -> None:
    assert canonical("CN", "文三路１２号，３幢") == canonical("cn", "文三路12号 3幢")
    assert canonical("CN", "文三路12号3幢") != canonical("CN", "文三路123幢")
