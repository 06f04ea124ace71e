"""Stated, seeded scenarios: the warehouses, goods and vehicles that a source does not name.

`docs/scenarios.md` says what is made up and how; the same file and seed always give the same
scenario, to the byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub_client.scenario import olist, online_retail
from orderhub_client.sources import read_source
from orderhub_client.sources.online_retail import payloads as retail_payloads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orderhub_client.scenario.model import Scenario
    from orderhub_client.sources.payload import Payload

DEFAULT_SEED = 1

__all__ = ["DEFAULT_SEED", "payloads_for", "scenario_for"]


def scenario_for(source: str, path: Path, seed: int = DEFAULT_SEED) -> Scenario | None:
    """Return the scenario of a source, from all of its data; `None` where there is none.

    The generic sources have none: they run on the master data already in the hub.

    Raises
    ------
    SourceError
        When a file cannot be read as it stands.
    """
    if source == "olist":
        return olist.build(path, seed)
    if source == "online_retail":
        return online_retail.build(path, seed)
    return None


def payloads_for(source: str, path: Path, seed: int = DEFAULT_SEED) -> Iterator[Payload]:
    """Yield a source's payloads, with the places that its scenario gives to customers."""
    if source == "online_retail":
        return retail_payloads(path, online_retail.locator(seed))
    return read_source(source, path)
