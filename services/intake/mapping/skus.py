"""How a channel's name of a SKU becomes the hub's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake.mapping.reasons import Fault, MappingReason, shown
from services.intake.mapping.remember import remembered

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.intake.mapping.context import Context
    from services.intake.mapping.section import Section

    SkuOf = Callable[[str], str | None]
    Resolve = Callable[[str, SkuOf], str]

MODES = ("table", "identity", "table_then_identity")


def compile_skus(section: Section, context: Context) -> Resolve:
    """Return the function from (channel's SKU, lookup) to the hub's SKU.

    `table` asks the SKU mappings; `identity` takes the channel's name itself where it matches
    `pattern`; `table_then_identity` does the one, then the other. What is left is UNKNOWN_SKU.
    """
    mode = section.one_of("mode", MODES)
    case = section.one_of("case", ("upper", "lower"), " ").strip()
    matches = context.pattern(section, "pattern")
    if mode != "table" and matches is None:
        section.problems.add(section.mark, f'mode {mode} needs a "pattern" of the hub\'s SKUs')
    if mode == "table" and matches is not None:
        section.problems.add(section.mark_of("pattern"), '"pattern" says nothing in mode table')
    section.close()
    fold: Callable[[str], str] | None = {"upper": str.upper, "lower": str.lower}.get(case)
    if matches is not None:
        matches = remembered(matches)  # a match costs ten times a lookup
    ask = mode != "identity"

    def resolve(channel_sku: str, sku_of: SkuOf) -> str:
        if ask:
            known = sku_of(channel_sku)
            if known is not None:
                return known
        name = fold(channel_sku) if fold else channel_sku
        if matches is not None and matches(name) and len(name) <= 64:
            return name
        seen = shown(channel_sku)
        raise Fault(MappingReason.UNKNOWN_SKU, zh=seen, en=seen)

    return resolve
