"""The chores outlive their faults."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services._kit.clock import ManualClock
from services._kit.idempotency import Requests
from services._kit.pages import PageTokens
from services.fulfilment.chores import Chores
from services.fulfilment.reservations import EXPIRED
from services.fulfilment.servicer import Room
from services.fulfilment.settling import SWEEP_AFTER_US
from services.fulfilment.store import request_metadata
from tests.unit.fulfilment.desk import SECRET, order, receipt, sku, warehouse

if TYPE_CHECKING:
    from datetime import datetime

    from tests.unit.fulfilment.desk import Desk


class StoppedClock(ManualClock):
    """Fails when it is first read."""

    reads = 0

    def now(self) -> datetime:
        self.reads += 1
        if self.reads == 1:
            raise ValueError("the clock stopped")
        return super().now()


def room_of(desk: Desk, clock: ManualClock) -> Room:
    return Room(
        config=desk.config,
        database=desk.database,
        clock=clock,
        requests=Requests(request_metadata(), SECRET),
        tokens=PageTokens(SECRET),
        allocator=desk.allocator,
    )


async def test_the_chores_go_on_after_a_fault_and_end_when_closed(
    desk: Desk, clock: ManualClock
) -> None:
    desk.put_skus(sku())
    desk.put_warehouses(warehouse())
    desk.receive("r", receipt())
    desk.allocate(order("A", ("S1", 1), lease_s=60))
    stopped = StoppedClock(clock.now())
    stopped.advance(SWEEP_AFTER_US // 1_000_000 + 61)
    chores = Chores(room_of(desk, stopped), pause_s=0.001)

    while desk.reservations("A")[0].state != EXPIRED:  # cut off by the test's own time limit
        await asyncio.sleep(0.01)

    await chores.close()
    assert stopped.reads > 1
