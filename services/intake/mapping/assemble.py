"""Builds the wire's order from the table of mapped fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.common.v1 import time_pb2 as time_v1
from services.intake.mapping.reasons import bad_value
from services.intake.mapping.targets import ORDER_TARGETS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.intake.mapping.linerun import Collected

_US = 1_000_000
_SCALARS = tuple(
    target.name
    for target in ORDER_TARGETS
    if "." not in target.name and target.kind is not Kind.INSTANT
)
_AREA = ("country", "province", "city", "district", "postal_code")
_PERSON = (
    "name", "phone", "phone_kind", "phone_extension", "platform_token", "street", "remark",
)  # fmt: skip
_PAYMENT = ("mode", "paid_minor", "refunded_minor", "deposit_minor")


def timestamp(micros: int) -> Timestamp:
    """Return the instant `micros` microseconds after 1970-01-01 UTC."""
    seconds, rest = divmod(micros, _US)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def assemble(
    channel: str,
    values: dict[str, Any],
    collected: Collected,
    labels: Iterable[str],
    attributes: dict[str, str],
) -> order_v1.Order:
    """Return the order that `values`, by the hub's names, and the collected lines make."""
    given = {name: values[name] for name in _SCALARS if name in values}
    order = order_v1.Order(channel=channel, lines=collected.lines, **given)
    order.placed_at.CopyFrom(timestamp(values["placed_at"]))
    if "modified_at" in values:
        order.modified_at.CopyFrom(timestamp(values["modified_at"]))
    payment = _picked(values, "payment.", _PAYMENT)
    if payment:
        order.payment.CopyFrom(order_v1.Payment(**payment))
    if "payment.paid_at" in values:
        order.payment.paid_at.CopyFrom(timestamp(values["payment.paid_at"]))
    for name, window in (
        ("payment.balance_window", order.payment),
        ("delivery_window", order),
    ):
        made = _window(values, name)
        if made is not None:
            getattr(window, name.rpartition(".")[2]).CopyFrom(made)
    if "destination.country" in values:
        order.destination.CopyFrom(geo_v1.Area(**_picked(values, "destination.", _AREA)))
        point = _point(values)
        if point is not None:
            order.destination.location.CopyFrom(point)
    person = _picked(values, "recipient.", _PERSON)
    if person:
        order.recipient.CopyFrom(order_v1.Recipient(**person))
    order.labels.extend(labels)
    for name, text in attributes.items():
        order.attributes[name] = text
    return order


def _picked(values: dict[str, Any], prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[prefix + name] for name in names if prefix + name in values}


def _window(values: dict[str, Any], name: str) -> time_v1.TimeWindow | None:
    start, end = values.get(f"{name}.start"), values.get(f"{name}.end")
    if start is None and end is None:
        return None
    if start is not None and end is not None and end < start:
        fault = bad_value("结束早于开始", "its end is before its start")
        fault.path = f"$.{name}.end"
        raise fault
    return time_v1.TimeWindow(
        start=None if start is None else timestamp(start),
        end=None if end is None else timestamp(end),
    )


def _point(values: dict[str, Any]) -> geo_v1.GeoPoint | None:
    prefix = "destination.location."
    lat_e7: int = values.get(prefix + "lat_e7", 0)
    lng_e7: int = values.get(prefix + "lng_e7", 0)
    # 0, 0 lies in the Atlantic: it is how systems write "not geocoded"
    if not lat_e7 and not lng_e7:
        return None
    return geo_v1.GeoPoint(
        lat_e7=lat_e7,
        lng_e7=lng_e7,
        datum=values[prefix + "datum"],
        precision=values.get(prefix + "precision", geo_v1.GEO_PRECISION_DISTRICT),
    )
