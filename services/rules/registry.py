"""The facts rules may read: their names, types, units, sources and meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.rules.kinds import BOOL, INT, MONEY, TEXT, Kind, enumerated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.rules.kinds import Value

SOURCES = ("order", "phone", "street", "customer", "place", "price", "payment")
"""What a channel may or may not provide; `channels.yaml` says which it does not."""

PRESENCE = {
    "phone": "recipient.phone",
    "street": "recipient.street",
    "customer": "customer.id",
    "place": "recipient.city",
}
"""The fact by whose absence an order shows that it lacks a source; only these can be optional."""

PHONE_KINDS = enumerated("REAL", "VIRTUAL", "MASKED", "TOKEN", "NONE")
PAYMENT_MODES = enumerated("PREPAID", "PAY_LATER", "COD", "CREDIT_TERM", "DEPOSIT_BALANCE")


@dataclass(frozen=True, slots=True)
class FactSpec:
    """One fact.

    `example` is its value in the harmless order that inline tests start from; a `private` fact
    may be read by rules but never appears in a log, a decision or an explanation.
    """

    name: str
    kind: Kind
    source: str
    example: Value
    zh: str
    en: str
    private: bool = False


ORDER_FACTS: tuple[FactSpec, ...] = (
    FactSpec("channel", TEXT, "order", "generic", "渠道", "Channel the order came from"),
    FactSpec("order.amount", MONEY, "price", 16800,
             "买家应付总额(含运费,折算为记账币种)",
             "What the buyer pays including freight, in book currency"),
    FactSpec("order.original_amount_minor", INT, "price", 16800,
             "原币种金额(最小单位)", "The same in the order's own currency, minor units"),
    FactSpec("order.currency", TEXT, "order", "CNY", "原币种", "The order's own currency"),
    FactSpec("order.goods_amount", MONEY, "price", 15800,
             "商品金额", "Sum of unit price × quantity over the lines"),
    FactSpec("order.freight", MONEY, "price", 1000, "运费", "Freight the buyer pays"),
    FactSpec("order.discount", MONEY, "price", 0,
             "优惠合计", "Discounts on the order and on its lines"),
    FactSpec("order.is_vip", BOOL, "order", False, "VIP 订单", "Labelled vip by the channel"),
    FactSpec("order.is_presale", BOOL, "order", False, "预售订单", "Labelled presale"),
    FactSpec("order.is_b2b", BOOL, "order", False, "企业订单", "Labelled b2b"),
    FactSpec("order.has_remark", BOOL, "order", False, "有买家留言", "The buyer wrote a remark"),
    FactSpec("order.has_destination", BOOL, "order", True, "有收货地",
             "Whether a province, city, postal code or coordinate says where it goes"),
    FactSpec("order.line_count", INT, "order", 1, "行数", "Number of lines"),
    FactSpec("order.total_qty", INT, "order", 1, "总件数", "Sum of the lines' quantities"),
    FactSpec("order.max_qty", INT, "order", 1, "单行最大件数", "Largest quantity of one line"),
    FactSpec("order.hour", INT, "order", 10, "下单小时(记账时区)",
             "Hour of the day it was placed, business time zone"),
    FactSpec("order.weekday", INT, "order", 1, "下单星期(1=周一)", "Day of the week, 1 is Monday"),
    FactSpec("order.revision", INT, "order", 1, "订单修订号", "Revision being judged"),
    FactSpec("payment.mode", PAYMENT_MODES, "payment", "PREPAID", "付款方式", "Payment mode"),
    FactSpec("payment.paid", BOOL, "payment", True, "是否已付款", "Whether it is paid"),
    FactSpec("customer.known", BOOL, "customer", True, "客户号已知",
             "Whether the channel names the account"),
    FactSpec("customer.id", TEXT, "customer", "C-1", "客户号", "Customer's account id",
             private=True),
    FactSpec("recipient.phone", TEXT, "phone", "13912345678", "收件电话(已规整)",
             "Phone, digits only", private=True),
    FactSpec("recipient.phone_kind", PHONE_KINDS, "phone", "REAL", "电话类别",
             "Real, virtual with extension, masked, platform token, or none"),
    FactSpec("recipient.phone_valid", BOOL, "phone", True, "电话是否有效",
             "Whether the number can exist; masked and token numbers count as valid"),
    FactSpec("recipient.street", TEXT, "street", "文三路12号3幢501室", "街道门牌",
             "Street part of the address", private=True),
    FactSpec("recipient.has_house_number", BOOL, "street", True, "是否有门牌号",
             "Whether the street names a house, building or room"),
    FactSpec("recipient.street_length", INT, "street", 12, "街道字数",
             "Characters of the street part"),
    FactSpec("recipient.country", TEXT, "place", "CN", "国家", "ISO country code"),
    FactSpec("recipient.province", TEXT, "place", "浙江省", "省", "Province or state"),
    FactSpec("recipient.city", TEXT, "place", "杭州市", "市", "City"),
    FactSpec("recipient.district", TEXT, "place", "西湖区", "区县", "District, may be empty"),
    FactSpec("decision.day", INT, "order", 20_000, "决策日(距1970-01-01天数)",
             "Day of the decision, days since 1970-01-01, business time zone"),
)  # fmt: skip

LINE_FACTS: tuple[FactSpec, ...] = (
    FactSpec("sku", TEXT, "order", "SKU-1", "商品编码", "SKU"),
    FactSpec("qty", INT, "order", 1, "件数", "Quantity ordered"),
    FactSpec("price", MONEY, "price", 15800, "单价", "Unit price, book currency"),
    FactSpec("amount", MONEY, "price", 15800, "行金额", "Unit price × quantity"),
    FactSpec("is_gift", BOOL, "price", False, "是否赠品", "Whether its unit price is 0"),
    FactSpec("discount", MONEY, "price", 0, "行优惠", "Discount on the whole line"),
)

PRIVATE = frozenset(spec.name for spec in (*ORDER_FACTS, *LINE_FACTS) if spec.private)

FEATURE_PREFIX = "f."
FEATURE_KIND = INT


def kinds(specs: Iterable[FactSpec]) -> dict[str, Kind]:
    """Return the kind of each fact by name."""
    return {spec.name: spec.kind for spec in specs}
