"""Strict UTF-8, line by line, with a fault that says where."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class SourceError(Exception):
    """A source that cannot be read as it stands; its text is one sentence with the place.

    Attributes
    ----------
    path
        The file or folder.
    line
        Line in it, 1 the first; 0 where the fault is the file's as a whole.
    """

    def __init__(self, path: Path, message: str, line: int = 0) -> None:
        self.path = path
        self.line = line
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")


def utf8_lines(path: Path) -> Iterator[str]:
    """Yield the lines of `path` with their ends; a byte order mark is left out.

    Raises
    ------
    SourceError
        When the file cannot be opened, or at the first byte that is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            yield from decoded_lines(file, path)
    except OSError as error:
        raise SourceError(path, _said(error)) from None


def decoded_lines(lines: Iterable[bytes], path: Path) -> Iterator[str]:
    """Yield `lines` as text; `path` is named in errors, as of `utf8_lines`."""
    for number, raw in enumerate(lines, start=1):
        given = raw.removeprefix(BYTE_ORDER_MARK) if number == 1 else raw
        yield _decoded(given, path, number)


def utf8_text(path: Path) -> str:
    """Return all of `path`; errors as of `utf8_lines`."""
    return "".join(utf8_lines(path))


def _decoded(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            path,
            f"byte {error.start + 1} of the line (0x{raw[error.start]:02x}) is not UTF-8; "
            "save the file as UTF-8",
            number,
        ) from None


def _said(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "is a folder; a file is needed"
    return (error.strerror or str(error)).lower()
