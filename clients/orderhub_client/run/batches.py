"""Payloads brought together for one call, within the hub's limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orderhub_client.run.sending import Numbered

MAX_BATCH = 500
MAX_BYTES = 3_000_000  # the hub takes 4 MiB


def batches(given: Iterable[Numbered], size: int) -> Iterator[list[Numbered]]:
    """Yield `given` in order, up to `size` and `MAX_BYTES` together, but at least one."""
    batch: list[Numbered] = []
    together = 0
    for numbered in given:
        length = len(numbered.payload.body)
        if batch and (len(batch) >= size or together + length > MAX_BYTES):
            yield batch
            batch, together = [], 0
        batch.append(numbered)
        together += length
    if batch:
        yield batch
