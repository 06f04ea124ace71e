"""Taking a whole source through the hub."""

from __future__ import annotations
