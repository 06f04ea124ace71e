"""A real fulfilment: its database, its rules, a clock that stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services._kit.clock import ManualClock
from tests.unit.fulfilment.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services._kit.config import Config


@pytest.fixture
def clock() -> ManualClock:
    """The present: 2026-01-01 00:00 UTC, until it is moved."""
    return ManualClock()


@pytest.fixture
def desk(config: Config, clock: ManualClock) -> Iterator[Desk]:
    """Fulfilment's own calls on a fresh database, without a server around them."""
    desk = Desk(config, clock)
    yield desk
    desk.close()
