"""What is done about exceptions that no rule has opened, and who does it."""

from __future__ import annotations

from typing import NamedTuple

from orderhub.rules.v1 import decision_pb2 as decision_v1


class Procedure(NamedTuple):
    """What to do about a kind of exception, and who does it."""

    severity: decision_v1.Severity.ValueType
    owner: str
    message: tuple[str, str]
    sop: tuple[str, str]


QUARANTINE_OWNER = "channel-desk"
STOCK_OWNER = "stock-desk"

MAPPING = Procedure(
    decision_v1.SEVERITY_HIGH,
    QUARANTINE_OWNER,
    ("报文无法识别，已隔离。", "The payload could not be mapped and is kept aside."),
    (
        "1. 查看报文与字段；2. 修正渠道映射或主数据；3. 重新提交该报文。",
        (
            "1. Read the payload and the field named. 2. Mend the channel's mapping or the master "
            "data. 3. Submit the payload again."
        ),
    ),
)
QUARANTINE = {
    "UNKNOWN_SKU": MAPPING._replace(
        sop=(
            "1. 在主数据中查找该商品；2. 登记渠道商品编码对应关系；3. 重新提交该报文。",
            (
                "1. Find the goods in the master data. 2. Register the channel's name for the SKU. "
                "3. Submit the payload again."
            ),
        )
    ),
    "UNKNOWN_STATUS": MAPPING._replace(
        sop=(
            "1. 向渠道确认该状态的含义；2. 在映射的状态表中登记；3. 重新提交该报文。",
            (
                "1. Ask the channel what the status means. 2. Add it to the mapping's status "
                "table. 3. Submit the payload again."
            ),
        )
    ),
    "ORIGINAL_NOT_FOUND": MAPPING._replace(
        severity=decision_v1.SEVERITY_MEDIUM,
        sop=(
            (
                "1. 按客户与商品查找原订单；2. 若原订单在系统外，线下退款并结案；"
                "3. 否则补录原订单后重新提交。"
            ),
            (
                "1. Look for the original order by customer and goods. 2. If it was never in the "
                "hub, refund by hand and close. 3. Else take the original in and submit this again."
            ),
        ),
    ),
    "CONFLICTING": MAPPING._replace(
        sop=(
            "1. 对比两份内容；2. 向渠道确认有效版本；3. 让渠道以新的修改时间重新推送。",
            (
                "1. Compare the two contents. 2. Ask the channel which one holds. 3. Have the "
                "channel send it again with a newer modification time."
            ),
        )
    ),
}
BACKORDER = Procedure(
    decision_v1.SEVERITY_MEDIUM,
    STOCK_OWNER,
    ("订单无可用库存。", "No line of the order has stock."),
    (
        "1. 查看缺货商品与在途补货；2. 补货后重新分配；3. 超过承诺时间则联系客户改约或退款。",
        (
            "1. See which SKUs are short and what is on its way. 2. Allocate again once stock is "
            "in. 3. Past the promise, offer the buyer a later date or a refund."
        ),
    ),
)
