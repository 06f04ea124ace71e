"""What can be told of a street without a map: is there a house number, is it one place."""

from __future__ import annotations

import re
import unicodedata

_N = r"[0-9零一二三四五六七八九十百]+"
# A metro line, an exit or a gate has a number too, and is no house.
_NO_HOUSE = r"(?!线|口|出口|入口|门|桥|井|公路|国道|高速|航站楼|店|大街|大道|街|路)"
_HOUSE = re.compile(
    rf"{_N}(?:[-－—][0-9]+)?号{_NO_HOUSE}"
    rf"|{_N}(?:弄|幢|栋|室|单元|户)"
    r"|[A-Za-z0-9]+座|[A-Za-z][0-9]{2,}"
    r"|[0-9]+[-#][0-9]+"
    r"|(?:路|街|道|巷|里|胡同)(?:[东西南北中]段)?[0-9]+(?!号|路|[0-9]|公里)"
    r"|[0-9]{3,4}(?:房|$)"
)
_DIGIT = re.compile(r"[0-9]")
_NOT_WORD = re.compile(r"[^\w]+")


def has_house_number(street: str, country: str) -> bool:
    """Say whether `street` names a house, a building or a room."""
    text = unicodedata.normalize("NFKC", street)
    return (_HOUSE if country == "CN" else _DIGIT).search(text) is not None


def canonical(*parts: str) -> str:
    """Return the parts of an address in one form: width, case and punctuation do not matter."""
    text = unicodedata.normalize("NFKC", "|".join(parts)).casefold()
    return "|".join(_NOT_WORD.sub("", part) for part in text.split("|"))
