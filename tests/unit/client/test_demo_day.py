"""The demo's generator: seeded, honest about what it planted, apart from the rules."""

from __future__ import annotations

import json

from orderhub_client.demo import fresh, home
from orderhub_client.demo.day import Planted, generate, minor, yuan
from orderhub_client.demo.judged import Seen, recall, table


def test_the_same_seed_gives_the_same_day() -> None:
    one, two = generate(3, 200), generate(3, 200)

    assert [s.payload for s in one.sent] == [s.payload for s in two.sent]
    assert one.truth == two.truth
    assert home.scenario(one, 3).digest() == home.scenario(two, 3).digest()
    assert fresh.problem(3) == fresh.problem(3)
    assert generate(4, 200).truth != one.truth


def test_no_payload_tells_what_was_planted_in_it() -> None:
    said = json.dumps([sent.payload for sent in generate(1, 300).sent], ensure_ascii=False)

    assert not [planted.value for planted in Planted if planted.value in said]


def test_every_total_is_goods_plus_freight_less_discount() -> None:
    for sent in generate(2, 400).sent:
        payload = sent.payload
        goods = sum(minor(line["unit_price"]) * line["quantity"] for line in payload["lines"])
        total = goods + minor(payload["freight"]) - minor(payload["discount"])
        assert payload["total"] == yuan(total)


def test_deliveries_come_in_the_order_of_their_time() -> None:
    sent = generate(1, 300).sent

    assert [s.at for s in sent] == sorted(s.at for s in sent)
    assert len({s.delivery_id for s in sent}) == len(sent)


def test_a_hub_that_treats_nothing_as_expected_scores_nothing() -> None:
    day = generate(1, 600)
    seen = {s.payload["external_order_id"]: Seen(("ACCEPTED",), frozenset()) for s in day.sent}

    lines = {line.name: line for line in table(day, seen)}

    hard = lines.pop(Planted.HARD_NEGATIVE.value)
    assert hard.found == hard.planted  # nothing was held, so they were not either
    found, planted = recall(lines.values())
    assert found == 0
    assert planted > 0


def test_an_order_treated_so_without_the_plant_is_shown_beside() -> None:
    day = generate(1, 300)
    innocent = next(
        s.payload["external_order_id"]
        for s in day.sent
        if not any(s.payload["external_order_id"] in ids for ids in day.truth.values())
    )
    seen = {innocent: Seen(("ACCEPTED",), frozenset({"VAGUE_ADDRESS"}))}

    (line,) = [x for x in table(day, seen) if x.name == Planted.VAGUE_ADDRESS.value]

    assert line.beside == 1
