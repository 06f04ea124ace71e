"""The hub's fields that a mapping can fill: kind, limits and meaning.

The reference in `docs/channels.md` is generated from this table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.common.v1 import order_pb2 as order_v1


class Kind(StrEnum):
    """What a field holds; decides how a payload's value is read."""

    TEXT = "text"
    WHOLE = "whole number"
    MONEY = "money"
    INSTANT = "instant"
    CHOICE = "choice"
    FLAG = "true or false"
    CURRENCY = "currency"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"


@dataclass(frozen=True, slots=True)
class Target:
    """One field of the hub.

    Attributes
    ----------
    name
        With dots, as a mapping file nests it.
    most
        Limit: characters of text, the largest whole number.
    cut
        Text for people: cut at the limit rather than refused.
    key
        Text that things are found by: control characters are refused.
    source
        The group of rule facts that a channel provides by filling it; empty: none.
    """

    name: str
    kind: Kind
    zh: str
    en: str
    required: bool = False
    most: int = 200
    cut: bool = False
    key: bool = False
    source: str = ""

    def optional(self) -> Target:
        """Return the same field where a single alternative may lack it."""
        return replace(self, required=False) if self.required else self


PAID_IF_ANY_PAYMENT = "PAID_IF_ANY_PAYMENT"
PAID_IF_COVERED = "PAID_IF_COVERED"

CHOICES: dict[str, dict[str, int]] = {
    "upstream_status": {
        "UNPAID": order_v1.UPSTREAM_STATUS_UNPAID,
        "PAID": order_v1.UPSTREAM_STATUS_PAID,
        "REFUND_REQUESTED": order_v1.UPSTREAM_STATUS_REFUND_REQUESTED,
        "CANCELLED": order_v1.UPSTREAM_STATUS_CANCELLED,
        # resolved once payments are known, see `totals.py`
        PAID_IF_ANY_PAYMENT: -1,
        PAID_IF_COVERED: order_v1.UPSTREAM_STATUS_UNSPECIFIED,
    },
    "payment.mode": {
        "PREPAID": order_v1.PAYMENT_MODE_PREPAID,
        "PAY_LATER": order_v1.PAYMENT_MODE_PAY_LATER,
        "COD": order_v1.PAYMENT_MODE_COD,
        "CREDIT_TERM": order_v1.PAYMENT_MODE_CREDIT_TERM,
        "DEPOSIT_BALANCE": order_v1.PAYMENT_MODE_DEPOSIT_BALANCE,
    },
    "recipient.phone_kind": {
        "REAL": order_v1.PHONE_KIND_REAL,
        "VIRTUAL": order_v1.PHONE_KIND_VIRTUAL,
        "MASKED": order_v1.PHONE_KIND_MASKED,
        "TOKEN": order_v1.PHONE_KIND_TOKEN,
    },
    "destination.location.datum": {
        "WGS84": geo_v1.DATUM_WGS84,
        "GCJ02": geo_v1.DATUM_GCJ02,
        "BD09": geo_v1.DATUM_BD09,
    },
    "destination.location.precision": {
        "DOOR": geo_v1.GEO_PRECISION_DOOR,
        "STREET": geo_v1.GEO_PRECISION_STREET,
        "DISTRICT": geo_v1.GEO_PRECISION_DISTRICT,
    },
}
"""The words of each choice and the wire's number for it."""

_T = Target

ORDER_TARGETS: tuple[Target, ...] = (
    _T("external_order_id", Kind.TEXT, "渠道订单号", "The channel's id of the order",
       required=True, most=128, key=True),
    _T("shop", Kind.TEXT, "店铺；缺省 default", "The shop in the channel; else `default`", most=64,
       key=True),
    _T("placed_at", Kind.INSTANT, "下单时间", "When the buyer placed it", required=True),
    _T("modified_at", Kind.INSTANT, "渠道最后修改时间；缺省同下单时间",
       "When the channel last changed it; else as placed"),
    _T("customer_id", Kind.TEXT, "客户编号（去标识）", "The buyer's pseudonymous account id",
       most=128, source="customer", key=True),
    _T("currency", Kind.CURRENCY, "币种 ISO 4217", "ISO 4217 code of every amount",
       required=True),
    _T("total_minor", Kind.MONEY, "买家应付总额（含运费）", "What the buyer pays, freight included",
       source="price"),
    _T("freight_minor", Kind.MONEY, "其中运费", "Freight within the total", source="price"),
    _T("discount_minor", Kind.MONEY, "整单优惠（总额已扣）",
       "Discount on the whole order, already off the total", source="price"),
    _T("upstream_status", Kind.CHOICE, "渠道状态，须在状态表中",
       "What the channel says of it; every word must be in the table", source="payment"),
    _T("split_allowed", Kind.FLAG, "是否允许拆单发货", "Whether several warehouses may serve it"),
    _T("payment.mode", Kind.CHOICE, "付款方式；缺省先款后货", "How it is paid; else prepaid",
       source="payment"),
    _T("payment.paid_minor", Kind.MONEY, "已付金额", "Paid so far", source="payment"),
    _T("payment.refunded_minor", Kind.MONEY, "已退金额", "Given back so far", source="payment"),
    _T("payment.paid_at", Kind.INSTANT, "最近付款时间", "When last paid"),
    _T("payment.deposit_minor", Kind.MONEY, "定金（预售）", "Deposit of a presale"),
    _T("payment.balance_window.start", Kind.INSTANT, "尾款开始时间",
       "From when the balance may be paid"),
    _T("payment.balance_window.end", Kind.INSTANT, "尾款截止时间",
       "Until when the balance may be paid"),
    _T("destination.country", Kind.TEXT, "国家 ISO 3166-1 两位代码；缺省则整个目的地不填",
       "ISO 3166-1 alpha-2; without it there is no destination at all", most=2, source="place"),
    _T("destination.province", Kind.TEXT, "省/州", "Province or state", source="place"),
    _T("destination.city", Kind.TEXT, "市", "City", source="place"),
    _T("destination.district", Kind.TEXT, "区县", "District or county", source="place"),
    _T("destination.postal_code", Kind.TEXT, "邮编或其前缀", "Postal code or its prefix", most=16),
    _T("destination.location.lat_e7", Kind.LATITUDE, "纬度（度）", "Latitude in degrees", most=90),
    _T("destination.location.lng_e7", Kind.LONGITUDE, "经度（度）", "Longitude in degrees",
       most=180),
    _T("destination.location.datum", Kind.CHOICE, "坐标系；有坐标时必填",
       "The datum; required with a coordinate"),
    _T("destination.location.precision", Kind.CHOICE, "坐标精度；缺省区县级",
       "How closely it is known; else district"),
    _T("recipient.name", Kind.TEXT, "收件人", "Name on the parcel"),
    _T("recipient.phone", Kind.TEXT, "收件电话", "Phone number", most=64, source="phone"),
    _T("recipient.phone_kind", Kind.CHOICE, "电话类别；缺省真实号", "What it is; else real"),
    _T("recipient.phone_extension", Kind.TEXT, "分机号", "Extension of a virtual number", most=16),
    _T("recipient.platform_token", Kind.TEXT, "平台收件人标识",
       "The platform's stable token for the recipient", most=256),
    _T("recipient.street", Kind.TEXT, "街道门牌", "Street, house number and all below the district",
       most=256, source="street"),
    _T("recipient.remark", Kind.TEXT, "买家留言", "What the buyer wrote", most=256, cut=True),
    _T("delivery_window.start", Kind.INSTANT, "期望送达开始", "Wanted from"),
    _T("delivery_window.end", Kind.INSTANT, "期望送达结束", "Wanted until"),
)  # fmt: skip

LINE_TARGETS: tuple[Target, ...] = (
    _T("sku", Kind.TEXT, "渠道商品编码，按 SKU 方式换成本仓编码",
       "The channel's SKU, translated as `sku` says", required=True, most=64, key=True),
    _T("quantity", Kind.WHOLE, "件数 1 至 1,000,000", "Pieces, 1 to 1,000,000",
       required=True, most=1_000_000),
    _T("unit_price_minor", Kind.MONEY, "单价", "Price of one piece; else 0, a gift",
       source="price"),
    _T("discount_minor", Kind.MONEY, "整行优惠", "Discount on the whole line"),
    _T("title", Kind.TEXT, "商品名称", "Title for people", most=250, cut=True),
    _T("external_line_id", Kind.TEXT, "渠道行号", "The channel's id of the line", most=128,
       key=True),
)  # fmt: skip

SOURCES = ("customer", "phone", "place", "street", "price", "payment")
"""Groups of rule facts that a channel may provide."""

PERSONAL_PREFIX = "recipient."


def by_name(targets: tuple[Target, ...]) -> dict[str, Target]:
    """Return `targets` by name."""
    return {target.name: target for target in targets}
