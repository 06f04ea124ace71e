"""Compiles a mapping file into a channel, or says everything that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from services.intake.mapped import LocalizedText
from services.intake.mapping.channel import ChannelMapping
from services.intake.mapping.columns import compile_columns
from services.intake.mapping.conditions import compile_condition
from services.intake.mapping.context import Context
from services.intake.mapping.extras import compile_extras
from services.intake.mapping.fields import Field, compile_field
from services.intake.mapping.lines import MOST_LINES, Lines
from services.intake.mapping.options import zone_of
from services.intake.mapping.orderfields import OrderFields, compile_order
from services.intake.mapping.problems import Mark, Problems, did_you_mean
from services.intake.mapping.rulesets import compile_line_rules, compile_refusals, first_rule
from services.intake.mapping.section import Section
from services.intake.mapping.skus import compile_skus
from services.intake.mapping.targets import LINE_TARGETS, SOURCES, by_name
from services.intake.mapping.yamltree import UnreadableError, read_tree

if TYPE_CHECKING:
    from services.intake.mapping.skus import Resolve
    from services.intake.mapping.yamltree import Tree

LANGUAGE_VERSION = 1
_LINES = by_name(LINE_TARGETS)


def compile_mapping(name: str, content: bytes, problems: Problems) -> ChannelMapping | None:
    """Return the channel `name` that the file `content` declares.

    Every problem is noted; with any at all the channel is refused and `None` returned.
    """
    try:
        tree = read_tree(content)
    except UnreadableError as error:
        problems.add(error.mark, str(error))
        return None
    mapping = _compile(name, Section(tree, problems, "the mapping"), problems)
    return None if problems.found else mapping


def _compile(name: str, section: Section, problems: Problems) -> ChannelMapping | None:
    _check_version(section)
    declared = section.text("channel", required=True)
    if declared and declared != name:
        problems.add(
            section.mark_of("channel"), f'"channel" is "{declared}", the folder is "{name}"'
        )
    title = _title(section)
    section.tree("time_zone", required=True)
    zone = zone_of(section, "time_zone")
    columns_tree = section.tree("columns")
    columns = None if columns_tree is None else compile_columns(columns_tree, problems)
    root_context = Context(problems, frozenset(section.texts("absent")), zone or ZoneInfo("UTC"))
    context = Context(problems, root_context.absent, root_context.zone, _column_names(columns_tree))
    order_at = section.tree("order_at")
    at = None if order_at is None else root_context.path_of(order_at)
    lines_section = section.section("lines", required=True)
    sku_section = section.section("sku", required=True)
    resolve = None if sku_section is None else compile_skus(sku_section, context)
    lines = None if lines_section is None else _lines(lines_section, resolve, root_context, context)
    order_section = section.section("order", required=True)
    fields = None if order_section is None else compile_order(order_section, context)
    extras = compile_extras(section, context)
    cancellation = section.section("cancellation")
    cancels = None
    if cancellation is not None:
        cancels = compile_condition(cancellation.tree("when", required=True), context)
        cancellation.close()
    refusals = compile_refusals(section.items("refuse"), context)
    split = section.flag("split_allowed") if section.tree("split_allowed") is not None else None
    provides = _provides(section, fields, lines)
    section.close()
    if fields is None or lines is None:
        return None
    return ChannelMapping(
        name=name,
        title=title,
        facts=frozenset({"order", *provides}),
        order_at=at,
        columns=columns,
        split_allowed=split,
        fields=fields,
        lines=lines,
        extras=extras,
        cancels=cancels,
        refusals=refusals,
    )


def _check_version(section: Section) -> None:
    version = section.tree("version", required=True)
    if version is not None and version.value != LANGUAGE_VERSION:
        section.problems.add(version.mark, f'"version" must be {LANGUAGE_VERSION}')


def _title(section: Section) -> LocalizedText:
    title = section.section("title", required=True)
    if title is None:
        return LocalizedText("", "")
    text = LocalizedText(title.text("zh", required=True), title.text("en", required=True))
    title.close()
    return text


def _column_names(tree: Tree | None) -> frozenset[str]:
    return frozenset(tree.value) if tree and isinstance(tree.value, dict) else frozenset()


def _lines(
    section: Section, resolve: Resolve | None, root_context: Context, context: Context
) -> Lines | None:
    section.tree("each", required=True)
    paths = [root_context.path_of(item) for item in section.items("each", single=True)]
    each = [path for path in paths if path is not None]
    if context.columns and any(len(path.steps) > 1 for path in each):
        section.problems.add(
            section.mark_of("each"), "columns need their rows at the payload's top"
        )
    same = [context.path_of(item) for item in section.items("same", single=True)]
    for_orders, for_cancellations = compile_line_rules(section.items("rules"), context)
    fields = _line_fields(section, context)
    most = section.whole("at_most", 1, MOST_LINES) or MOST_LINES
    drop_doubles = section.flag("drop_exact_doubles")
    merge = section.flag("merge_equal")
    section.close()
    if not each or resolve is None or not {"sku", "quantity"} <= fields.keys():
        return None
    return Lines(
        each=each,
        same=[path for path in same if path is not None],
        drop_doubles=drop_doubles,
        merge=merge,
        most=most,
        order_rule=first_rule(for_orders),
        cancellation_rule=first_rule(for_cancellations),
        sku=fields["sku"],
        resolve=resolve,
        quantity=fields["quantity"],
        price=fields.get("unit_price_minor"),
        discount=fields.get("discount_minor"),
        reads=frozenset(
            [path.text for path in same if path is not None]
            + [n for rule in (*for_orders, *for_cancellations) for n in rule.applies.names]
        ),
        texts=[(key, fields[key]) for key in ("title", "external_line_id") if key in fields],
    )


def _line_fields(section: Section, context: Context) -> dict[str, Field]:
    inner = section.section("fields", required=True)
    fields: dict[str, Field] = {}
    if inner is None:
        return fields
    for target in LINE_TARGETS:
        tree = inner.tree(target.name, required=target.required)
        field = None if tree is None else compile_field(tree, target, context)
        if field is not None:
            fields[target.name] = field
    inner.close(_LINES)
    return fields


def _provides(section: Section, fields: OrderFields | None, lines: Lines | None) -> list[str]:
    """Return the groups of facts declared, each of which some field must fill, and vice versa."""
    tree = section.tree("provides", required=True)
    provides = section.texts("provides")
    mark = Mark() if tree is None else tree.mark
    for group in provides:
        if group not in SOURCES:
            hint = did_you_mean(group, SOURCES) or f"; it is one of {', '.join(SOURCES)}"
            section.problems.add(mark, f'no group of facts is called "{group}"{hint}')
    if fields is None or lines is None or tree is None:
        return provides
    filled = {field.target.source for field in fields.every()} - {""}
    if lines.price is not None:
        filled.add("price")
    for group in sorted(filled - set(provides)):
        section.problems.add(mark, f'"provides" lacks "{group}", which the fields fill')
    for group in sorted(set(provides) & set(SOURCES) - filled):
        section.problems.add(mark, f'"provides" names "{group}", which no field fills')
    return provides
