"""Pages of lists: what was asked, where it goes on, and whether there is more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from services._kit.pages import page_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from google.protobuf.message import Message

    from services._kit.pages import PageTokens

T = TypeVar("T")


class Page(Generic[T]):
    """One page of a list.

    Parameters
    ----------
    request
        Has `page_size` and `page_token`; everything else in it decides what is listed.

    Raises
    ------
    Malformed
        When the size is negative or the token is not of this query.
    """

    def __init__(self, tokens: PageTokens, request: Any, largest: int) -> None:
        self._tokens = tokens
        self._query = query_of(request)
        self.size = page_size(request.page_size, largest=largest)
        position = tokens.position(self._query, request.page_token)
        self.after: Any = tuple(position) if position else None

    @property
    def limit(self) -> int:
        """How many entries to read: one more than are given tells whether there are more."""
        return self.size + 1

    def cut(
        self, found: Sequence[T], key: Callable[[T], Sequence[str | int]]
    ) -> tuple[Sequence[T], str]:
        """Return the entries to give, and the token of the next page, empty after the last."""
        given = found[: self.size]
        more = len(found) > self.size
        return given, self._tokens.token(self._query, key(given[-1])) if more else ""


def query_of(request: Message) -> bytes:
    """Return everything in `request` but its page, and its method."""
    query = type(request)()
    query.CopyFrom(request)
    query.ClearField("page_size")
    query.ClearField("page_token")
    return (
        request.DESCRIPTOR.full_name.encode() + b"\0" + query.SerializeToString(deterministic=True)
    )
