"""Recorded payloads of a channel and what they must become.

`fixtures/NAME.json` is a payload as it came (any other ending for one that is no JSON),
`expected/NAME.json` what the mapping makes of it, `skus.json` the SKU table they are read with.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from services.intake.mapping.outcomes import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from services.intake.mapping.channel import ChannelMapping


def fixtures_of(folder: Path) -> list[Path]:
    """Return the recorded payloads of the channel in `folder`, by name."""
    return sorted(path for path in (folder / "fixtures").glob("*") if path.is_file())


def sku_table(folder: Path) -> dict[str, str]:
    """Return the SKU names that the channel's fixtures are read with; none recorded: empty."""
    path = folder / "skus.json"
    table: dict[str, str] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return table


def differences(mapping: ChannelMapping, folder: Path) -> Iterator[str]:
    """Yield a sentence for each fixture that does not become what is expected."""
    table = sku_table(folder)
    for fixture in fixtures_of(folder):
        found = plain(mapping.map(fixture.read_bytes(), "", table.get))
        path = expected_path(folder, fixture)
        if not path.is_file():
            yield f"{fixture.name}: nothing is expected of it yet; write {path.name} by --record"
            continue
        expected = json.loads(path.read_text("utf-8"))
        for where, was, now in _unlike("", expected, found):
            yield f"{fixture.name}: {where} should be {_short(was)}, is {_short(now)}"


def record(mapping: ChannelMapping, folder: Path) -> list[Path]:
    """Write what each fixture becomes now as what is expected; return the files changed."""
    table = sku_table(folder)
    changed = []
    for fixture in fixtures_of(folder):
        found = plain(mapping.map(fixture.read_bytes(), "", table.get))
        text = json.dumps(found, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        path = expected_path(folder, fixture)
        if not path.is_file() or path.read_text("utf-8") != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
            changed.append(path)
    return changed


def expected_path(folder: Path, fixture: Path) -> Path:
    """Return where the expected outcome of `fixture` is written."""
    return folder / "expected" / f"{fixture.stem}.json"


def _unlike(where: str, expected: Any, found: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            at = f"{where}.{key}" if where else key
            yield from _unlike(at, expected.get(key), found.get(key))
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (was, now) in enumerate(zip(expected, found, strict=True)):
            yield from _unlike(f"{where}[{index}]", was, now)
    elif expected != found:
        yield where, expected, found


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"
