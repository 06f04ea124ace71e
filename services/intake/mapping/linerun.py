"""Taking the rows of one payload, one after another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orderhub.common.v1 import order_pb2 as order_v1
from services.intake.mapping.reasons import Fault, MappingReason, bad_value
from services.intake.mapping.values import MOST_MINOR

if TYPE_CHECKING:
    from services.intake.mapping.fields import Field
    from services.intake.mapping.lines import Lines
    from services.intake.mapping.rulesets import LineRule
    from services.intake.mapping.skus import SkuOf

MOST_QUANTITY = 1_000_000
MOST_UNIT_PRICE_MINOR = 10**9  # times the largest quantity it can still be summed


@dataclass(slots=True)
class Collected:
    """What the lines of a payload came to; amounts in minor units."""

    lines: list[order_v1.OrderLine] = field(default_factory=list)
    goods_minor: int = 0  # quantity × price less line discounts, over `lines`
    freight_minor: int = 0
    discount_minor: int = 0
    aside_minor: dict[str, int] = field(default_factory=dict)


class LineRun:
    """The rows of one payload being taken, one after another."""

    __slots__ = (
        "cancelling", "collected", "exponent", "first_rule", "merged", "merges", "root",
        "sku_of", "spec",
    )  # fmt: skip

    def __init__(
        self,
        spec: Lines,
        root: Any,
        exponent: int,
        sku_of: SkuOf,
        cancelling: bool,
    ) -> None:
        self.spec = spec
        self.root = root
        self.exponent = exponent
        self.sku_of = sku_of
        self.cancelling = cancelling
        self.first_rule = spec.cancellation_rule if cancelling else spec.order_rule
        self.merges = spec.merge or cancelling
        self.collected = Collected()
        self.merged: dict[tuple[str, int], order_v1.OrderLine] = {}

    def take(self, row: Any) -> str:
        """Take one row; return what became of it."""
        spec, root = self.spec, self.root
        rule = self.first_rule(row, root)
        if rule is not None:
            return self._apply(rule, row)
        channel_sku = spec.sku.read(row, root)
        try:
            sku = spec.resolve(channel_sku, self.sku_of)
        except Fault as fault:
            fault.path = spec.sku.source.locate(row, root)
            raise
        quantity = self._quantity(row)
        price_minor = _amount(spec.price, row, root, self.exponent, MOST_UNIT_PRICE_MINOR)
        discount_minor = _amount(spec.discount, row, root, self.exponent, MOST_MINOR)
        amount_minor = quantity * price_minor
        self.collected.goods_minor += amount_minor - discount_minor
        if self.merges:
            line = self.merged.get((sku, price_minor))
            if line is not None:
                line.quantity += quantity
                line.discount_minor += discount_minor
                if line.quantity > MOST_QUANTITY or line.discount_minor >= MOST_MINOR:
                    raise _at(spec.quantity.source.locate(row, root), _too_many())
                return f"merged: {sku} now {line.quantity} pieces"
        line = order_v1.OrderLine(
            sku=sku, quantity=quantity, unit_price_minor=price_minor, discount_minor=discount_minor
        )
        if channel_sku != sku:
            line.channel_sku = channel_sku
        for name, text_field in spec.texts:
            text = text_field.read(row, root)
            if text is not None:
                setattr(line, name, text)
        if self.merges:
            self.merged[sku, price_minor] = line
        self.collected.lines.append(line)
        return f"line: {quantity} × {sku}"

    def _quantity(self, row: Any) -> int:
        quantity: int = self.spec.quantity.read(row, self.root)
        if self.cancelling:
            quantity = -quantity
        if 0 < quantity <= MOST_QUANTITY:
            return quantity
        path = self.spec.quantity.source.locate(row, self.root)
        if quantity == 0:
            raise _at(path, bad_value("数量为 0", "it is zero"))
        if quantity > 0:
            raise _at(path, _too_many())
        if self.cancelling:
            said = bad_value("取消单的数量应为负数", "a cancellation has negative quantities")
            raise _at(path, said)
        raise Fault(MappingReason.NEGATIVE_QUANTITY, path)

    def _apply(self, rule: LineRule, row: Any) -> str:
        if rule.refusal is not None and rule.action == "quarantine":
            raise rule.refusal.fault()
        if rule.action == "drop":
            return f"dropped: rule {rule.name}"
        spec, collected = self.spec, self.collected
        price = None if spec.price is None else spec.price.read_minor(row, self.root, self.exponent)
        amount = spec.quantity.read(row, self.root) * (price or 0)
        if rule.action == "freight":
            collected.freight_minor += amount
        elif rule.action == "discount":
            collected.discount_minor += abs(amount)
        else:
            kept = collected.aside_minor
            kept[rule.attribute] = kept.get(rule.attribute, 0) + amount
        return f"{rule.action} of {amount} minor units: rule {rule.name}"


def _amount(source: Field | None, row: Any, root: Any, exponent: int, most: int) -> int:
    if source is None:
        return 0
    amount = source.read_minor(row, root, exponent)
    if amount is None:
        return 0
    if amount < 0:
        raise _at(source.source.locate(row, root), bad_value("金额为负数", "it is negative"))
    if amount > most:
        raise _at(source.source.locate(row, root), bad_value("金额过大", "it is too large"))
    return amount


def _too_many() -> Fault:
    return bad_value(f"数量超过 {MOST_QUANTITY}", f"it is more than {MOST_QUANTITY} pieces")


def _at(path: str, fault: Fault) -> Fault:
    fault.path = path
    return fault
