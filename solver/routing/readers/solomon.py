"""Solomon's text format for vehicle routing with time windows (also Gehring & Homberger's).

Reference: Solomon (1987), https://doi.org/10.1287/opre.35.2.254
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.routing.problem import (
    Depot,
    Location,
    Problem,
    Profile,
    Stop,
    VehicleType,
    Window,
)
from solver.routing.readers.conventions import Distance, euclidean
from solver.routing.readers.instance import Instance
from solver.routing.readers.text import MAX_LOCATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from solver.errors import InputFileError
    from solver.routing.readers.text import Line

COLUMNS = ("CUST NO.", "XCOORD.", "YCOORD.", "DEMAND", "READY TIME", "DUE DATE", "SERVICE TIME")


def read_solomon(lines: Sequence[Line], distance: Distance | None = None) -> Instance:
    """Return the instance in `lines`; the convention is DIMACS unless given.

    Raises
    ------
    InputFileError
        Naming the line and the column.
    """
    distance = distance or Distance.DIMACS
    fleet, rows = _parts(lines)
    numbers = fleet.words
    if len(numbers) != 2:
        raise fleet.error("expected the vehicles' NUMBER and CAPACITY", "VEHICLE")
    count = fleet.whole_in(numbers[0], "NUMBER", least=1)
    capacity = fleet.whole_in(numbers[1], "CAPACITY")
    table = np.array([row.columns(COLUMNS) for row in rows], dtype=np.float64)  # (n, 7)
    seen: set[int] = set()
    for row in rows:
        words = row.words
        number = row.whole_in(words[0], COLUMNS[0])
        row.whole_in(words[3], COLUMNS[3])
        if row.number_in(words[6], COLUMNS[6]) < 0:
            raise row.error("is negative", COLUMNS[6])
        if row.number_in(words[4], COLUMNS[4]) > row.number_in(words[5], COLUMNS[5]):
            raise row.error("READY TIME is after DUE DATE", COLUMNS[4])
        if row.number_in(words[4], COLUMNS[4]) < 0:
            raise row.error("is negative", COLUMNS[4])
        if number in seen:
            raise row.error(f"customer {number} appears twice", COLUMNS[0])
        seen.add(number)
    legs = distance.integers(euclidean(table[:, 1:3]))
    times = distance.integers(table[:, 4:7])
    ids = [str(int(number)) for number in table[:, 0]]
    problem = Problem(
        locations=[
            Location(float(x), float(y), name)
            for (x, y), name in zip(table[:, 1:3], ids, strict=True)
        ],
        depots=[Depot(0, Window(int(times[0, 0]), int(times[0, 1])), ids[0])],
        vehicle_types=[VehicleType(count=count, capacity=(capacity,))],
        profiles=[Profile(legs, legs)],
        stops=[
            Stop(
                location=row,
                delivery=(int(table[row, 3]),),
                service_s=int(times[row, 2]),
                windows=(Window(int(times[row, 0]), int(times[row, 1])),),
                id=ids[row],
            )
            for row in range(1, len(table))
        ],
    )
    return Instance(
        name=lines[0].text,
        format="solomon",
        problem=problem,
        distance=distance,
        visit_numbers=tuple(int(number) for number in table[1:, 0]),
        depot_numbers=(int(table[0, 0]),),
    )


def _parts(lines: Sequence[Line]) -> tuple[Line, Sequence[Line]]:
    """Return the line with the fleet and the lines of the customer table, depot first."""
    heads = {line.words[0].upper(): at for at, line in reversed(list(enumerate(lines)))}
    for head in ("VEHICLE", "CUSTOMER", "CUST"):
        if head not in heads:
            raise _missing(lines[-1], head)
    fleet_at = heads["VEHICLE"] + 2  # a line of column names in between
    if fleet_at >= len(lines):
        raise _missing(lines[-1], "VEHICLE")
    rows = lines[heads["CUST"] + 1 :]
    if not rows:
        raise lines[-1].error("holds no depot and no customers", "CUSTOMER")
    if len(rows) > MAX_LOCATIONS:
        raise rows[MAX_LOCATIONS].error(f"more than {MAX_LOCATIONS} locations", "CUSTOMER")
    return lines[fleet_at], rows


def _missing(last: Line, head: str) -> InputFileError:
    return last.error("section is missing or cut short", head)
