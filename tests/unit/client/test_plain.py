"""Messages as plain values, and back."""

from __future__ import annotations

from google.protobuf import json_format

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub_client.plain import plain, wire


def test_what_a_list_prints_may_be_put_again() -> None:
    warehouse = inventory_v1.Warehouse(
        warehouse_id="W1",
        location=geo_v1.GeoPoint(lat_e7=1, datum=geo_v1.DATUM_GCJ02),
        temperatures=[inventory_v1.TEMPERATURE_ZONE_CHILLED],
    )

    again = json_format.ParseDict(
        wire(plain(warehouse), warehouse.DESCRIPTOR), inventory_v1.Warehouse()
    )

    assert again == warehouse


def test_an_enum_by_its_full_name_stays_as_it_is() -> None:
    given = {"location": {"datum": "DATUM_BD09"}, "nonsense": 1}

    assert wire(given, inventory_v1.Warehouse.DESCRIPTOR) == given
