"""Lines and numbers of a benchmark file; every refusal names file, line and field."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from solver.errors import InputFileError

MAX_BYTES = 1 << 29
MAX_LOCATIONS = 8_000  # beyond this the matrices alone take more than a gigabyte
MAX_NUMBER = 1e12


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file that is not blank."""

    path: str
    number: int
    text: str

    @property
    def words(self) -> list[str]:
        """Return its words."""
        return self.text.split()

    def error(self, message: str, field: str | None = None) -> InputFileError:
        """Return a refusal that points at this line."""
        return InputFileError(self.path, message, line=self.number, field=field)

    def number_in(self, word: str, field: str) -> float:
        """Return `word` as a finite number."""
        try:
            value = float(word)
        except ValueError:
            raise self.error(f"{_shown(word)} is not a number", field) from None
        if not math.isfinite(value) or abs(value) > MAX_NUMBER:
            raise self.error(f"{_shown(word)} is not a usable number", field)
        return value

    def whole_in(self, word: str, field: str, least: int = 0) -> int:
        """Return `word` as a whole number of at least `least`."""
        value = self.number_in(word, field)
        if value != int(value):
            raise self.error(f"{_shown(word)} is not a whole number", field)
        if value < least:
            raise self.error(f"{_shown(word)} is less than {least}", field)
        return int(value)

    def columns(self, fields: tuple[str, ...]) -> list[float]:
        """Return the line as one number per name in `fields`, neither more nor fewer."""
        words = self.words
        if len(words) != len(fields):
            raise self.error(
                f"has {len(words)} columns, expected {len(fields)}: {', '.join(fields)}"
            )
        return [self.number_in(word, field) for word, field in zip(words, fields, strict=True)]


def read_lines(path: str | Path) -> list[Line]:
    """Return the lines of a UTF-8 text file that are not blank.

    Raises
    ------
    InputFileError
        When it cannot be opened, is too large, is not UTF-8 text, or is empty.
    """
    name = str(path)
    try:
        if Path(path).stat().st_size > MAX_BYTES:
            raise InputFileError(name, f"is larger than {MAX_BYTES >> 20} MiB")
        raw = Path(path).read_bytes()
    except OSError as error:
        raise InputFileError(name, f"cannot be read: {error.strerror or error}") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputFileError(name, "is not UTF-8 text", line=line) from None
    lines = [
        Line(name, number, line.strip())
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
    if not lines:
        raise InputFileError(name, "is empty")
    return lines


def _shown(word: str) -> str:
    return repr(word if len(word) <= 40 else word[:37] + "...")
