"""Loads channels from their folders; a broken one is left out and said so, the others serve."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from services.intake.mapping.compiler import compile_mapping
from services.intake.mapping.problems import Mark, Problem, Problems

if TYPE_CHECKING:
    from services.intake.mapping.channel import ChannelMapping

MAPPING_FILE = "mapping.yaml"
CHANNELS_FOLDER = Path(__file__).resolve().parent.parent / "channels"
"""The channels that come with the hub."""

_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}\Z")
_log = structlog.get_logger(__name__)


def load_channels(folder: Path = CHANNELS_FOLDER) -> dict[str, ChannelMapping]:
    """Return every channel under `folder` whose mapping checks, by name.

    A folder with a `mapping.yaml` is a channel. One with problems is refused: each problem is
    logged with its place, and the other channels serve.
    """
    channels = {}
    for inner in channel_folders(folder):
        mapping, problems = load_channel(inner)
        for problem in problems:
            _log.error("channel refused", channel=inner.name, problem=str(problem))
        if mapping is not None:
            channels[inner.name] = mapping
    return channels


def load_channel(folder: Path) -> tuple[ChannelMapping | None, list[Problem]]:
    """Return the channel in `folder`, or `None` and what is wrong with its mapping."""
    problems = Problems(f"{folder.name}/{MAPPING_FILE}")
    if not _NAME.match(folder.name):
        problems.add(Mark(), f'"{folder.name}" is no channel name: a-z, 0-9 and _, 2 to 40 of them')
    try:
        content = (folder / MAPPING_FILE).read_bytes()
    except OSError as error:
        problems.add(Mark(), f"cannot be read: {error.strerror}")
        return None, problems.sorted()
    mapping = compile_mapping(folder.name, content, problems)
    return mapping, problems.sorted()


def check_mapping(folder: Path) -> list[Problem]:
    """Return what is wrong with the mapping in `folder`, by place; empty: it can serve."""
    return load_channel(folder)[1]


def channel_folders(folder: Path) -> list[Path]:
    """Return the folders under `folder` that hold a mapping, by name."""
    return sorted(path.parent for path in folder.glob(f"*/{MAPPING_FILE}"))
