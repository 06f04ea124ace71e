"""Paths into a payload: `order.lines[0].price`, `items[].price`, `$.location.lat`.

Names are separated by dots; a name with a dot, a bracket or a quote in it is written in double
quotes. `[n]` takes the n-th of a list, `[]` each of them. A leading `$.` counts from the
payload's root, everything else from the scope (the order, or the line at hand).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.intake.mapping.reasons import Fault, bad_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Getter = Callable[[Any, Any], Any]

EACH = -1
_STEP = re.compile(r'"([^"]+)"|\[([0-9]{0,4})\]|([^.\[\]"]+)')


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path.

    Attributes
    ----------
    text
        As the mapping file writes it.
    steps
        Names, positions, `EACH`.
    get
        (scope, root) → the value, stripped; `None` where absent. Not for paths with `[]`.
    absent
        Texts which mean that there is no value, beside the empty one.
    """

    text: str
    steps: tuple[str | int, ...]
    from_root: bool
    get: Getter
    absent: frozenset[str]

    @property
    def iterates(self) -> bool:
        """Whether there is a `[]` in it."""
        return EACH in self.steps

    @property
    def name(self) -> str | None:
        """The name in the scope, where the path is that alone."""
        first = self.steps[0]
        alone = len(self.steps) == 1 and not self.from_root
        return first if alone and isinstance(first, str) else None

    def each(self, here: Any, root: Any) -> Iterator[tuple[str, Any]]:
        """Yield where each value stands, and the value; absent ones are left out."""
        found = [("$", root) if self.from_root else ("", here)]
        for step in self.steps:
            found = list(_step_all(found, step))
        for where, raw in found:
            value = clean(raw, self.absent)
            if value is not None:
                yield where, value


def parse_path(text: str) -> tuple[bool, tuple[str | int, ...]]:
    """Return whether `text` counts from the root, and its steps; ValueError where it is none."""
    from_root = text.startswith("$.")
    rest = text[2:] if from_root else text
    steps: list[str | int] = []
    at = 0
    while at < len(rest):
        if rest[at] == "." and steps and at + 1 < len(rest):
            at += 1
        elif steps and rest[at] != "[":
            raise ValueError(f'"{text}": a dot or [ is expected at character {at + 1}')
        match = _STEP.match(rest, at)
        if match is None or (match[2] is not None and at > 0 and rest[at - 1] == "."):
            raise ValueError(f'"{text}" is no path: a name is expected at character {at + 1}')
        quoted, position, name = match.groups()
        if position is not None:
            steps.append(int(position) if position else EACH)
        else:
            steps.append((quoted or name).strip())
        at = match.end()
    if not steps or "" in steps:
        raise ValueError(f'"{text}" is no path')
    return from_root, tuple(steps)


def compile_path(text: str, absent: frozenset[str] = frozenset()) -> Path:
    """Return the path written in `text`.

    Parameters
    ----------
    absent
        Texts which mean that there is no value, beside the empty one.

    Raises
    ------
    ValueError
        When `text` is no path.
    """
    from_root, steps = parse_path(text)
    return Path(text, steps, from_root, _getter(steps, absent, from_root=from_root), absent)


def clean(raw: Any, absent: frozenset[str]) -> Any:
    """Return `raw` with text stripped; `None` where it says nothing."""
    if type(raw) is str:
        raw = raw.strip()
        return raw if raw and raw not in absent else None
    return raw


def written(steps: tuple[str | int, ...]) -> str:
    """Return `steps` as a path is written."""
    out = ""
    for step in steps:
        if isinstance(step, int):
            out += "[]" if step == EACH else f"[{step}]"
        else:
            out += ("." if out else "") + step
    return out


def _getter(steps: tuple[str | int, ...], absent: frozenset[str], *, from_root: bool) -> Getter:
    if len(steps) == 1 and isinstance(steps[0], str) and not from_root:
        name = steps[0]

        def get_field(here: Any, _root: Any) -> Any:
            raw = here.get(name)
            if type(raw) is str:
                raw = raw.strip()
                return raw if raw and raw not in absent else None
            return raw

        return get_field

    def get(here: Any, root: Any) -> Any:
        node = root if from_root else here
        for depth, step in enumerate(steps):
            try:
                node = _step(node, step)
            except Fault as fault:
                fault.path = ("$." if from_root else "") + written(steps[:depth])
                raise
            if node is None:
                return None
        return clean(node, absent)

    return get


def _step(node: Any, step: str | int) -> Any:
    if isinstance(step, str):
        if type(node) is dict:
            return node.get(step)
        raise bad_value("应为对象", "an object is expected")
    if type(node) is list:
        return node[step] if step < len(node) else None
    raise bad_value("应为列表", "a list is expected")


def _step_all(found: list[tuple[str, Any]], step: str | int) -> Iterator[tuple[str, Any]]:
    for where, node in found:
        if node is None:
            continue
        try:
            if step != EACH:
                dot = "." if where and isinstance(step, str) else ""
                yield f"{where}{dot}{written((step,))}", _step(node, step)
            elif type(node) is list:
                yield from ((f"{where}[{index}]", item) for index, item in enumerate(node))
            else:
                raise bad_value("应为列表", "a list is expected")
        except Fault as fault:
            fault.path = where
            raise
