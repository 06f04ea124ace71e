"""A running intake on either database, under a clock that stands still."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.append(str(Path(__file__).parent))

from intake_desk import Desk

from services._kit.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services._kit.config import Config

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)  # noon in Shanghai


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def desk(config: Config, clock: ManualClock) -> AsyncIterator[Desk]:
    """Everything that can be asked of intake, answered in this process."""
    desk = await Desk.open(config, clock)
    yield desk
    await desk.close()
