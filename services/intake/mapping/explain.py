"""Says field by field what became of a payload, for the one who writes a mapping."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.intake.mapping.currencies import EXPONENTS
from services.intake.mapping.instants import moment_of
from services.intake.mapping.payload import decode
from services.intake.mapping.reasons import Fault
from services.intake.mapping.targets import CHOICES, PERSONAL_PREFIX, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.intake.mapped import Mapped
    from services.intake.mapping.channel import ChannelMapping, Reading
    from services.intake.mapping.fields import Field
    from services.intake.mapping.skus import SkuOf

_INDEX = re.compile(r"\[[0-9]+\]")
_MASK = "•••"


@dataclass(frozen=True, slots=True)
class FieldNote:
    """One field of the hub: where it was looked for and what was found."""

    name: str
    sources: str
    became: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A payload explained.

    Attributes
    ----------
    rows
        A sentence for each row, as far as they could be read.
    ignored
        Fields of the payload that the mapping does not read; they stay in the raw payload.
    """

    fields: list[FieldNote]
    rows: list[str]
    ignored: list[str]
    outcome: Mapped


def explain(
    mapping: ChannelMapping, body: bytes, sku_of: SkuOf, *, personal: bool = False
) -> Explanation:
    """Return what `mapping` makes of `body`, and how.

    Parameters
    ----------
    personal
        Show the recipient's fields instead of masking them.
    """
    outcome = mapping.map(body, "", sku_of)
    fields: list[FieldNote] = []
    rows: list[str] = []
    ignored: list[str] = []
    try:
        root = decode(body)
        reading = mapping.open(root)
        fields = [_note(field, reading, mapping, personal) for field in mapping.fields.every()]
        ignored = sorted(_ignored(mapping, root))
        exponent = EXPONENTS[mapping.fields.currency.read(reading.here, reading.root)]
        cancelling = mapping.cancels is not None and mapping.cancels(reading.here, reading.root)
        mapping.lines.collect(
            reading.root,
            exponent,
            sku_of,
            cancelling=cancelling,
            note=lambda index, said: rows.append(f"row {index}: {said}"),
        )
    except Fault as fault:
        rows.append(f"stopped at {fault.path or 'the payload'}: {fault.message(fault.path).en}")
    return Explanation(fields, rows, ignored, outcome)


def _note(field: Field, reading: Reading, mapping: ChannelMapping, personal: bool) -> FieldNote:
    sources = " | ".join(field.source.texts) or f"({field.fallback})"
    try:
        if field.target.kind is Kind.MONEY:
            currency = mapping.fields.currency.read(reading.here, reading.root)
            value = field.read_minor(reading.here, reading.root, EXPONENTS[currency])
        else:
            value = field.read(reading.here, reading.root)
    except Fault as fault:
        return FieldNote(
            field.target.name, sources, f"✗ {fault.reason}: {fault.message(fault.path).en}"
        )
    if value is None:
        return FieldNote(field.target.name, sources, field.fallback or "–")
    if field.target.name.startswith(PERSONAL_PREFIX) and not personal:
        return FieldNote(field.target.name, sources, _MASK)
    return FieldNote(field.target.name, sources, _shown(field, value))


def _shown(field: Field, value: Any) -> str:
    if field.target.kind is Kind.INSTANT:
        return moment_of(value).isoformat()
    if field.target.kind is Kind.CHOICE:
        words = CHOICES[field.target.name]
        return next((word for word, number in words.items() if number == value), str(value))
    return str(value)


def _ignored(mapping: ChannelMapping, root: dict[str, Any]) -> Iterator[str]:
    """Yield the payload's leaves that no field reads; indices are left out."""
    if mapping.columns is not None:
        _, rows = mapping.lines.rows(root)
        headers = {header for row in rows for header in row}
        for row in rows:
            headers -= set(mapping.columns.headers_of(row).values())
        yield from headers
        return
    read = set(_read_paths(mapping))
    for leaf in {_INDEX.sub("[]", leaf) for leaf in _leaves("", root)}:
        if not any(leaf == path or leaf.startswith((f"{path}.", f"{path}[")) for path in read):
            yield leaf


def _read_paths(mapping: ChannelMapping) -> Iterator[str]:
    order_scope = "" if mapping.order_at is None else f"{mapping.order_at.text}."
    texts = [text for field in mapping.fields.every() for text in field.source.texts]
    texts += [text for _, field in mapping.extras.attributes for text in field.source.texts]
    texts += [label.path.text for label in mapping.extras.labels if label.path is not None]
    if mapping.extras.attributes_from is not None:
        texts.append(mapping.extras.attributes_from.text)
    yield from (_absolute(text, order_scope) for text in texts)
    lines = mapping.lines
    fields = [lines.sku, lines.quantity, lines.price, lines.discount, *(f for _, f in lines.texts)]
    texts = [text for field in fields if field is not None for text in field.source.texts]
    for each in lines.each:
        scope = f"{each.text}[]."
        yield from (_absolute(text, scope) for text in (*texts, *lines.reads))


def _absolute(text: str, scope: str) -> str:
    path = text[2:] if text.startswith("$.") else scope + text
    return _INDEX.sub("[]", path)


def _leaves(where: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(f"{where}.{key}" if where else key, inner)
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(f"{where}[{index}]", inner)
    else:
        yield where
