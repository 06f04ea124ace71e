"""Strict YAML 1.2 with a place on every key and value.

What makes YAML surprising (tags, merge keys, repeated keys, floats, text that looks like a
number in another notation) is refused rather than guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from services.intake.mapping.problems import Mark

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

MOST_BYTES = 256 * 1024
MOST_DEPTH = 12

_INT = re.compile(r"[-+]?[0-9]{1,18}\Z")
_NUMBER_LIKE = re.compile(r"[-+]?(?:[0-9][0-9._]*(?:[eE][-+]?[0-9]+)?|0[xob][0-9a-fA-F]+)\Z")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Tree:
    """A value of a file and where it stands."""

    value: dict[str, Entry] | list[Tree] | str | int | bool | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a YAML mapping and where its key stands."""

    key_mark: Mark
    tree: Tree


class UnreadableError(ValueError):
    """The file is no YAML that we accept; `mark` is where reading had to stop."""

    def __init__(self, mark: Mark, message: str) -> None:
        self.mark = mark
        super().__init__(message)


def read_tree(content: bytes) -> Tree:
    """Return the one document in `content`.

    Raises
    ------
    UnreadableError
        At the first thing that is not UTF-8, not YAML 1.2, or not accepted here.
    """
    if len(content) > MOST_BYTES:
        raise UnreadableError(Mark(), f"a mapping file has at most {MOST_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(Mark(line), f"not UTF-8: byte 0x{content[error.start]:02x}") from None
    try:
        # the pure loader resolves scalars as YAML 1.2 does and keeps a mark on each node
        root: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        found: Any = error.problem_mark or error.context_mark
        mark = Mark(found.line + 1, found.column + 1) if found else Mark()
        raise UnreadableError(mark, f"not YAML: {error.problem or error.context}") from None
    except (YAMLError, ValueError, RecursionError) as error:
        said = str(error).partition("\n")[0]
        raise UnreadableError(Mark(), f"not YAML: {said}") from None
    return Tree(None, Mark()) if root is None else _tree(root, 0)


def _tree(node: Node, depth: int) -> Tree:
    mark = Mark(node.start_mark.line + 1, node.start_mark.column + 1)
    if depth > MOST_DEPTH:
        raise UnreadableError(mark, f"nested deeper than {MOST_DEPTH} levels (or an alias loop)")
    if node.anchor is not None:
        raise UnreadableError(mark, "anchors and aliases are not allowed; write the value out")
    if isinstance(node, MappingNode):
        return Tree(_entries(node, depth), mark)
    if isinstance(node, SequenceNode):
        return Tree([_tree(item, depth + 1) for item in node.value], mark)
    if not isinstance(node, ScalarNode):
        raise UnreadableError(mark, "neither a value, a list nor a mapping")
    if not str(node.tag).startswith("tag:yaml.org,2002:"):
        raise UnreadableError(mark, f"tags are not allowed: {str(node.tag)[:40]}")
    text: str = node.value
    return Tree(text if node.style else _plain(text, mark), mark)


def _entries(node: MappingNode, depth: int) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for key_node, value_node in node.value:
        mark = Mark(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key_node, ScalarNode):
            raise UnreadableError(mark, "a key must be text")
        key: str = key_node.value
        if key == "<<":
            raise UnreadableError(mark, "merge keys (<<) are not allowed")
        if key in entries:
            first = entries[key].key_mark.line
            raise UnreadableError(mark, f'key "{key[:60]}" is given twice (first in line {first})')
        entries[key] = Entry(mark, _tree(value_node, depth + 1))
    return entries


def _plain(text: str, mark: Mark) -> str | int | bool | None:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _NUMBER_LIKE.match(text):
        raise UnreadableError(mark, f"write {text[:24]} as a whole number, or quote it as text")
    return text
