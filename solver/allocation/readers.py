"""Allocation files: JSON, plain or gzipped, to a problem and its names."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from solver.allocation.problem import LARGEST_TOTAL_MINOR, Problem
from solver.errors import InputFileError, InvalidProblemError

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_FILE = 512 * 2**20  # bytes of JSON after decompression
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, eq=False)
class NamedProblem:
    """A problem with the names its file uses.

    Parameters
    ----------
    orders, warehouses, skus
        Names by position; as the file spells them, text or number.
    """

    problem: Problem
    orders: tuple[str | int, ...]
    warehouses: tuple[str | int, ...]
    skus: tuple[str | int, ...]


class _Fault(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field = field
        self.message = message


def read_allocation(path: str | Path, *, largest: int = LARGEST_FILE) -> NamedProblem:
    """Read an allocation file.

    Keys: ``max_parcels_per_order``, ``split_cost``, ``warehouses[]`` (``id``,
    ``parcel_capacity``), ``stock[]`` (``warehouse``, ``sku``, ``qty``; absent
    is 0), ``orders[]`` (``id``, ``parcel_cost[w]``, ``may_split`` true if
    unset, ``lines[]`` with ``sku``, ``qty``, ``unfilled_cost``,
    ``line_cost[w]``, ``allowed[w]`` all true if unset). Others are ignored.

    Parameters
    ----------
    path
        JSON, gzipped or not.
    largest
        Most bytes of JSON, decompressed.

    Raises
    ------
    InputFileError
        When the file cannot be read, naming the field at fault.
    """
    document = _document(Path(path), largest)
    try:
        return _problem(document)
    except _Fault as fault:
        raise InputFileError(str(path), fault.message, field=fault.field) from None
    except InvalidProblemError as error:
        raise InputFileError(str(path), error.message, field=error.field) from error


def _document(path: Path, largest: int) -> Any:
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            # Read one byte beyond the cap: a small file may unfold to terabytes.
            data = gzip.GzipFile(fileobj=raw).read(largest + 1) if zipped else raw.read(largest + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputFileError(str(path), f"is not whole gzip data ({error})") from error
    except OSError as error:
        raise InputFileError(str(path), error.strerror or "cannot be read") from error
    if len(data) > largest:
        raise InputFileError(str(path), f"holds more than {largest} bytes of JSON")
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except _Fault as fault:
        raise InputFileError(str(path), fault.message) from None
    except json.JSONDecodeError as error:
        text = f"is not JSON: {error.msg}"
        raise InputFileError(str(path), text, line=error.lineno) from error
    except UnicodeDecodeError as error:
        raise InputFileError(str(path), "is not UTF-8 text") from error
    except ValueError as error:  # an integer of thousands of digits
        raise InputFileError(str(path), f"is not JSON: {error}") from error
    except RecursionError as error:
        raise InputFileError(str(path), "is nested too deep") from error


def _refuse_constant(name: str) -> NoReturn:
    raise _Fault("", f"holds {name}, which is not a number in JSON")


def _problem(document: Any) -> NamedProblem:
    top = _object(document, "document")
    most = _whole(top, "max_parcels_per_order", "max_parcels_per_order", least=1)
    split = _whole(top, "split_cost", "split_cost")

    warehouses: dict[str | int, int] = {}
    capacity = []
    for i, item in enumerate(_array(top, "warehouses", "warehouses")):
        at = f"warehouses[{i}]"
        entry = _object(item, at)
        _name(entry, "id", at, warehouses)
        capacity.append(_whole(entry, "parcel_capacity", f"{at}.parcel_capacity"))
    w = len(warehouses)

    skus: dict[str | int, int] = {}
    held: dict[tuple[int, int], int] = {}
    for i, item in enumerate(_array(top, "stock", "stock")):
        at = f"stock[{i}]"
        entry = _object(item, at)
        where = _key(entry, "warehouse", at)
        if where not in warehouses:
            raise _Fault(f"{at}.warehouse", f"{where!r} is no warehouse of this file")
        sku = skus.setdefault(_key(entry, "sku", at), len(skus))
        place = (warehouses[where], sku)
        if place in held:
            raise _Fault(at, "names a warehouse and SKU a second time")
        held[place] = _whole(entry, "qty", f"{at}.qty")

    orders: dict[str | int, int] = {}
    ptr, parcel_cost, may_split = [0], [], []
    line_sku, line_qty, unfilled, line_cost, allowed = [], [], [], [], []
    for i, item in enumerate(_array(top, "orders", "orders")):
        at = f"orders[{i}]"
        order = _object(item, at)
        _name(order, "id", at, orders)
        parcel_cost.append(_per_warehouse(order, "parcel_cost", at, w, _is_cost))
        may_split.append(_flag(order, "may_split", at))
        for j, part in enumerate(_array(order, "lines", f"{at}.lines")):
            spot = f"{at}.lines[{j}]"
            line = _object(part, spot)
            line_sku.append(skus.setdefault(_key(line, "sku", spot), len(skus)))
            line_qty.append(_whole(line, "qty", f"{spot}.qty", least=1))
            unfilled.append(_whole(line, "unfilled_cost", f"{spot}.unfilled_cost"))
            line_cost.append(_per_warehouse(line, "line_cost", spot, w, _is_cost))
            allowed.append(
                _per_warehouse(line, "allowed", spot, w, _is_flag)
                if "allowed" in line
                else [True] * w
            )
        ptr.append(len(line_sku))

    stock = np.zeros((w, len(skus)), dtype=np.int64)
    for place, qty in held.items():
        stock[place] = qty
    problem = Problem(
        stock=stock,
        parcel_capacity=np.array(capacity, dtype=np.int64),
        order_ptr=np.array(ptr, dtype=np.int64),
        parcel_cost=np.array(parcel_cost, dtype=np.int64).reshape(len(orders), w),
        line_sku=np.array(line_sku, dtype=np.int64),
        line_qty=np.array(line_qty, dtype=np.int64),
        unfilled_cost=np.array(unfilled, dtype=np.int64),
        line_cost=np.array(line_cost, dtype=np.int64).reshape(len(line_sku), w),
        split_cost=split,
        max_parcels=most,
        allowed=np.array(allowed, dtype=np.bool_).reshape(len(line_sku), w),
        may_split=np.array(may_split, dtype=np.bool_),
    )
    return NamedProblem(problem, tuple(orders), tuple(warehouses), tuple(skus))


def _object(value: Any, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Fault(at, f"must be an object, is {_shown(value)}")
    return value


def _need(entry: dict[str, Any], key: str, at: str) -> Any:
    if key not in entry:
        raise _Fault(at, "is missing")
    return entry[key]


def _array(entry: dict[str, Any], key: str, at: str) -> list[Any]:
    value = _need(entry, key, at)
    if not isinstance(value, list):
        raise _Fault(at, f"must be an array, is {_shown(value)}")
    return value


def _whole(entry: dict[str, Any], key: str, at: str, *, least: int = 0) -> int:
    value = _need(entry, key, at)
    if type(value) is not int:
        raise _Fault(at, f"must be a whole number, is {_shown(value)}")
    if not least <= value < LARGEST_TOTAL_MINOR:
        raise _Fault(at, f"must be at least {least} and below 2^52, is {_shown(value)}")
    return value


def _key(entry: dict[str, Any], key: str, at: str) -> str | int:
    value = _need(entry, key, f"{at}.{key}")
    if type(value) not in (str, int):
        raise _Fault(f"{at}.{key}", f"must be text or a whole number, is {_shown(value)}")
    return value  # type: ignore[no-any-return]  # its type was just tested


def _name(entry: dict[str, Any], key: str, at: str, names: dict[str | int, int]) -> None:
    name = _key(entry, key, at)
    if name in names:
        raise _Fault(f"{at}.{key}", f"{_shown(name)} stands a second time")
    names[name] = len(names)


def _flag(entry: dict[str, Any], key: str, at: str) -> bool:
    value = entry.get(key, True)
    if not isinstance(value, bool):
        raise _Fault(f"{at}.{key}", f"must be true or false, is {_shown(value)}")
    return value


def _is_cost(value: Any) -> bool:
    return type(value) is int and 0 <= value < LARGEST_TOTAL_MINOR


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _per_warehouse(
    entry: dict[str, Any], key: str, at: str, w: int, fits: Callable[[Any], bool]
) -> list[Any]:
    values = _array(entry, key, f"{at}.{key}")
    if len(values) != w:
        raise _Fault(f"{at}.{key}", f"has {len(values)} values for {w} warehouses")
    for i, value in enumerate(values):
        if not fits(value):
            wanted = "a whole number of at least 0 and below 2^52"
            wanted = wanted if fits is _is_cost else "true or false"
            raise _Fault(f"{at}.{key}[{i}]", f"must be {wanted}, is {_shown(value)}")
    return values


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, int) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."
