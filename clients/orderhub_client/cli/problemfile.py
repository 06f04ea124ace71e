"""A routing problem of the caller's own, from a JSON file."""

from __future__ import annotations

import itertools
import json
import struct
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub_client.cli.failures import UsageFault
from orderhub_client.sources.text import SourceError, utf8_text

if TYPE_CHECKING:
    from pathlib import Path


def read_problem(path: Path) -> routing_v1.RouteProblem:
    """Return the problem in `path`: a `RouteProblem` by its wire names.

    A matrix may be given as rows of whole numbers instead of the wire's bytes.

    Raises
    ------
    SourceError
        When the file is no JSON.
    UsageFault
        When it does not fit the message, naming what does not.
    """
    try:
        given = json.loads(utf8_text(path))
    except json.JSONDecodeError as error:
        raise SourceError(path, f"not JSON: {error.msg}", error.lineno) from None
    if not isinstance(given, dict):
        raise UsageFault(f"{path}: a problem is a JSON object.")
    matrix = given.pop("matrix", None)
    try:
        problem = json_format.ParseDict(given, routing_v1.RouteProblem())
    except json_format.ParseError as error:
        raise UsageFault(f"{path}: {error}") from None
    if isinstance(matrix, dict):
        for name, rows in matrix.items():
            if name not in {"travel_s", "distance_m"}:
                raise UsageFault(f"{path}: matrix: there is no field {name!r}.")
            setattr(problem.matrix, name, _packed(path, name, rows))
    elif matrix is not None:
        raise UsageFault(f"{path}: matrix: an object with travel_s, and maybe distance_m.")
    return problem


def _packed(path: Path, name: str, rows: Any) -> bytes:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise UsageFault(f"{path}: matrix.{name}: rows of whole numbers are needed.")
    uneven = [number for number, row in enumerate(rows) if len(row) != len(rows)]
    if uneven:
        raise UsageFault(
            f"{path}: matrix.{name}: row {uneven[0]} has {len(rows[uneven[0]])} values, "
            f"there are {len(rows)} rows."
        )
    values = list(itertools.chain.from_iterable(rows))
    try:
        return struct.pack(f"<{len(values)}i", *values)
    except struct.error:
        raise UsageFault(f"{path}: matrix.{name}: values are whole numbers of 32 bits.") from None
