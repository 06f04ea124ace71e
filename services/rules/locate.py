"""Where in a file an offset inside a YAML value stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.rules.problems import Position

if TYPE_CHECKING:
    from services.rules.yamlfile import Scalar


def position_in(scalar: Scalar, offset: int, text: str) -> Position:
    """Return the place of character `offset` of the text `scalar` within the file `text`.

    Folding and indentation only change white space, so the two are walked side by side over what
    is not. Where escapes make them differ, the beginning of the value is returned.
    """
    value = str(scalar.value)
    at = scalar.start
    if at < len(text) and text[at] in "|>":
        at = text.find("\n", at) + 1
    elif at < len(text) and text[at] in "\"'":
        at += 1
    for index, char in enumerate(value):
        if char.isspace():
            continue
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text) or text[at] != char:
            return scalar.at
        if index >= offset:
            break
        at += 1
    line = text.count("\n", 0, at) + 1
    return Position(scalar.at.file, line, at - text.rfind("\n", 0, at))
