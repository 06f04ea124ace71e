"""Why a payload cannot be mapped: stable names for programs, sentences for people."""

from __future__ import annotations

from enum import StrEnum

from services.intake.mapped import LocalizedText

MOST_SHOWN = 60  # characters of a channel's word that a sentence repeats


class MappingReason(StrEnum):
    """Reasons the engine gives; a mapping's own rules may give others."""

    MALFORMED_PAYLOAD = "MALFORMED_PAYLOAD"
    MISSING_FIELD = "MISSING_FIELD"
    BAD_VALUE = "BAD_VALUE"
    UNKNOWN_SKU = "UNKNOWN_SKU"
    UNKNOWN_STATUS = "UNKNOWN_STATUS"
    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    NO_LINES = "NO_LINES"
    TOO_MANY_LINES = "TOO_MANY_LINES"
    NEGATIVE_QUANTITY = "NEGATIVE_QUANTITY"
    MISSING_CUSTOMER = "MISSING_CUSTOMER"


TEXTS: dict[str, LocalizedText] = {
    MappingReason.MALFORMED_PAYLOAD: LocalizedText(
        "报文无法读取：{zh}。", "The payload cannot be read: {en}."
    ),
    MappingReason.MISSING_FIELD: LocalizedText(
        "缺少必填字段 {field}。", "The required field {field} is missing."
    ),
    MappingReason.BAD_VALUE: LocalizedText(
        "字段 {field} 的值无效：{zh}。", "The value of {field} is not valid: {en}."
    ),
    MappingReason.UNKNOWN_SKU: LocalizedText(
        "商品编码“{zh}”未建立对应关系，补充 SKU 映射后可重放。",
        'The SKU "{en}" has no counterpart here; add it to the SKU mappings and replay.',
    ),
    MappingReason.UNKNOWN_STATUS: LocalizedText(
        "渠道状态“{zh}”不在状态表中。", 'The status "{en}" is not in the channel\'s status table.'
    ),
    MappingReason.UNKNOWN_CURRENCY: LocalizedText(
        "币种“{zh}”不是有效的 ISO 4217 代码。", '"{en}" is no ISO 4217 currency code.'
    ),
    MappingReason.NO_LINES: LocalizedText(
        "订单没有可发货的商品行。", "The order has no line with goods."
    ),
    MappingReason.TOO_MANY_LINES: LocalizedText(
        "订单有 {zh} 行，超过上限。", "The order has {en} lines, more than allowed."
    ),
    MappingReason.NEGATIVE_QUANTITY: LocalizedText(
        "字段 {field} 的数量为负数。", "The quantity in {field} is negative."
    ),
    MappingReason.MISSING_CUSTOMER: LocalizedText(
        "缺少客户编号 {field}。", "The customer ({field}) is missing."
    ),
}


class Fault(Exception):
    """The payload cannot be mapped.

    Attributes
    ----------
    path
        The field in the channel's words, relative to the scope being read; empty until a
        reader knows it. A path beginning with `$.` is counted from the payload's root.
    zh, en
        What the reason's sentence is filled with; no personal data.
    text
        A mapping's own sentence, in place of the reason's.
    """

    def __init__(
        self,
        reason: str,
        path: str = "",
        zh: str = "",
        en: str = "",
        text: LocalizedText | None = None,
    ) -> None:
        self.reason = reason
        self.path = path
        self.zh = zh
        self.en = en
        self.text = text
        super().__init__(reason, path)

    def within(self, scope: str) -> Fault:
        """Return this fault with its path counted from `scope`'s parent."""
        if self.path.startswith("$."):
            return self
        self.path = f"{scope}.{self.path}" if scope and self.path else scope or self.path
        return self

    def message(self, field: str) -> LocalizedText:
        """Return the sentences for people, `field` being the field in the channel's words."""
        text = self.text or TEXTS.get(self.reason) or LocalizedText(self.reason, self.reason)
        return LocalizedText(
            text.zh.replace("{field}", field).replace("{zh}", self.zh),
            text.en.replace("{field}", field).replace("{en}", self.en),
        )


def bad_value(zh: str, en: str) -> Fault:
    """Return the fault of a value that says nothing we can take."""
    return Fault(MappingReason.BAD_VALUE, zh=zh, en=en)


def shown(word: object) -> str:
    """Return `word` as a sentence may repeat it."""
    text = str(word)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"
