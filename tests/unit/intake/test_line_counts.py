"""Pieces called off by document and pieces left out by an update are never taken off twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from intake_desk import Desk, agrees, an_order

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import record_pb2 as record_v1

if TYPE_CHECKING:
    from orderhub.common.v1 import order_pb2 as order_v1

UPDATED = intake_v1.SUBMIT_OUTCOME_UPDATED


def plain(modified_s: int, **skus: int) -> order_v1.Order:
    order = an_order(modified_s=modified_s, skus={k.replace("_", "-"): n for k, n in skus.items()})
    order.channel = "plain"
    return order


async def called_off(desk: Desk, document: str, **skus: int) -> None:
    lines = [[sku.replace("_", "-"), pieces, 500] for sku, pieces in skus.items()]
    (result,) = await desk.send({"kind": "cancel", "id": document, "lines": lines})
    assert result.outcome == UPDATED


async def handed_out(desk: Desk) -> dict[str, int]:
    (claimed,) = (await desk.claim(desk.request_id())).orders
    return {line.sku: line.quantity for line in claimed.order.lines}


@pytest.mark.parametrize(("stated", "left"), [(2, 2), (4, 4), (7, 7), (1, 1)])
async def test_a_changed_quantity_is_what_the_channel_still_wants(
    desk: Desk, stated: int, left: int
) -> None:
    number = await desk.accepted(plain(0, SKU_1=5))
    await called_off(desk, "C1", SKU_1=3)

    await desk.submit(plain(60, SKU_1=stated))

    record = await desk.record(number)
    assert [(p.ordered, p.cancelled) for p in record.progress] == [(stated, 0)]
    assert await handed_out(desk) == {"SKU-1": left}
    agrees(record, await desk.events(number))


async def test_an_unchanged_quantity_keeps_what_was_called_off(desk: Desk) -> None:
    number = await desk.accepted(plain(0, SKU_1=5, SKU_2=1))
    await called_off(desk, "C1", SKU_1=3)

    await desk.submit(plain(60, SKU_1=5, SKU_2=2))

    assert await handed_out(desk) == {"SKU-1": 2, "SKU-2": 2}
    agrees(await desk.record(number), await desk.events(number))


async def test_pieces_are_counted_anew_after_a_changed_quantity(desk: Desk) -> None:
    number = await desk.accepted(plain(0, SKU_1=5))
    await called_off(desk, "C1", SKU_1=3)
    await desk.submit(plain(60, SKU_1=4))

    await called_off(desk, "C2", SKU_1=1)

    assert await handed_out(desk) == {"SKU-1": 3}
    agrees(await desk.record(number), await desk.events(number))


async def test_an_update_that_leaves_no_piece_ends_the_order(desk: Desk) -> None:
    number = await desk.accepted(plain(0, SKU_1=5, SKU_2=1))
    await called_off(desk, "C1", SKU_1=5)

    await desk.submit(plain(60, SKU_1=5))

    record = await desk.record(number)
    assert record.state == record_v1.ORDER_STATE_CANCELLED
    assert record.closing_reason == "ALL_LINES_CANCELLED"
    assert record.work == record_v1.WORK_RELEASE
    agrees(record, await desk.events(number))
