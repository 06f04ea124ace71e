"""Li & Lim's text format for pickup and delivery with time windows.

Reference: Li & Lim (2003), https://doi.org/10.1142/S0218213003001186
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.routing.problem import (
    Depot,
    Location,
    Problem,
    Profile,
    Shipment,
    ShipmentEnd,
    VehicleType,
    Window,
)
from solver.routing.readers.conventions import Distance, euclidean
from solver.routing.readers.instance import Instance
from solver.routing.readers.text import MAX_LOCATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solver.routing.readers.text import Line

COLUMNS = ("NO", "X", "Y", "DEMAND", "EARLIEST", "LATEST", "SERVICE", "PICKUP", "DELIVERY")


def read_li_lim(lines: Sequence[Line], distance: Distance | None = None) -> Instance:
    """Return the instance in `lines`; the convention is EXACT unless given.

    The objective is distance alone. The header's third number, a speed, is 1 in
    every published file and is not used.

    Raises
    ------
    InputFileError
        Naming the line and the column.
    """
    distance = distance or Distance.EXACT
    header, rows = lines[0], lines[1:]
    if not rows:
        raise header.error("holds no depot and no tasks")
    if len(rows) > MAX_LOCATIONS:
        raise rows[MAX_LOCATIONS].error(f"more than {MAX_LOCATIONS} locations")
    count = header.whole_in(header.words[0], "vehicles", least=1)
    capacity = header.whole_in(header.words[1], "capacity")
    table = np.array([row.columns(COLUMNS) for row in rows], dtype=np.float64)  # (n, 9)
    row_of: dict[int, int] = {}
    for at, row in enumerate(rows):
        number = row.whole_in(row.words[0], "NO")
        if number in row_of:
            raise row.error(f"task {number} appears twice", "NO")
        row_of[number] = at
        for column in (7, 8):
            row.whole_in(row.words[column], COLUMNS[column])
        if table[at, 4] > table[at, 5] or table[at, 4] < 0:
            raise row.error("EARLIEST must lie between 0 and LATEST", "EARLIEST")
        if table[at, 6] < 0:
            raise row.error("is negative", "SERVICE")
    legs = distance.integers(euclidean(table[:, 1:3]))
    times = distance.integers(table[:, 4:7])

    def end(at: int) -> ShipmentEnd:
        return ShipmentEnd(
            location=at,
            service_s=int(times[at, 2]),
            windows=(Window(int(times[at, 0]), int(times[at, 1])),),
            id=str(int(table[at, 0])),
        )

    pairs = _pairs(rows, table, row_of)
    problem = Problem(
        locations=[Location(float(r[1]), float(r[2]), str(int(r[0]))) for r in table],
        depots=[Depot(0, Window(int(times[0, 0]), int(times[0, 1])), str(int(table[0, 0])))],
        vehicle_types=[VehicleType(count=count, capacity=(capacity,))],
        profiles=[Profile(legs, legs)],
        shipments=[
            Shipment(
                pickup=end(pickup),
                delivery=end(delivery),
                load=(int(table[pickup, 3]),),
                id=f"{int(table[pickup, 0])}-{int(table[delivery, 0])}",
            )
            for pickup, delivery in pairs
        ],
    )
    return Instance(
        name="",
        format="li-lim",
        problem=problem,
        distance=distance,
        visit_numbers=tuple(int(table[at, 0]) for pair in pairs for at in pair),
        depot_numbers=(int(table[0, 0]),),
    )


def _pairs(
    rows: Sequence[Line], table: np.ndarray, row_of: dict[int, int]
) -> list[tuple[int, int]]:
    """Return the table rows of each pickup and its delivery."""
    pairs = []
    for at in range(1, len(rows)):
        row, number = rows[at], int(table[at, 0])
        pickup, delivery = int(table[at, 7]), int(table[at, 8])
        if (pickup == 0) == (delivery == 0):
            raise row.error("needs exactly one of PICKUP and DELIVERY", "PICKUP")
        partner = row_of.get(pickup or delivery)
        if partner is None or partner == 0:
            raise row.error(f"names task {pickup or delivery}, which is not there", "DELIVERY")
        if int(table[partner, 7 if delivery else 8]) != number:
            raise row.error(f"task {pickup or delivery} does not name it back", "DELIVERY")
        load = table[at, 3]
        if load != int(load) or load != -table[partner, 3] or (load < 0) != bool(pickup):
            raise row.error("must be whole, and its partner's with the other sign", "DEMAND")
        if delivery:
            pairs.append((at, partner))
    return pairs
