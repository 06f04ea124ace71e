"""Where a field's value comes from: paths, constants, the first of several, sums, the latest.

A source reads and converts in one go; a fault carries the path of the very value at fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.intake.mapping.converters import Options, converter
from services.intake.mapping.reasons import Fault
from services.intake.mapping.remember import remembered
from services.intake.mapping.targets import Kind, Target
from services.intake.mapping.values import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.intake.mapping.context import Context
    from services.intake.mapping.converters import Convert
    from services.intake.mapping.paths import Path
    from services.intake.mapping.section import Section
    from services.intake.mapping.yamltree import Tree

    Read = Callable[[Any, Any], Any]
    Locate = Callable[[Any, Any], str]

SOURCE_KEYS = ("from", "const", "first_of", "sum", "concat", "by", "latest", "earliest")


_RECURRING = frozenset({Kind.WHOLE, Kind.MONEY, Kind.CHOICE, Kind.FLAG, Kind.CURRENCY})


@dataclass(frozen=True, slots=True)
class Source:
    """A compiled source.

    Attributes
    ----------
    texts
        The paths it reads, as written; a constant as `= value`.
    read
        (scope, root) → the converted value, `None` where absent.
    locate
        (scope, root) → the path to name when the value is missing or does not fit.
    """

    texts: tuple[str, ...]
    read: Read
    locate: Locate


def compile_source(
    tree: Tree,
    target: Target,
    context: Context,
    section: Section | None = None,
    options: Options | None = None,
    *,
    constant: bool = False,
    lone: bool = False,
) -> Source | None:
    """Return the source at `tree`, `None` with problems noted.

    Parameters
    ----------
    section, options
        The same as mapping, already read for its options; unset: `tree` is a path alone.
    constant
        `tree` itself is a constant, not a path.
    lone
        The field may do without a source.
    """
    options = options or Options(zone=context.zone)
    if constant:
        return _constant(tree, target, options, context)
    if section is None:
        items = tree.value if isinstance(tree.value, list) else [tree]
        paths = [path for path in map(context.path_of, items) if path is not None]
        if len(paths) < len(items) or not items:
            return None
        return _first(paths, _convert(target, options))
    given = [key for key in SOURCE_KEYS if key != "by" and key in section]
    if len(given) != 1:
        if not given and lone:
            return Source((), lambda _here, _root: None, lambda _here, _root: target.name)
        wanted = "one of from, const, first_of, sum, concat, latest, earliest"
        section.problems.add(section.mark, f'"{target.name}" needs exactly {wanted}')
        for key in given:
            section.explicit(key)
        return None
    return _of_key(given[0], section, target, options, context)


def _of_key(  # noqa: PLR0911 - one a key
    key: str, section: Section, target: Target, options: Options, context: Context
) -> Source | None:
    if key == "const":
        tree = section.tree("const", required=True)
        return None if tree is None else _constant(tree, target, options, context)
    fits = {
        "sum": (Kind.WHOLE, Kind.MONEY),
        "concat": (Kind.TEXT,),
        "latest": (Kind.INSTANT,),
        "earliest": (Kind.INSTANT,),
    }.get(key)
    items = section.items(key, single=True)
    if fits is not None and target.kind not in fits:
        section.problems.add(
            section.mark_of(key), f'"{key}" cannot make a {target.kind.value} field'
        )
        return None
    paths = [context.path_of(item, each=key == "sum") for item in items]
    found = [path for path in paths if path is not None]
    if not found or len(found) < len(paths):
        if not items:
            section.problems.add(section.mark_of(key), f'"{key}" names no path')
        return None
    convert = _convert(target, options)
    if key == "from":
        return _first(found, convert)
    if key == "concat":
        return _joined(found, section.text("by"), convert)
    if key == "sum":
        return _sum(found, convert)
    return _extreme(found, convert, max if key == "latest" else min)


def _constant(tree: Tree, target: Target, options: Options, context: Context) -> Source | None:
    if isinstance(tree.value, (dict, list)) or tree.value is None:
        context.problems.add(tree.mark, "a constant is a single value")
        return None
    try:
        value = converter(target, options)(tree.value)
    except Fault as fault:
        said = fault.en or f"not a {target.kind.value}"
        context.problems.add(tree.mark, f'"{tree.value}" is no {target.name}: {said}')
        return None
    return Source((f"= {tree.value}",), lambda _here, _root: value, lambda _here, _root: "")


def _convert(target: Target, options: Options) -> Convert:
    """Return the field's conversion; short texts from closed sets are answered from memory."""
    convert = converter(target, options)
    return remembered(convert) if target.kind in _RECURRING else convert


def _first(paths: list[Path], convert: Convert) -> Source:
    texts = tuple(path.text for path in paths)

    def locate(here: Any, root: Any) -> str:
        return next((p.text for p in paths if p.get(here, root) is not None), texts[0])

    if len(paths) == 1:
        get = paths[0].get
    else:
        getters = [path.get for path in paths]

        def get(here: Any, root: Any) -> Any:
            for getter in getters:
                raw = getter(here, root)
                if raw is not None:
                    return raw
            return None

    def read(here: Any, root: Any) -> Any:
        raw = get(here, root)
        if raw is None:
            return None
        try:
            return convert(raw)
        except Fault as fault:
            fault.path = locate(here, root)
            raise

    name, absent = paths[0].name, paths[0].absent
    if name is None or len(paths) > 1:
        return Source(texts, read, locate)

    def read_named(here: Any, _root: Any) -> Any:
        raw = here.get(name)
        if type(raw) is str:
            raw = raw.strip()
            if not raw or raw in absent:
                return None
        elif raw is None:
            return None
        try:
            return convert(raw)
        except Fault as fault:
            fault.path = name
            raise

    return Source(texts, read_named, locate)


def _sum(paths: list[Path], convert: Convert) -> Source:
    def read(here: Any, root: Any) -> Any:
        total = None
        for path in paths:
            for where, raw in path.each(here, root):
                value = _at(where, convert, raw)
                total = value if total is None else total + value
        return total

    texts = tuple(path.text for path in paths)
    return Source(texts, read, lambda _here, _root: texts[0])


def _extreme(paths: list[Path], convert: Convert, choose: Callable[[list[int]], int]) -> Source:
    def read(here: Any, root: Any) -> Any:
        raws = ((path.text, path.get(here, root)) for path in paths)
        found = [_at(where, convert, raw) for where, raw in raws if raw is not None]
        return choose(found) if found else None

    texts = tuple(path.text for path in paths)
    return Source(texts, read, lambda _here, _root: texts[0])


def _joined(paths: list[Path], by: str, convert: Convert) -> Source:
    def read(here: Any, root: Any) -> Any:
        raws = ((path.text, path.get(here, root)) for path in paths)
        parts = [_at(where, text_of, raw) for where, raw in raws if raw is not None]
        return _at(paths[0].text, convert, by.join(parts)) if parts else None

    texts = tuple(path.text for path in paths)
    return Source(texts, read, lambda _here, _root: texts[0])


def _at(where: str, convert: Convert, raw: Any) -> Any:
    try:
        return convert(raw)
    except Fault as fault:
        fault.path = where
        raise
