"""A VRPLIB file's leg lengths, from coordinates or an explicit matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.routing.readers.conventions import Distance, euclidean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from solver.routing.problem import IntArray
    from solver.routing.readers.sections import Sections

ROUNDED_BEFORE = {"FLOOR_2D": np.floor, "CEIL_2D": np.ceil}


def legs_of(
    file: Sections, nodes: Sequence[int], distance: Distance
) -> tuple[IntArray, NDArray[np.float64] | None]:
    """Return the legs `(n, n)` between `nodes` and their coordinates `(n, 2)`, if given.

    Raises
    ------
    InputFileError
        For a matrix of the wrong size, a negative or fractional entry, or an
        edge weight type that is not served.
    """
    points = None
    if "NODE_COORD" in file.rows:
        table = file.table("NODE_COORD", 2)
        points = np.array([table[node][1] for node in nodes], dtype=np.float64)
    kind = file.text("EDGE_WEIGHT_TYPE").upper()
    if kind == "EXPLICIT":
        return _explicit(file, len(nodes), distance), points
    if kind not in {"EUC_2D", "EXACT_2D", *ROUNDED_BEFORE}:
        line = file.values["EDGE_WEIGHT_TYPE"][0]
        raise line.error(f"{kind} is not served", "EDGE_WEIGHT_TYPE")
    if points is None:
        raise file.error("NODE_COORD", "is missing")
    lengths = euclidean(points)
    if kind in ROUNDED_BEFORE:
        lengths = ROUNDED_BEFORE[kind](lengths)
    return distance.integers(lengths), points


def _explicit(file: Sections, size: int, distance: Distance) -> IntArray:
    if "EDGE_WEIGHT" not in file.rows:
        raise file.error("EDGE_WEIGHT", "is missing")
    form = file.text("EDGE_WEIGHT_FORMAT").upper()
    cells = {
        "FULL_MATRIX": size * size,
        "LOWER_ROW": size * (size - 1) // 2,
        "UPPER_ROW": size * (size - 1) // 2,
        "LOWER_DIAG_ROW": size * (size + 1) // 2,
        "UPPER_DIAG_ROW": size * (size + 1) // 2,
    }.get(form)
    if cells is None:
        line = file.values["EDGE_WEIGHT_FORMAT"][0]
        raise line.error(f"{form} is not served", "EDGE_WEIGHT_FORMAT")
    values: list[float] = []
    for line in file.rows["EDGE_WEIGHT"]:
        row = [line.number_in(word, "EDGE_WEIGHT") for word in line.words]
        if min(row) < 0:
            raise line.error("must not be negative", "EDGE_WEIGHT")
        if distance is Distance.NONE and any(value != int(value) for value in row):
            raise line.error("must be whole numbers (or choose a distance)", "EDGE_WEIGHT")
        values += row
        if len(values) > cells:
            raise line.error(f"more than {cells} entries for {size} nodes", "EDGE_WEIGHT")
    if len(values) != cells:
        raise file.error("EDGE_WEIGHT", f"has {len(values)} entries, {size} nodes need {cells}")
    if form == "FULL_MATRIX":
        matrix = np.array(values, dtype=np.float64).reshape(size, size)
    else:
        matrix = np.zeros((size, size), dtype=np.float64)
        offset = 0 if "DIAG" in form else 1
        if form.startswith("LOWER"):
            matrix[np.tril_indices(size, -offset)] = values
        else:
            matrix[np.triu_indices(size, offset)] = values
        matrix = np.maximum(matrix, matrix.T)
    np.fill_diagonal(matrix, 0.0)  # some files fill it with a large number
    return distance.integers(matrix)
