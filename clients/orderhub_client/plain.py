"""Messages as plain Python values for JSON: every field there, integers as integers."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
    from google.protobuf.message import Message


def plain(message: Message) -> dict[str, Any]:
    """Return `message` as a dictionary by wire names; an unset message is `None`.

    Enums are their names without the prefix, instants are ISO 8601, bytes are text where they
    are UTF-8, else base64.
    """
    fields: Any = message.DESCRIPTOR.fields  # typed twice, by both of its implementations
    return {field.name: _field(message, field) for field in fields}


def enum_name(descriptor: EnumDescriptor, number: int) -> str:
    """Return a value's name without the enumeration's prefix; its number where it is unknown."""
    value = descriptor.values_by_number.get(number)
    prefix = descriptor.values[0].name.removesuffix("UNSPECIFIED")
    return value.name.removeprefix(prefix) if value else str(number)


def enum_number(descriptor: EnumDescriptor, name: str) -> int:
    """Return the number of a value named as by `enum_name`, in any case of letters.

    Raises
    ------
    ValueError
        Naming the values there are.
    """
    prefix = descriptor.values[0].name.removesuffix("UNSPECIFIED")
    wanted = name.upper().replace("-", "_")
    value = descriptor.values_by_name.get(f"{prefix}{wanted.removeprefix(prefix)}")
    if value is None or value.number == 0:
        known = ", ".join(v.name.removeprefix(prefix).lower() for v in descriptor.values[1:])
        raise ValueError(f"{name!r} is none of {known}")
    return value.number


def wire(value: Any, descriptor: Descriptor) -> Any:
    """Return a dictionary as `plain` gives it with enum names as protobuf's own JSON wants them.

    What is no dictionary, no known field or no known name is left as it is, for the parser to
    refuse.
    """
    if not isinstance(value, dict):
        return value
    return {
        name: _wire(inner, descriptor.fields_by_name[name])
        if name in descriptor.fields_by_name
        else inner
        for name, inner in value.items()
    }


def _wire(value: Any, field: FieldDescriptor) -> Any:
    if isinstance(value, list):
        return [_wire(inner, field) for inner in value]
    if field.message_type is not None:
        return wire(value, field.message_type)
    if field.enum_type is not None and isinstance(value, str):
        prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        return value if value.startswith(prefix) else f"{prefix}{value.upper()}"
    return value


def instant(timestamp: Timestamp) -> str:
    """Return an instant as ISO 8601 in UTC, to the millisecond."""
    return timestamp.ToDatetime().isoformat(timespec="milliseconds") + "Z"


def _field(message: Message, field: FieldDescriptor) -> Any:
    value = getattr(message, field.name)
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        inner = entry.fields_by_name["value"]
        return {str(key): _value(value[key], inner) for key in sorted(value)}
    if field.is_repeated:
        return [_value(item, field) for item in value]
    if field.has_presence and not message.HasField(field.name):
        return None
    return _value(value, field)


def _value(value: Any, field: FieldDescriptor) -> Any:
    if field.enum_type is not None:
        return enum_name(field.enum_type, value)
    if isinstance(value, Timestamp):
        return instant(value)
    if isinstance(value, Duration):
        return value.ToTimedelta().total_seconds()
    if isinstance(value, bytes):
        return _text(value)
    return value if field.message_type is None else plain(value)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(value).decode("ascii")
