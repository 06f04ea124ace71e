"""VRPLIB files: CVRP, VRPTW and MDVRPTW, from coordinates or explicit matrices."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from solver.routing.problem import (
    ALWAYS,
    Depot,
    Location,
    Problem,
    Profile,
    Stop,
    VehicleType,
    Window,
)
from solver.routing.readers.conventions import Distance
from solver.routing.readers.edges import legs_of
from solver.routing.readers.instance import Instance
from solver.routing.readers.sections import split_sections
from solver.routing.readers.text import MAX_LOCATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from solver.routing.readers.sections import Sections
    from solver.routing.readers.text import Line

SERVED = frozenset({"CVRP", "VRPTW", "MDVRPTW", "MDVRP", "DCVRP", "ACVRP", "PCVRPTW", "VRP"})
KNOWN_SECTIONS = frozenset(
    {
        "NODE_COORD",
        "DEMAND",
        "DEPOT",
        "EDGE_WEIGHT",
        "TIME_WINDOW",
        "SERVICE_TIME",
        "RELEASE_TIME",
        "PRIZE",
        "VEHICLES_DEPOT",
        "DISPLAY_DATA",
    }
)
KNOWN_VALUES = frozenset(
    {
        "NAME",
        "COMMENT",
        "TYPE",
        "DIMENSION",
        "VEHICLES",
        "CAPACITY",
        "SERVICE_TIME",
        "DISTANCE",
        "VEHICLES_MAX_DURATION",
        "VEHICLES_MAX_DISTANCE",
        "EDGE_WEIGHT_TYPE",
        "EDGE_WEIGHT_FORMAT",
        "NODE_COORD_TYPE",
        "DISPLAY_DATA_TYPE",
    }
)


def read_vrplib(lines: Sequence[Line], distance: Distance | None = None) -> Instance:
    """Return the instance in `lines`.

    The convention, unless given, is that of the set's published costs: none for
    explicit matrices, EXACT for several depots, DIMACS with time windows, else
    ROUND. Distances are travel times too, as everywhere in these sets.

    Raises
    ------
    InputFileError
        Naming line and section; also for sections and keys that are not served,
        since leaving one out could change the problem.
    """
    file = split_sections(lines)
    _refuse_unknown(file)
    size = file.whole("DIMENSION", least=1)
    if size > MAX_LOCATIONS:
        line = file.values["DIMENSION"][0]
        raise line.error(f"{size} locations, served are {MAX_LOCATIONS}", "DIMENSION")
    distance = distance or _default(file)
    nodes = _nodes(file, size)
    depots = _depots(file, nodes)
    legs, coordinates = legs_of(file, nodes, distance)
    service_s = _times(file, "SERVICE_TIME", nodes, distance)
    if "SERVICE_TIME" in file.values:
        every = distance.integer(file.number("SERVICE_TIME"))
        service_s = [0 if node in depots else every for node in nodes]
    windows = _windows(file, nodes, distance)
    release_s = _times(file, "RELEASE_TIME", nodes, distance)
    prize = _times(file, "PRIZE", nodes, distance)
    demand = _demand(file, nodes)
    row_of = {node: row for row, node in enumerate(nodes)}
    customers = [node for node in nodes if node not in depots]
    problem = Problem(
        locations=_locations(nodes, coordinates),
        depots=[Depot(row_of[d], windows[row_of[d]], str(d)) for d in depots],
        vehicle_types=_vehicle_types(file, depots, len(customers), distance),
        profiles=[Profile(legs, legs)],
        stops=[
            Stop(
                location=row,
                delivery=(demand[row],),
                service_s=service_s[row],
                windows=(windows[row],),
                required=not prize[row],
                prize=prize[row],
                release_s=release_s[row],
                id=str(node),
            )
            for node, row in ((node, row_of[node]) for node in customers)
        ],
    )
    return Instance(
        name=file.text("NAME", ""),
        format="vrplib",
        problem=problem,
        distance=distance,
        visit_numbers=tuple(customers),
        depot_numbers=tuple(depots),
    )


def _locations(nodes: Sequence[int], points: NDArray[np.float64] | None) -> list[Location]:
    if points is None:
        return [Location(id=str(node)) for node in nodes]
    return [
        Location(float(x), float(y), str(node)) for node, (x, y) in zip(nodes, points, strict=True)
    ]


def _refuse_unknown(file: Sections) -> None:
    for name, line in file.heads.items():
        if name not in KNOWN_SECTIONS:
            raise line.error("is not served", f"{name}_SECTION")
    for key, (line, _) in file.values.items():
        if key not in KNOWN_VALUES:
            raise line.error("is not served", key)
    kind = file.text("TYPE", "CVRP").upper()
    if kind not in SERVED:
        raise file.values["TYPE"][0].error(f"{kind} is not served", "TYPE")


def _default(file: Sections) -> Distance:
    if file.text("EDGE_WEIGHT_TYPE").upper() == "EXPLICIT":
        return Distance.NONE
    if len(file.rows.get("DEPOT", ())) > 2 or file.text("TYPE", "").upper().startswith("MD"):
        return Distance.EXACT
    return Distance.DIMACS if "TIME_WINDOW" in file.rows else Distance.ROUND


def _nodes(file: Sections, size: int) -> list[int]:
    """Return the node numbers, in the order of the coordinates, else rising."""
    name = next((n for n in ("NODE_COORD", "DEMAND") if n in file.rows), None)
    if name is None:
        raise file.error("DEMAND", "is missing")
    nodes = list(file.table(name, 2 if name == "NODE_COORD" else 1))
    if len(nodes) != size:
        raise file.error(name, f"has {len(nodes)} rows, DIMENSION is {size}")
    return nodes


def _column(file: Sections, name: str, nodes: Sequence[int], width: int) -> list[list[float]]:
    """Return a section as one row per node, in the order of `nodes`."""
    table = file.table(name, width)
    for node in nodes:
        if node not in table:
            raise file.error(name, f"has no row for node {node}")
    if len(table) != len(nodes):
        extra = next(iter(table.keys() - set(nodes)))
        raise table[extra][0].error(f"node {extra} is not in the file", name)
    for line, values in table.values():
        if min(values) < 0:
            raise line.error("must not be negative", name)
    return [table[node][1] for node in nodes]


def _depots(file: Sections, nodes: Sequence[int]) -> list[int]:
    if "DEPOT" not in file.rows:
        raise file.error("DEPOT", "is missing")
    depots: list[int] = []
    for line in file.rows["DEPOT"]:
        for word in line.words:
            if word == "-1":
                break
            depot = line.whole_in(word, "DEPOT_SECTION", least=1)
            if depot not in nodes or depot in depots:
                raise line.error(f"node {depot} is unknown or given twice", "DEPOT_SECTION")
            depots.append(depot)
    if not depots:
        raise file.error("DEPOT", "names no depot")
    return depots


def _times(file: Sections, name: str, nodes: Sequence[int], distance: Distance) -> list[int]:
    if name not in file.rows:
        return [0] * len(nodes)
    values = np.array(_column(file, name, nodes, 1), dtype=np.float64)
    return [int(value) for value in distance.integers(values[:, 0])]


def _windows(file: Sections, nodes: Sequence[int], distance: Distance) -> list[Window]:
    if "TIME_WINDOW" not in file.rows:
        return [ALWAYS] * len(nodes)
    table = file.table("TIME_WINDOW", 2)
    for node, (line, (opens, closes)) in table.items():
        if opens > closes:
            raise line.error(f"node {node} opens after it closes", "TIME_WINDOW")
    values = np.array(_column(file, "TIME_WINDOW", nodes, 2), dtype=np.float64)
    return [Window(int(a), int(b)) for a, b in distance.integers(values)]


def _demand(file: Sections, nodes: Sequence[int]) -> list[int]:
    if "DEMAND" not in file.rows:
        raise file.error("DEMAND", "is missing")
    for line in file.rows["DEMAND"]:
        line.whole_in(line.words[-1], "DEMAND")
    return [int(row[0]) for row in _column(file, "DEMAND", nodes, 1)]


def _vehicle_types(
    file: Sections, depots: Sequence[int], customers: int, distance: Distance
) -> list[VehicleType]:
    capacity = file.whole("CAPACITY")
    count = file.whole("VEHICLES", least=1) if "VEHICLES" in file.values else customers
    longest = next((k for k in ("VEHICLES_MAX_DURATION", "DISTANCE") if k in file.values), None)
    farthest = "VEHICLES_MAX_DISTANCE" if "VEHICLES_MAX_DISTANCE" in file.values else None
    max_duration_s = None if longest is None else distance.integer(file.number(longest))
    max_distance = None if farthest is None else distance.integer(file.number(farthest))
    if "VEHICLES_DEPOT" in file.rows:
        table = file.table("VEHICLES_DEPOT", 1)
        if "VEHICLES" in file.values and len(table) != count:
            raise file.error("VEHICLES_DEPOT", f"has {len(table)} rows, VEHICLES is {count}")
        for line, (depot,) in table.values():
            if depot not in depots:
                raise line.error(f"{depot:g} is not a depot", "VEHICLES_DEPOT")
        homes = Counter(depots.index(int(depot)) for _, (depot,) in table.values())
    elif len(depots) > 1:
        raise file.error("VEHICLES_DEPOT", "is missing, and there are several depots")
    else:
        homes = Counter({0: count})
    return [
        VehicleType(
            count=vehicles,
            capacity=(capacity,),
            start_depot=home,
            end_depot=home,
            max_duration_s=max_duration_s,
            max_distance=max_distance,
        )
        for home, vehicles in sorted(homes.items())
    ]
