"""Waiting until the hub has nothing left to do about a channel's orders."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from orderhub.intake.v1 import intake_pb2 as intake_v1

if TYPE_CHECKING:
    from orderhub_client.client import OrderHub
    from orderhub_client.run.progress import Progress

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 0.5


class StuckError(Exception):
    """Orders that nobody works on any more; the text is for people."""


def wait_until_at_rest(
    hub: OrderHub, channel: str, *, patience_s: float, progress: Progress
) -> intake_v1.CountOrdersResponse:
    """Return the channel's counts once none of its orders is unfinished.

    Raises
    ------
    StuckError
        When the number of unfinished orders has not changed for `patience_s`.
    """
    request = intake_v1.CountOrdersRequest(channel=channel)
    before, since, pause_s = -1, time.monotonic(), FIRST_PAUSE_S
    while True:
        counts = hub.call(hub.intake.CountOrders, request, patience_s=patience_s)
        progress.at_rest(counts.orders - counts.unfinished, counts.orders)
        if not counts.unfinished:
            return counts
        now = time.monotonic()
        if counts.unfinished != before:
            before, since, pause_s = counts.unfinished, now, FIRST_PAUSE_S
        elif now - since > patience_s:
            raise StuckError(
                f"{counts.unfinished} of {counts.orders} orders have not moved for "
                f"{patience_s:.0f} s.\nSee the orchestrator's log; running again does no harm."
            )
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
