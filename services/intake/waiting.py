"""Long polls for work: woken by what is committed here, looking now and then for the rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from services.intake import claims
from services.intake.convert import now_us

if TYPE_CHECKING:
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from services.intake.claims import Claim
    from services.intake.intake import Intake

LOOK_S = 0.5  # how often leases that end and other processes' orders are looked for


async def claim_when_there_is_work(
    intake: Intake, wanted: Claim, wait_s: float
) -> intake_v1.ClaimOrdersResponse:
    """Return work as soon as there is some, an empty answer once `wait_s` seconds are over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_s
    ticket = intake.outbox.wake.ticket()
    response = await _claim(intake, wanted)
    while not response.orders and not response.resumed:
        left_s = until - loop.time()
        if left_s <= 0 or intake.draining.is_set():
            break
        try:
            async with asyncio.timeout(min(left_s, LOOK_S)):
                await ticket.wait()
        except TimeoutError:
            pass
        ticket = intake.outbox.wake.ticket()
        at_us = now_us(intake.clock.now())
        if await intake.database.read(lambda c, at=at_us: claims.has_work(c, at)):  # type: ignore[misc]
            response = await _claim(intake, wanted)
    return response


async def _claim(intake: Intake, wanted: Claim) -> intake_v1.ClaimOrdersResponse:
    at_us = now_us(intake.clock.now())
    return await intake.database.write(lambda c: claims.claim(c, wanted, at_us), repeatable=True)
