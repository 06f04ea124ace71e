"""Mapping is total: whatever bytes come, an answer goes back, never an exception."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.mapped import Mapped, MappedCancellation, MappedOrder, Unmappable
from services.intake.mapping import CHANNELS_FOLDER, ChannelMapping, load_channels
from services.intake.mapping.fixtures import fixtures_of
from services.intake.validate import violations_of

CHANNELS = load_channels()
NAMES = sorted(CHANNELS)
FIXTURES = [
    (name, json.loads(path.read_bytes()))
    for name in NAMES
    for path in fixtures_of(CHANNELS_FOLDER / name)
    if path.suffix == ".json" and path.stat().st_size < 10_000
]
INT64 = 2**63
FAR = datetime(2100, 1, 1, tzinfo=UTC)  # no instant a mapping takes lies ahead of it
SLOW_IS_FINE = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

AWKWARD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.text("0123456789.-+eE:T/Z ", max_size=24),
    st.sampled_from(
        ["", " ", "nan", "NaN", "Infinity", "1e999999", "-0", "0.0000000000001", "9" * 40, "\x00",
         "9999-12-31T23:59:59Z", "0001-01-01", "2026-02-30", "2026-11-01T20:00:00+23:59", "１２",
         "1_000", "٣", "C590001", "💥", "\u202e", "TRUE", "a" * 5000]
    ),
)  # fmt: skip
JSON = st.recursive(
    AWKWARD,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def sku_of(channel_sku: str) -> str | None:
    return "SKU-1" if len(channel_sku) % 3 == 0 else None


def check(mapping: ChannelMapping, body: bytes) -> Mapped:
    mapped = mapping.map(body, "", sku_of)

    if isinstance(mapped, MappedOrder):
        order = mapped.order
        assert order.channel == mapping.name
        assert order.external_order_id
        assert 1 <= len(order.lines) <= 500
        assert all(line.sku and line.quantity > 0 for line in order.lines)
        assert all(line.unit_price_minor >= 0 and line.discount_minor >= 0 for line in order.lines)
        assert 0 <= order.total_minor < INT64
        assert violations_of(order, FAR) == []
        assert order.FromString(order.SerializeToString()) == order
    elif isinstance(mapped, MappedCancellation):
        assert mapped.lines
        assert all(line.quantity > 0 for line in mapped.lines)
        assert mapped.customer_id
    else:
        assert isinstance(mapped, Unmappable)
        assert mapped.reason.isupper()
        assert mapped.message.zh
        assert mapped.message.en
        assert "{" not in mapped.message.zh + mapped.message.en or "{" in body.decode(
            "utf-8", "replace"
        )
    return mapped


@pytest.mark.parametrize("name", NAMES)
@SLOW_IS_FINE
@given(body=st.binary(max_size=200))
def test_any_bytes_get_an_answer(name: str, body: bytes) -> None:
    check(CHANNELS[name], body)


@pytest.mark.parametrize("name", NAMES)
@SLOW_IS_FINE
@given(content=JSON)
def test_any_json_gets_an_answer(name: str, content: Any) -> None:
    check(CHANNELS[name], json.dumps(content).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"external_order_id":' + b"9" * 5000 + b"}",
        b'{"external_order_id":"\\ud800"}',
        b'{"external_order_id":NaN}',
        b'\xef\xbb\xbf{"external_order_id":"x"}',
        b'{"external_order_id":1e400000000}',
    ],
)
def test_hostile_json_gets_an_answer(body: bytes) -> None:
    for mapping in CHANNELS.values():
        assert isinstance(check(mapping, body), Unmappable)


@settings(parent=SLOW_IS_FINE, max_examples=250)
@given(data=st.data())
def test_a_payload_with_anything_in_any_place_gets_an_answer(data: st.DataObject) -> None:
    name, original = data.draw(st.sampled_from(FIXTURES))
    payload = copy.deepcopy(original)
    for _ in range(data.draw(st.integers(1, 3))):
        payload = mutate(payload, data)

    check(CHANNELS[name], json.dumps(payload).encode())


def mutate(value: Any, data: st.DataObject) -> Any:
    """Replace, drop or repeat something at a drawn place of `value`."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 5)):
        key = data.draw(st.sampled_from(sorted(value)))
        if data.draw(st.integers(0, 4)) == 0:
            return {k: v for k, v in value.items() if k != key}
        return {**value, key: mutate(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.integers(0, 5)):
        index = data.draw(st.integers(0, len(value) - 1))
        if data.draw(st.integers(0, 4)) == 0:
            return [*value, value[index]]
        return [*value[:index], mutate(value[index], data), *value[index + 1 :]]
    return data.draw(JSON)
