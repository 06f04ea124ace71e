"""An allocation explained, from what was kept at its decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhub.common.v1 import money_pb2 as money_v1
from orderhub.common.v1 import text_pb2 as text_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from services._kit.errors import NotFound
from services.fulfilment.options import chosen_option, runner_up, unpack
from services.fulfilment.reasons import Reason

if TYPE_CHECKING:
    from services.fulfilment.decisions import Stored
    from services.fulfilment.options import Option

# Why a line has no stock, Chinese and English; `{}` is the line.
WHY = {
    allocation_v1.UNFILLED_REASON_OUT_OF_STOCK: (
        "第 {} 行：没有仓库有足够的库存。",
        "Line {}: no warehouse has enough of it.",
    ),
    allocation_v1.UNFILLED_REASON_TAKEN_BY_OTHERS: (
        "第 {} 行：库存已分配给同批的其他订单。",
        "Line {}: other orders of the batch took it.",
    ),
    allocation_v1.UNFILLED_REASON_PARCEL_LIMIT: (
        "第 {} 行：该订单的包裹数已达上限，或不允许分仓发货。",
        "Line {}: the order may not take another parcel.",
    ),
    allocation_v1.UNFILLED_REASON_WAREHOUSE_CAPACITY: (
        "第 {} 行：有货的仓库当日包裹量已满。",
        "Line {}: the warehouses that have it ship no more parcels that day.",
    ),
    allocation_v1.UNFILLED_REASON_NOT_ALLOWED: (
        "第 {} 行：有货的仓库不能发货（关闭、温区不符或币种不同）。",
        "Line {}: no warehouse that has it may ship it (closed, other temperature or currency).",
    ),
    allocation_v1.UNFILLED_REASON_DEARER_THAN_UNFILLED: (
        "第 {} 行：发货成本高于缺货成本。",
        "Line {}: shipping it costs more than leaving it out.",
    ),
    allocation_v1.UNFILLED_REASON_UNKNOWN_SKU: (
        "第 {} 行：SKU 不在主数据中。",
        "Line {}: the SKU is not in the master data.",
    ),
}


def explain(stored: Stored | None, order_number: str) -> allocation_v1.ExplainAllocationResponse:
    """Return the explanation of what is stored about an order.

    Raises
    ------
    NotFound
        When nothing was ever decided about it.
    """
    if stored is None or not stored.answer:
        raise NotFound(Reason.NO_DECISION, field="order_number", order_number=order_number)
    answer = stored.message()
    lots = unpack(stored.options)
    chosen, other = chosen_option(lots), runner_up(lots)
    response = allocation_v1.ExplainAllocationResponse(
        allocation=answer,
        chosen=_option_to_pb(chosen, answer.cost.currency),
        summary=_summary(answer, chosen, other),
    )
    if other is not None:
        response.runner_up.CopyFrom(_option_to_pb(other, answer.cost.currency))
    return response


def _option_to_pb(option: Option, currency: str) -> allocation_v1.AllocationOption:
    message = allocation_v1.AllocationOption(
        warehouse_ids=option.warehouse_ids,
        cost=money_v1.Money(currency=currency, amount_minor=option.cost_minor),
        unfilled_lines=option.unfilled_lines,
    )
    for name, amount in option.terms.items():
        if amount:
            message.terms.add(name=name, amount_minor=amount)
    return message


def _summary(
    answer: allocation_v1.OrderAllocation, chosen: Option, other: Option | None
) -> text_v1.LocalizedText:
    currency = answer.cost.currency
    price = f"{chosen.cost_minor} {currency}"
    if chosen.warehouse_ids:
        names = ", ".join(chosen.warehouse_ids)
        zh = [f"由 {names} 发货，成本 {price}（最小货币单位）。"]
        en = [f"Ships from {names} at {price} (minor units)."]
    else:
        zh = [f"没有发货，成本 {price}（最小货币单位）。"]
        en = [f"Nothing ships; that costs {price} (minor units)."]
    if other is None:
        zh.append("没有其他可行方案。")
        en.append("There was no other way.")
    else:
        more = other.cost_minor - chosen.cost_minor
        names = ", ".join(other.warehouse_ids)
        zh.append(f"次优方案（{names or '不发货'}）成本 {other.cost_minor}，相差 {more}。")
        en.append(
            f"The runner-up ({names or 'nothing ships'}) costs {other.cost_minor}: {more} more."
        )
    for line in answer.unfilled:
        why = WHY[line.reason]
        zh.append(why[0].format(line.line_no))
        en.append(why[1].format(line.line_no))
    return text_v1.LocalizedText(zh="".join(zh), en=" ".join(en))
