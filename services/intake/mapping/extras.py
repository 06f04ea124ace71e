"""Labels and attributes: what a channel says beyond the hub's model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.intake.mapping.conditions import compile_condition
from services.intake.mapping.fields import Field, compile_field
from services.intake.mapping.reasons import Fault, bad_value
from services.intake.mapping.rulesets import ATTRIBUTE_NAME
from services.intake.mapping.section import Section
from services.intake.mapping.targets import Kind, Target
from services.intake.mapping.values import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.intake.mapping.conditions import Condition
    from services.intake.mapping.context import Context
    from services.intake.mapping.paths import Path
    from services.intake.mapping.yamltree import Tree

MOST_LABELS = 32
MOST_ATTRIBUTES = 64
MOST_ATTRIBUTE_BYTES = 1024

_SEPARATORS = re.compile(r"[,，;；、|]")
_LABEL = Target("label", Kind.TEXT, "标签", "A label", most=64)


@dataclass(frozen=True, slots=True)
class LabelSource:
    """One label, or a list of them, of the payload."""

    word: str
    path: Path | None
    when: Condition | None


@dataclass(frozen=True, slots=True)
class Extras:
    """Readers of labels and attributes."""

    labels: Sequence[LabelSource]
    attributes: Sequence[tuple[str, Field]]
    attributes_from: Path | None

    def read_labels(self, here: Any, root: Any) -> list[str]:
        """Return the labels, each once, in the mapping's order."""
        found: dict[str, None] = {}
        for source in self.labels:
            if source.when is not None and not source.when(here, root):
                continue
            if source.path is None:
                found[source.word] = None
            else:
                found.update(dict.fromkeys(_labels_at(source.path, here, root)))
        if len(found) > MOST_LABELS:
            raise bad_value(
                f"标签超过 {MOST_LABELS} 个", f"there are more than {MOST_LABELS} labels"
            )
        return list(found)

    def read_attributes(self, here: Any, root: Any, aside: dict[str, int]) -> dict[str, str]:
        """Return the attributes, with the amounts that rules of lines kept aside."""
        found = {name: str(amount) for name, amount in aside.items()}
        for name, field in self.attributes:
            text = field.read(here, root)
            if text is not None:
                found[name] = text
        if self.attributes_from is not None:
            found.update(_attributes_at(self.attributes_from, here, root))
        return found


def compile_extras(section: Section, context: Context) -> Extras:
    """Return what `labels`, `attributes` and `attributes_from` of the mapping say."""
    labels = [_label(item, context) for item in section.items("labels")]
    attributes: list[tuple[str, Field]] = []
    inner = section.section("attributes")
    if inner is not None:
        for name, mark in inner.marks():
            if not ATTRIBUTE_NAME.match(name):
                context.problems.add(mark, f'"{name[:60]}" is no attribute name: a-z, 0-9, _ and .')
            target = Target(
                name, Kind.TEXT, "附加信息", "An attribute", most=MOST_ATTRIBUTE_BYTES // 4
            )
            tree = inner.tree(name)
            field = None if tree is None else compile_field(tree, target, context)
            if field is not None:
                attributes.append((name, field))
    path = None
    tree = section.tree("attributes_from")
    if tree is not None:
        path = context.path_of(tree)
    return Extras([label for label in labels if label], attributes, path)


def _label(tree: Tree, context: Context) -> LabelSource | None:
    if isinstance(tree.value, str):
        return LabelSource(tree.value, None, None)
    section = Section(tree, context.problems, "a label")
    word = section.text("const")
    at = section.tree("from")
    when = compile_condition(section.tree("when"), context)
    section.close()
    if (not word) == (at is None):
        context.problems.add(tree.mark, 'a label is a text, or has "const" or "from"')
        return None
    return LabelSource(word, None if at is None else context.path_of(at), when)


def _labels_at(path: Path, here: Any, root: Any) -> list[str]:
    raw = path.get(here, root)
    if raw is None:
        return []
    try:
        texts = raw if type(raw) is list else _SEPARATORS.split(text_of(raw))
        labels = [text_of(text).strip() for text in texts]
        if any(len(label) > _LABEL.most for label in labels):
            raise bad_value("标签过长", f"a label has at most {_LABEL.most} characters")
    except Fault as fault:
        fault.path = path.text
        raise
    return [label for label in labels if label]


def _attributes_at(path: Path, here: Any, root: Any) -> dict[str, str]:
    raw = path.get(here, root)
    if raw is None:
        return {}
    if type(raw) is not dict:
        raise _at(path.text, bad_value("应为对象", "an object is expected"))
    if len(raw) > MOST_ATTRIBUTES:
        raise _at(
            path.text,
            bad_value(
                f"超过 {MOST_ATTRIBUTES} 项", f"there are more than {MOST_ATTRIBUTES} entries"
            ),
        )
    found = {}
    for name, value in raw.items():
        where = f"{path.text}.{name}"
        if value is None:
            continue
        if not ATTRIBUTE_NAME.match(name):
            raise _at(
                path.text,
                bad_value("名称只能含小写字母、数字、_ 和 .", "a name has only a-z, 0-9, _ and ."),
            )
        try:
            text = str(value).lower() if type(value) is bool else text_of(value)
        except Fault as fault:
            raise _at(where, fault) from None
        if len(text.encode()) > MOST_ATTRIBUTE_BYTES:
            raise _at(where, bad_value("超过 1 KB", "it has more than 1 KB"))
        found[name] = text
    return found


def _at(path: str, fault: Fault) -> Fault:
    fault.path = path
    return fault
