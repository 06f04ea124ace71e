"""The words of a `when` expression."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_CHARACTERS = 2_000

KEYWORDS = frozenset({"and", "or", "not", "in", "true", "false"})

_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.]))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<sign>==|!=|<=|>=|<|>|\+|-|\*|/|%|\(|\)|\[|\]|,)
    """,
    re.VERBOSE,
)

_FULL_WIDTH = dict(zip("（），＞＜＝“”‘’！。", "(),><=\"\"''!.", strict=True))

_HINTS = {
    "=": "write == to compare",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != to compare",
    '"': "this text has no closing quote",
    "'": "this text has no closing quote",
    ".": "a name or a number must stand before the dot",
}


class ExpressionError(ValueError):
    """The expression cannot be used; `offset` counts its characters from 0."""

    def __init__(self, offset: int, message: str) -> None:
        self.offset = offset
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `sort` is number, name, text, sign, keyword or end."""

    sort: str
    text: str
    offset: int


def tokens(source: str) -> list[Token]:
    """Split `source`; the last token is the end.

    Raises
    ------
    ExpressionError
        When the text is too long or has a character the language does not know.
    """
    if len(source) > MOST_CHARACTERS:
        raise ExpressionError(
            0, f"an expression of {len(source)} characters; at most {MOST_CHARACTERS}"
        )
    found = []
    offset = 0
    while offset < len(source):
        match = _TOKEN.match(source, offset)
        if match is None:
            raise ExpressionError(offset, _unknown(source, offset))
        sort = match.lastgroup or ""
        if sort == "name" and match.group() in KEYWORDS:
            sort = "keyword"
        if sort != "space":
            found.append(Token(sort, match.group(), offset))
        offset = match.end()
    found.append(Token("end", "", len(source)))
    return found


def text_of(token: Token) -> str:
    """Return the text a text token stands for.

    Only the quote and the backslash are escaped, so that a pattern is written as RE2 reads it.
    """
    quote = token.text[0]
    return token.text[1:-1].replace("\\" + quote, quote)


def _unknown(source: str, offset: int) -> str:
    char = source[offset]
    if char in _FULL_WIDTH:
        return f"full-width {char}; write {_FULL_WIDTH[char]}"
    if char.isdigit():
        return "not a number"
    return _HINTS.get(char, f"unexpected character {char!r}")
