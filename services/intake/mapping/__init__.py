"""Declarative channel mappings: a folder with a mapping file makes a channel, without code."""

from __future__ import annotations

from services.intake.mapping.channel import ChannelMapping
from services.intake.mapping.loading import CHANNELS_FOLDER, check_mapping, load_channels
from services.intake.mapping.problems import Problem
from services.intake.mapping.reasons import MappingReason

__all__ = [
    "CHANNELS_FOLDER",
    "ChannelMapping",
    "MappingReason",
    "Problem",
    "check_mapping",
    "load_channels",
]
