"""Why intake refuses, quarantines, holds or closes: stable names, texts for people."""

from __future__ import annotations

from enum import StrEnum

from orderhub.common.v1 import text_pb2 as text_v1
from services._kit.reasons import Text, declare, text_of


class IntakeReason(StrEnum):
    """Reasons of intake's own."""

    NO_LINES = "NO_LINES"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    PLACED_IN_FUTURE = "PLACED_IN_FUTURE"
    DUPLICATE_LINE = "DUPLICATE_LINE"
    WINDOW_REVERSED = "WINDOW_REVERSED"
    UNKNOWN_CHANNEL = "UNKNOWN_CHANNEL"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    FOREIGN_CHANNEL = "FOREIGN_CHANNEL"
    PERSONAL_DATA = "PERSONAL_DATA"

    ALREADY_KNOWN = "ALREADY_KNOWN"
    OLDER_VERSION = "OLDER_VERSION"
    CONFLICTING = "CONFLICTING"
    LINE_REUSED = "LINE_REUSED"
    ORDER_FINAL = "ORDER_FINAL"
    ALREADY_SHIPPED = "ALREADY_SHIPPED"
    ORIGINAL_NOT_FOUND = "ORIGINAL_NOT_FOUND"
    UPDATED = "UPDATED"

    HOLD_CLOSED = "HOLD_CLOSED"
    BATCH_FINISHED = "BATCH_FINISHED"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    NOT_IN_BATCH = "NOT_IN_BATCH"

    CANCELLED = "CANCELLED"
    CANCELLED_BY_CHANNEL = "CANCELLED_BY_CHANNEL"
    ALL_LINES_CANCELLED = "ALL_LINES_CANCELLED"
    REJECTED_BY_REVIEW = "REJECTED_BY_REVIEW"
    REJECTED_BY_RULES = "REJECTED_BY_RULES"
    NOT_PAID_IN_TIME = "NOT_PAID_IN_TIME"

    REFUND_REQUESTED = "REFUND_REQUESTED"
    PARTLY_PAID_EXPIRED = "PARTLY_PAID_EXPIRED"
    PROCESSING_FAULT = "PROCESSING_FAULT"
    UNEXPLAINED_VERDICT = "UNEXPLAINED_VERDICT"


def localized(reason: StrEnum) -> text_v1.LocalizedText:
    """Return the texts of `reason` as a message."""
    text = text_of(reason)
    return text_v1.LocalizedText(zh=text.zh, en=text.en)


declare(
    {
        IntakeReason.NO_LINES: Text("订单没有明细行。", "The order has no lines."),
        IntakeReason.UNKNOWN_CURRENCY: Text(
            "货币代码不是 ISO 4217 代码。", "The currency is not an ISO 4217 code."
        ),
        IntakeReason.PLACED_IN_FUTURE: Text(
            "下单时间超前 24 小时以上。", "The order was placed more than 24 hours ahead of now."
        ),
        IntakeReason.DUPLICATE_LINE: Text("行号重复。", "Two lines have the same number."),
        IntakeReason.WINDOW_REVERSED: Text(
            "时间窗的结束早于开始。", "The window ends before it starts."
        ),
        IntakeReason.UNKNOWN_CHANNEL: Text(
            "没有这个渠道；已知渠道：{known}。", "There is no such channel; known are: {known}."
        ),
        IntakeReason.CURRENCY_MISMATCH: Text(
            "付款货币与订单货币 {expected} 不一致。",
            "The payment is not in the order's currency, {expected}.",
        ),
        IntakeReason.FOREIGN_CHANNEL: Text(
            "渠道只能操作自己的订单。", "A channel handles its own orders only."
        ),
        IntakeReason.PERSONAL_DATA: Text(
            "该角色无权查看个人数据。", "This role may not see personal data."
        ),
        IntakeReason.ALREADY_KNOWN: Text("订单已存在，内容相同。", "Known before, nothing new."),
        IntakeReason.OLDER_VERSION: Text(
            "收到的是较旧的版本。", "An older version than the one known."
        ),
        IntakeReason.CONFLICTING: Text(
            "修改时间相同但内容不同。",
            "Same modification time as the version known, other content.",
        ),
        IntakeReason.LINE_REUSED: Text(
            "行号被用于另一种商品。", "A line's number was used again for another SKU."
        ),
        IntakeReason.ORDER_FINAL: Text(
            "订单已终结（{state}），不再接受变更。",
            "The order has ended ({state}) and takes no more changes.",
        ),
        IntakeReason.ALREADY_SHIPPED: Text(
            "订单已开始发货，不能再更改。", "Parts of the order have left; it cannot be changed."
        ),
        IntakeReason.ORIGINAL_NOT_FOUND: Text(
            "没有找到与该取消单全部匹配的原订单。",
            "No earlier order matches every line of this cancellation.",
        ),
        IntakeReason.UPDATED: Text("订单已更新。", "The order was changed."),
        IntakeReason.HOLD_CLOSED: Text("该拦截已处理。", "The hold has been decided before."),
        IntakeReason.PAYLOAD_TOO_LARGE: Text(
            "报文超过 1 MB，不予接收。", "The payload is larger than 1 MB and is not taken in."
        ),
        IntakeReason.BATCH_FINISHED: Text("该批次已完成。", "The batch has been finished."),
        IntakeReason.NOT_IN_BATCH: Text("该订单不在此批次中。", "The order is not in this batch."),
        IntakeReason.CANCELLED: Text("订单已取消。", "The order was cancelled."),
        IntakeReason.CANCELLED_BY_CHANNEL: Text(
            "渠道取消了订单。", "The channel cancelled the order."
        ),
        IntakeReason.ALL_LINES_CANCELLED: Text(
            "所有商品均已取消。", "Every piece of the order was cancelled."
        ),
        IntakeReason.REJECTED_BY_REVIEW: Text("人工审核拒绝。", "A reviewer rejected the order."),
        IntakeReason.REJECTED_BY_RULES: Text("规则拒绝。", "The rules reject the order."),
        IntakeReason.NOT_PAID_IN_TIME: Text(
            "未在时限内付款。", "The payment did not come in time."
        ),
        IntakeReason.REFUND_REQUESTED: Text(
            "买家申请退款，订单冻结待处理。", "The buyer asks for a refund; the order is frozen."
        ),
        IntakeReason.PARTLY_PAID_EXPIRED: Text(
            "只付了部分款项，付款时限已过，库存已释放。",
            "Only a part was paid when the time to pay was over; its stock was freed.",
        ),
        IntakeReason.PROCESSING_FAULT: Text(
            "系统无法处理该订单，需要人工处理。",
            "The hub could not work on the order; a person must.",
        ),
        IntakeReason.UNEXPLAINED_VERDICT: Text(
            "规则要求复核，但没有给出依据。", "The rules ask for a review without a finding."
        ),
    }
)
