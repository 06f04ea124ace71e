"""Velocity against a count by hand, over random histories cut into batches anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rules.history import US_PER_S, Happening, History, wanted
from services.rules.identity import Keys
from services.rules.velocity import Feature, parse_formula

WINDOW_S = 10
KEY = st.sampled_from([None, b"a", b"b"])
KINDS = st.sampled_from(["order", "return"])
FEATURES = (
    Feature("orders", "order", "phone", "", WINDOW_S),
    Feature("addresses", "order", "phone", "address", WINDOW_S),
    Feature("returns", "return", "customer", "", 3 * WINDOW_S),
)

EVENTS = st.lists(
    st.builds(
        lambda n, kind, at_s, phone, address, customer: Happening(
            f"{kind}/{n}", kind, f"{n:04d}", at_s * US_PER_S, Keys(phone, address, customer)
        ),
        st.integers(0, 9_999),
        KINDS,
        st.integers(0, 40),
        KEY,
        KEY,
        KEY,
    ),
    unique_by=lambda e: e.order_number,
    max_size=25,
)


def by_hand(feature: Feature, order: Happening, events: list[Happening]) -> int:
    value = order.keys.of(feature.key)
    if value is None:
        return 1 if feature.event == "order" else 0
    seen = [
        e
        for e in events
        if e.kind == feature.event
        and e.keys.of(feature.key) == value
        and e.at_us > order.at_us - feature.window_s * US_PER_S
        and (e.at_us, e.order_number) <= (order.at_us, order.order_number)
    ]
    if feature.distinct:
        return len({e.keys.of(feature.distinct) for e in seen} - {None})
    return len(seen)


@given(events=EVENTS, cut=st.integers(0, 25))
def test_counts_as_by_hand_however_events_are_split(events: list[Happening], cut: int) -> None:
    stored, batch = events[:cut], [e for e in events[cut:] if e.kind == "order"]
    reads = wanted(FEATURES, batch)
    read = [
        e
        for e in stored
        for r in reads
        if e.kind == r.kind and e.keys.of(r.key) in r.values and r.after_us < e.at_us <= r.until_us
    ]

    history = History(read, batch)

    for order in batch:
        for feature in FEATURES:
            assert history.count(feature, order) == by_hand(feature, order, stored + batch)


def test_an_event_counts_once_however_often_it_is_told() -> None:
    order = Happening("order/1", "order", "1", 0, Keys(phone=b"a"))

    assert History([order, order], [order]).count(FEATURES[0], order) == 1


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("count() by phone over 10m", ("", "phone", 600)),
        ("count_distinct(address)  by phone over 30d", ("address", "phone", 30 * 86_400)),
        ("count() by customer over 90s", ("", "customer", 90)),
        ("count() by address over 24h", ("", "address", 86_400)),
    ],
)
def test_reads_a_formula(text: str, meaning: tuple[str, str, int]) -> None:
    assert parse_formula(text) == meaning


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sum() by phone over 10m", "write count"),
        ("count() by phone", "write count"),
        ("count() by email over 10m", "cannot count by email"),
        ("count_distinct(phone) by phone over 10m", "always 1"),
        ("count() by phone over 0m", "1 s to"),
        ("count() by phone over 999d", "1 s to"),
        ("count() by phone over 10m; drop", "write count"),
    ],
)
def test_refuses_a_formula_that_cannot_be_counted(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_formula(text)
