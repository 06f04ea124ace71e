"""One bad order must not hold up its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from services._kit import logs
from services.orchestrator.peers import CallRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = logs.logger("orchestrator.resilience")

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def call_in_parts(
    items: Sequence[Item], call: Callable[[Sequence[Item]], Sequence[Answer]]
) -> list[Answer | None]:
    """Return `call`'s answers; `None` for each item that is refused even when sent alone.

    A refused part is halved and both halves are sent again, so a batch with one bad item of n
    costs about 2 log2 n calls. `call` answers each item in the order given.
    """
    if not items:
        return []
    try:
        answers = call(items)
    except CallRefused as refusal:
        if len(items) == 1:
            log.error("refused on its own, to be held for a person", refusal=str(refusal))
            return [None]
        middle = len(items) // 2
        return [
            *call_in_parts(items[:middle], call),
            *call_in_parts(items[middle:], call),
        ]
    if len(answers) != len(items):
        log.error("a peer answered another number", asked=len(items), answered=len(answers))
        return [None] * len(items)
    return list(answers)
