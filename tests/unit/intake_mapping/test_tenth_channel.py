"""A channel more needs files only: a folder with a mapping, and it maps."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.intake.mapped import MappedOrder, Unmappable
from services.intake.mapping import check_mapping, load_channels
from services.intake.mapping.loading import MAPPING_FILE

if TYPE_CHECKING:
    from pathlib import Path

MAPPING = """
version: 1
channel: river_mall
title: {zh: 江河商城, en: River Mall}
time_zone: Asia/Tokyo
provides: [customer, phone, place, street, price, payment]
absent: [N/A]

order:
  external_order_id: {from: trade.tid, match: "T[0-9]+"}
  shop: {concat: [trade.seller, trade.site], by: "@"}
  placed_at: {from: trade.created, formats: ["%Y/%m/%d %H:%M"]}
  modified_at: {latest: [trade.times.paid, trade.times.changed], formats: [epoch_ms]}
  customer_id: trade.buyer.open_id
  currency: {const: JPY}
  total_minor: {from: trade.amount, remove: [円, ","]}
  freight_minor: {sum: "trade.parcels[].fee"}
  upstream_status: {from: trade.status, words: {WAIT_SEND: PAID, WAIT_PAY: UNPAID}}
  payment:
    mode: {from: trade.pay, words: {card: PREPAID, cash: COD}, else: PREPAID}
    paid_minor: {else: total_if_paid}
  destination:
    country: {const: JP}
    city: trade.to.city
  recipient:
    phone: {from: trade.to.tel, extract: "^([0-9-]+)#[0-9]+$", remove: ["#0"]}
    street: trade.to.line

sku: {mode: table}

lines:
  each: trade.items
  fields:
    sku: code
    quantity: n
    unit_price_minor: {from: unit, unit: minor}
    title: {concat: [name, colour], by: " "}

labels: [river, {const: express, when: {trade.express: {above: 0}}}]
attributes: {site: trade.site}
"""
TRADE = {
    "tid": "T881",
    "seller": "s1",
    "site": "osaka",
    "created": "2026/11/03 09:30",
    "times": {"paid": 1793666400000, "changed": 1793670000000},
    "buyer": {"open_id": "N/A"},
    "amount": "12,300円",
    "parcels": [{"fee": 300}, {"fee": "500"}, {}],
    "status": "wait_send",
    "to": {"city": "大阪市", "tel": "06-0000-0000#12", "line": "示例町1-2-3"},
    "items": [{"code": "a/1", "n": 2, "unit": 5750, "name": "湯呑", "colour": "青"}],
    "express": 1,
}


def river_mall(tmp_path: Path) -> Path:
    folder = tmp_path / "river_mall"
    folder.mkdir()
    (folder / MAPPING_FILE).write_text(MAPPING, "utf-8")
    return folder


def test_files_in_a_folder_make_a_channel(tmp_path: Path) -> None:
    folder = river_mall(tmp_path)

    assert check_mapping(folder) == []
    mapping = load_channels(tmp_path)["river_mall"]
    mapped = mapping.map(json.dumps({"trade": TRADE}).encode(), "", {"a/1": "TEA-01"}.get)

    assert isinstance(mapped, MappedOrder)
    order = mapped.order
    assert (order.channel, order.shop, order.external_order_id) == (
        "river_mall",
        "s1@osaka",
        "T881",
    )
    assert order.placed_at.ToDatetime(UTC) == datetime(2026, 11, 3, 0, 30, tzinfo=UTC)
    assert order.modified_at.seconds == 1793670000
    assert order.customer_id == ""
    assert (order.total_minor, order.freight_minor) == (12300, 800)
    assert order.payment.paid_minor == 12300
    assert order.recipient.phone == "06-0000-0000"
    assert [(line.sku, line.channel_sku, line.quantity) for line in order.lines] == [
        ("TEA-01", "a/1", 2)
    ]
    assert order.lines[0].title == "湯呑 青"
    assert list(order.labels) == ["river", "express"]
    assert dict(order.attributes) == {"site": "osaka"}
    assert mapping.facts == {
        "order", "customer", "phone", "place", "street", "price", "payment",
    }  # fmt: skip


def test_an_sku_the_table_lacks_is_named_where_it_stands(tmp_path: Path) -> None:
    river_mall(tmp_path)
    mapping = load_channels(tmp_path)["river_mall"]

    mapped = mapping.map(json.dumps({"trade": TRADE}).encode(), "", {}.get)

    assert isinstance(mapped, Unmappable)
    assert (mapped.reason, mapped.field) == ("UNKNOWN_SKU", "trade.items[0].code")
    assert mapped.external_order_id == "T881"


def test_the_shop_a_caller_names_comes_before_the_payloads(tmp_path: Path) -> None:
    river_mall(tmp_path)
    mapping = load_channels(tmp_path)["river_mall"]

    mapped = mapping.map(json.dumps({"trade": TRADE}).encode(), "caller", {"a/1": "TEA-01"}.get)

    assert isinstance(mapped, MappedOrder)
    assert mapped.order.shop == "caller"
