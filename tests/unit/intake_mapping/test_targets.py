"""No field of the wire's order is beyond a mapping's reach without our saying so."""

from __future__ import annotations

from typing import Any

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.common.v1 import order_pb2 as order_v1
from services.intake.mapping.targets import CHOICES, LINE_TARGETS, ORDER_TARGETS

OUTPUT_ONLY = {"order_number", "revision", "content_revision", "accepted_at"}
OTHERWISE = {"channel", "lines", "labels", "attributes"}  # by the folder, and sections of their own
LINE_OTHERWISE = {"line_no", "channel_sku"}  # numbered by the hub; the SKU before translation
ENUMS = {
    "upstream_status": order_v1.UpstreamStatus,
    "payment.mode": order_v1.PaymentMode,
    "recipient.phone_kind": order_v1.PhoneKind,
    "destination.location.datum": geo_v1.Datum,
    "destination.location.precision": geo_v1.GeoPrecision,
}


def leaves(descriptor: Any, prefix: str = "") -> set[str]:
    found = set()
    for field in descriptor.fields:
        name = prefix + field.name
        inner = field.message_type
        if inner is None or inner.full_name == "google.protobuf.Timestamp" or field.is_repeated:
            found.add(name)
        else:
            found |= leaves(inner, f"{name}.")
    return found


def test_every_field_of_an_order_can_be_mapped() -> None:
    wire = leaves(order_v1.Order.DESCRIPTOR) - OUTPUT_ONLY - OTHERWISE

    assert wire == {target.name for target in ORDER_TARGETS}


def test_every_field_of_a_line_can_be_mapped() -> None:
    wire = leaves(order_v1.OrderLine.DESCRIPTOR) - LINE_OTHERWISE

    assert wire == {target.name for target in LINE_TARGETS}


def test_every_choice_of_the_wire_has_its_word() -> None:
    for name, enum in ENUMS.items():
        numbers = set(enum.values()) - {0}
        assert numbers <= set(CHOICES[name].values())
        assert set(CHOICES[name].values()) - numbers <= {0, -1}
