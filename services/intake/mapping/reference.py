"""The part of the mapping guide that is generated: fields, choices, reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.intake.mapping.reasons import TEXTS
from services.intake.mapping.targets import CHOICES, LINE_TARGETS, ORDER_TARGETS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.intake.mapping.targets import Target

BEGIN = "<!-- generated: python -m services.intake.mapping reference -->"
END = "<!-- end of the generated part -->"


def reference() -> str:
    """Return the tables of fields, choices and reasons as Markdown."""
    parts = [
        BEGIN,
        "### Fields under `order`",
        _fields(ORDER_TARGETS),
        "### Fields under `lines.fields`",
        _fields(LINE_TARGETS),
        "### Choices",
        _table(
            ("field", "words"),
            (
                (f"`{name}`", ", ".join(f"`{word}`" for word in words))
                for name, words in CHOICES.items()
            ),
        ),
        "### Reasons",
        _table(
            ("reason", "en", "zh"),
            ((f"`{reason}`", text.en, text.zh) for reason, text in TEXTS.items()),
        ),
        END,
    ]
    return "\n\n".join(parts) + "\n"


def _fields(targets: Iterable[Target]) -> str:
    return _table(
        ("field", "kind", "required", "meaning", "含义"),
        ((f"`{t.name}`", _kind(t), "yes" if t.required else "", t.en, t.zh) for t in targets),
    )


def _kind(target: Target) -> str:
    if target.kind is not Kind.TEXT:
        return target.kind.value
    return f"text, {'cut at' if target.cut else 'at most'} {target.most}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
