"""The fields of the order itself, read into a table of the hub's names."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.intake.mapping.fields import Field, compile_field
from services.intake.mapping.reasons import Fault, MappingReason, bad_value
from services.intake.mapping.targets import ORDER_TARGETS, Kind, by_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.intake.mapping.context import Context
    from services.intake.mapping.section import Section
    from services.intake.mapping.targets import Target

_TARGETS = by_name(ORDER_TARGETS)
_GROUPS = {name.rpartition(".")[0] for name in _TARGETS if "." in name} | {"destination"}
_LOCATION = "destination.location."
_COUNTRY = "destination.country"
_PLACES = (
    *(f"destination.{name}" for name in ("province", "city", "district", "postal_code")),
    f"{_LOCATION}lat_e7",
)


@dataclass(frozen=True, slots=True)
class OrderFields:
    """Readers of the order's fields.

    Attributes
    ----------
    plain
        (hub's name, field) of all but identity, currency and money.
    money
        (hub's name, field) of amounts, read once the currency is known.
    default_country
        Of destinations that name none; it alone makes no destination.
    """

    identity: Sequence[tuple[str, Field]]
    currency: Field
    plain: Sequence[tuple[str, Field]]
    money: Sequence[tuple[str, Field]]
    default_country: str | None

    def every(self) -> list[Field]:
        """Return all fields, in the hub's order."""
        fields = [field for _, field in (*self.identity, *self.plain, *self.money)]
        order = list(_TARGETS)
        return sorted([*fields, self.currency], key=lambda field: order.index(field.target.name))

    def read_money(self, values: dict[str, Any], here: Any, root: Any, exponent: int) -> None:
        """Add the amounts to `values`, in minor units; none may be negative."""
        for name, field in self.money:
            amount = field.read_minor(here, root, exponent)
            if amount is None:
                continue
            if amount < 0:
                fault = bad_value("金额为负数", "it is negative")
                fault.path = field.source.locate(here, root)
                raise fault
            values[name] = amount

    def read_plain(self, values: dict[str, Any], here: Any, root: Any) -> None:
        """Add what needs no currency to `values`."""
        for name, field in self.plain:
            value = field.read(here, root)
            if value is not None:
                values[name] = value
        if self.default_country is not None and any(name in values for name in _PLACES):
            values.setdefault(_COUNTRY, self.default_country)
        _check_location(values, self.plain, here, root)


def compile_order(section: Section, context: Context) -> OrderFields | None:
    """Return the fields under `order`, `None` when a required one is missing or wrong."""
    fields: dict[str, Field] = {}
    _compile_group(section, "", context, fields)
    for target in ORDER_TARGETS:
        if target.required and target.name not in fields:
            key = target.name
            if key not in section:
                section.problems.add(section.mark, f'"order" needs "{key}": {target.en.lower()}')
    _check_places(fields, context)
    missing = [t.name for t in ORDER_TARGETS if t.required and t.name not in fields]
    if missing:
        return None
    identity = [(name, fields[name]) for name in ("shop", "external_order_id") if name in fields]
    money = [(n, f) for n, f in fields.items() if f.target.kind is Kind.MONEY]
    apart = {"shop", "external_order_id", "currency", *(name for name, _ in money)}
    plain = [(name, field) for name, field in fields.items() if name not in apart]
    country = fields.get(_COUNTRY)
    default_country = None if country is None else country.default
    if country is not None and default_country is not None:
        bare = dataclasses.replace(country, read=country.source.read, default=None)
        plain = [(name, bare if name == _COUNTRY else field) for name, field in plain]
    return OrderFields(identity, fields["currency"], plain, money, default_country)


def _compile_group(
    section: Section, prefix: str, context: Context, fields: dict[str, Field]
) -> None:
    known: list[str] = []
    for target in _members(prefix):
        key = target.name.removeprefix(prefix)
        known.append(key)
        tree = section.tree(key)
        if tree is None:
            continue
        compiled = compile_field(tree, target, context)
        if compiled is not None:
            fields[target.name] = compiled
    for group in sorted(_GROUPS):
        parent, _, key = group.rpartition(".")
        if (f"{parent}." if parent else "") != prefix:
            continue
        known.append(key)
        inner = section.section(key)
        if inner is not None:
            _compile_group(inner, f"{group}.", context, fields)
    section.close(known)


def _members(prefix: str) -> list[Target]:
    return [
        target
        for target in ORDER_TARGETS
        if target.name.startswith(prefix) and "." not in target.name.removeprefix(prefix)
    ]


def _check_places(fields: dict[str, Field], context: Context) -> None:
    place = [name for name in fields if name.startswith("destination.")]
    if place and "destination.country" not in fields:
        mark = fields[place[0]].mark
        context.problems.add(mark, "a destination needs its country, if only as a constant")
    location = [name for name in fields if name.startswith(_LOCATION)]
    for needed in ("lat_e7", "lng_e7", "datum"):
        if location and _LOCATION + needed not in fields:
            context.problems.add(fields[location[0]].mark, f'"location" needs "{needed}"')


def _check_location(
    values: dict[str, Any], plain: Sequence[tuple[str, Field]], here: Any, root: Any
) -> None:
    lat, lng = values.get(_LOCATION + "lat_e7"), values.get(_LOCATION + "lng_e7")
    if lat is None and lng is None:
        return
    missing = [
        name for name in ("lat_e7", "lng_e7", "datum") if values.get(_LOCATION + name) is None
    ]
    if missing:
        field = dict(plain)[_LOCATION + missing[0]]
        raise Fault(MappingReason.MISSING_FIELD, field.source.locate(here, root))
