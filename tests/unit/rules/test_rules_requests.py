"""Requests that cannot be served are refused before anything is done, each fault by its field."""

from __future__ import annotations

import pytest

from orderhub.rules.v1 import rules_pb2 as rules_v1
from services._kit.config import Config
from services._kit.errors import Malformed
from services.rules import validate


def request() -> rules_v1.EvaluateOrdersRequest:
    made = rules_v1.EvaluateOrdersRequest()
    order = made.orders.add().order
    order.order_number, order.revision, order.channel = "20261122000001", 1, "tmall"
    order.placed_at.seconds = 1_795_000_000
    return made


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda r: r.ClearField("orders"), "orders"),
        (lambda r: r.orders.extend([r.orders[0]] * 256), "orders"),
        (lambda r: r.orders.append(r.orders[0]), "orders[1].order.order_number"),
        (lambda r: r.orders[0].order.ClearField("order_number"), "orders[0].order.order_number"),
        (lambda r: r.orders[0].order.ClearField("revision"), "orders[0].order.revision"),
        (lambda r: setattr(r.orders[0].order, "revision", -1), "orders[0].order.revision"),
        (lambda r: r.orders[0].order.ClearField("channel"), "orders[0].order.channel"),
        (lambda r: r.orders[0].order.ClearField("placed_at"), "orders[0].order.placed_at"),
        (
            lambda r: setattr(r.orders[0].order.placed_at, "seconds", 2**60),
            "orders[0].order.placed_at",
        ),
        (lambda r: setattr(r.orders[0].order.placed_at, "nanos", -1), "orders[0].order.placed_at"),
        (lambda r: [r.orders[0].order.lines.add() for _ in range(501)], "orders[0].order.lines"),
        (lambda r: r.orders[0].waived_rules.extend(["X"] * 501), "orders[0].waived_rules"),
    ],
)
def test_a_batch_that_cannot_be_judged_is_refused_by_field(spoil, field) -> None:
    batch = request()
    spoil(batch)

    with pytest.raises(Malformed) as caught:
        validate.check_evaluate(batch, Config())

    assert caught.value.field == field


def test_all_faults_are_said_at_once() -> None:
    batch = request()
    batch.orders.add()

    with pytest.raises(Malformed) as caught:
        validate.check_evaluate(batch, Config())

    assert [v.field.rpartition(".")[2] for v in caught.value.violations] == [
        "order_number",
        "revision",
        "channel",
        "placed_at",
    ]


FILE = rules_v1.RulebookFile(path="orders/a.yaml")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"hash": "x"}, "request_id"),
        ({"request_id": "a" * 129, "hash": "x"}, "request_id"),
        ({"request_id": "a", "hash": "x", "comment": "长" * 400}, "comment"),
        ({"request_id": "a"}, "files"),
        ({"request_id": "a", "hash": "x", "files": [FILE]}, "files"),
        ({"request_id": "a", "files": [FILE, FILE]}, "files[1].path"),
    ],
)
def test_an_activation_names_one_rulebook(fields: dict[str, object], field: str) -> None:
    with pytest.raises(Malformed) as caught:
        validate.check_activate(rules_v1.ActivateRulebookRequest(**fields))

    assert caught.value.field == field
