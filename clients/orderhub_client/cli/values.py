"""How single values are written for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

NO_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})
THREE_DECIMALS = frozenset({"KWD", "BHD", "OMR", "JOD", "TND"})


def money(minor: int, currency: str) -> str:
    """Return an amount of minor units as people write it: `-12.30 BRL`."""
    digits = 0 if currency in NO_CENTS else 3 if currency in THREE_DECIMALS else 2
    sign, amount = "-" if minor < 0 else "", abs(minor)
    if not digits:
        return f"{sign}{amount} {currency}".strip()
    unit = 10**digits
    return f"{sign}{amount // unit}.{amount % unit:0{digits}d} {currency}".strip()


def moment(timestamp: Timestamp, message: Any = None, field: str = "") -> str:
    """Return an instant in UTC to the second; empty where `field` of `message` is not set."""
    if message is not None and not message.HasField(field):
        return ""
    return timestamp.ToDatetime().strftime("%Y-%m-%d %H:%M:%S")


def clock(seconds: int) -> str:
    """Return seconds after midnight as `HH:MM`, `+1` for the next day."""
    days, rest = divmod(seconds, 86_400)
    text = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}"
    return f"{text}+{days}" if days else text


def kilometres(metres: int) -> str:
    """Return metres as kilometres with one decimal."""
    return f"{metres / 1000:,.1f} km"


def per_cent(basis_points: int) -> str:
    """Return hundredths of a per cent as a per cent."""
    return f"{basis_points / 100:.2f} %"


def named(enum: Any, number: int) -> str:
    """Return an enum's value in small letters, words apart; `-` for unspecified."""
    from orderhub_client.plain import enum_name

    name = enum_name(enum.DESCRIPTOR, number)
    return "-" if name == "UNSPECIFIED" else name.lower().replace("_", " ")


def chosen(enum: Any, name: str, option: str) -> Any:
    """Return the number of the value called `name`.

    Raises
    ------
    UsageFault
        Naming the option and the values there are.
    """
    from orderhub_client.cli.failures import UsageFault
    from orderhub_client.plain import enum_number

    try:
        return enum_number(enum.DESCRIPTOR, name)
    except ValueError as error:
        raise UsageFault(f"{option}: {error}.") from None
