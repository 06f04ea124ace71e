"""Benchmark files: the format is told from the content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from solver.errors import InputFileError, InvalidProblemError
from solver.routing.readers.li_lim import read_li_lim
from solver.routing.readers.solomon import read_solomon
from solver.routing.readers.text import read_lines
from solver.routing.readers.vrplib_file import read_vrplib

if TYPE_CHECKING:
    from pathlib import Path

    from solver.routing.readers.conventions import Distance
    from solver.routing.readers.instance import Instance


def read_instance(path: str | Path, distance: Distance | None = None) -> Instance:
    """Return the instance in a Solomon, VRPLIB or Li & Lim file.

    Parameters
    ----------
    path
        The file.
    distance
        Convention; None takes the one behind the format's published costs.

    Raises
    ------
    InputFileError
        When the file cannot be read as any of them; names line and field.
    """
    lines = read_lines(path)
    words = {line.words[0].upper().rstrip(":") for line in lines[:50]}
    words |= {line.text.partition(":")[0].strip().upper() for line in lines[:50]}
    try:
        if "DIMENSION" in words or any(word.endswith("_SECTION") for word in words):
            return read_vrplib(lines, distance)
        if "VEHICLE" in words or "CUSTOMER" in words:
            return read_solomon(lines, distance)
        if len(lines[0].words) == 3 and all(_is_number(word) for word in lines[0].words):
            return read_li_lim(lines, distance)
    except InvalidProblemError as error:
        raise InputFileError(str(path), error.message, field=error.field) from error
    raise InputFileError(str(path), "is in none of the formats Solomon, VRPLIB, Li & Lim")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
