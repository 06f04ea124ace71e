"""Why fulfilment refuses a call."""

from __future__ import annotations

from enum import StrEnum

from services._kit.reasons import Text, declare


class Reason(StrEnum):
    """Reasons of this service, beside those of the kit."""

    TWICE_IN_REQUEST = "TWICE_IN_REQUEST"
    SKU_UNKNOWN = "SKU_UNKNOWN"
    WAREHOUSE_UNKNOWN = "WAREHOUSE_UNKNOWN"
    STOCK_LEVEL_UNKNOWN = "STOCK_LEVEL_UNKNOWN"
    STOCK_BELOW_PROMISED = "STOCK_BELOW_PROMISED"
    BATCH_EXPIRY_DIFFERS = "BATCH_EXPIRY_DIFFERS"
    SHIFT_ENDS_BEFORE_START = "SHIFT_ENDS_BEFORE_START"
    WINDOW_ENDS_BEFORE_START = "WINDOW_ENDS_BEFORE_START"
    NO_DECISION = "NO_DECISION"
    NOTHING_TO_PLAN = "NOTHING_TO_PLAN"
    PLAN_UNKNOWN = "PLAN_UNKNOWN"


declare(
    {
        Reason.TWICE_IN_REQUEST: Text(
            "同一请求中出现了两次。", "It stands in the request more than once."
        ),
        Reason.SKU_UNKNOWN: Text("SKU 不存在：{sku}。", "There is no SKU {sku}."),
        Reason.WAREHOUSE_UNKNOWN: Text(
            "仓库不存在：{warehouse_id}。", "There is no warehouse {warehouse_id}."
        ),
        Reason.STOCK_LEVEL_UNKNOWN: Text(
            "仓库 {warehouse_id} 没有 {sku} 的批次 {batch}。",
            "Warehouse {warehouse_id} has no batch {batch} of {sku}.",
        ),
        Reason.STOCK_BELOW_PROMISED: Text(
            "仓库 {warehouse_id} 的 {sku}（批次 {batch}）可用 {available} 件，"
            "已占用 {reserved} 件，不能减少 {fewer} 件。",
            "Warehouse {warehouse_id} has {available} of {sku} (batch {batch}) free and "
            "{reserved} reserved; {fewer} cannot be taken off.",
        ),
        Reason.BATCH_EXPIRY_DIFFERS: Text(
            "批次 {batch} 已登记不同的有效期。",
            "Batch {batch} is known with another date of expiry.",
        ),
        Reason.SHIFT_ENDS_BEFORE_START: Text(
            "班次结束早于开始。", "The shift ends before it starts."
        ),
        Reason.WINDOW_ENDS_BEFORE_START: Text(
            "时间窗结束早于开始。", "The window ends before it starts."
        ),
        Reason.NOTHING_TO_PLAN: Text(
            "仓库 {warehouse_id} 在 {date} 没有可规划的内容。",
            "Warehouse {warehouse_id} has nothing to plan on {date}.",
        ),
        Reason.PLAN_UNKNOWN: Text("没有编号为 {plan_id} 的计划。", "There is no plan {plan_id}."),
        Reason.NO_DECISION: Text(
            "订单 {order_number} 尚未分配。", "Order {order_number} was never allocated."
        ),
    }
)
