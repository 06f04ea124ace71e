"""Page tokens: opaque, signed, and good for the query that gave them only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

import orjson

from services._kit.errors import Malformed
from services._kit.reasons import Reason
from services._kit.secret import derived

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_SIZE = 50
MAX_SIZE = 500
_MARK = 16  # bytes of signature, and of the query's hash
FIELD = "page_token"


class PageTokens:
    """Makes and reads page tokens.

    Parameters
    ----------
    secret
        The installation's.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = derived(secret, "page token")

    def token(self, query: bytes, position: Sequence[str | int]) -> str:
        """Return the token that goes on after `position`.

        Parameters
        ----------
        query
            Everything that decides what is listed and in which order, the caller's own scope
            included: the serialised request without page size and token, say.
        position
            The sort key of the last entry given.
        """
        body = self._mark(b"query", query) + orjson.dumps(list(position))
        return base64.urlsafe_b64encode(self._mark(b"token", body) + body).decode().rstrip("=")

    def position(self, query: bytes, token: str) -> list[str | int] | None:
        """Return the position in `token`; `None` for an empty one, the first page.

        Raises
        ------
        Malformed
            Naming `page_token`, when it is not ours or was given to another query.
        """
        if not token:
            return None
        try:
            raw = base64.b64decode(
                token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True
            )
        except (binascii.Error, UnicodeError):
            raw = b""
        signature, body = raw[:_MARK], raw[_MARK:]
        if not hmac.compare_digest(signature, self._mark(b"token", body)):
            raise Malformed(Reason.PAGE_TOKEN_INVALID, field=FIELD)
        if not hmac.compare_digest(body[:_MARK], self._mark(b"query", query)):
            raise Malformed(Reason.PAGE_TOKEN_OTHER_QUERY, field=FIELD)
        position: list[str | int] = orjson.loads(body[_MARK:])
        return position

    def _mark(self, purpose: bytes, data: bytes) -> bytes:
        return hashlib.blake2b(
            data, key=self._key, digest_size=_MARK, person=purpose.ljust(16)
        ).digest()


def page_size(asked: int, *, default: int = DEFAULT_SIZE, largest: int = MAX_SIZE) -> int:
    """Return how many entries to give: `default` for 0, never more than `largest`.

    Raises
    ------
    Malformed
        Naming `page_size`, for a negative number.
    """
    if asked < 0:
        raise Malformed(Reason.OUT_OF_RANGE, "page_size is 0 or more", field="page_size")
    return min(asked or default, largest)
