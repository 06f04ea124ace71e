"""What is to be allocated: orders, lines, stock and costs as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.errors import InvalidProblemError

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Kernels add costs as float64: below 2^53 every sum of integers is exact.
LARGEST_TOTAL_MINOR = 2**52
LARGEST_QUANTITY = 2**31
_UNSET: BoolArray = np.empty(0, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Problem:
    """A batch of o orders with l lines over w warehouses and s SKUs.

    Lines are grouped by order: order i owns lines
    ``order_ptr[i]:order_ptr[i + 1]``. Money is integer minor units of one
    currency, quantities are whole units.

    Parameters
    ----------
    stock
        Units that may be promised, shape (w, s), at least 0.
    parcel_capacity
        Parcels each warehouse can still send, shape (w,), at least 0.
    order_ptr
        Begin of each order's lines, shape (o + 1,), from 0 to l.
    parcel_cost
        Cost of one parcel of order i from warehouse w, shape (o, w).
    line_sku, line_qty
        SKU in 0..s-1 and units (at least 1) of each line, shape (l,).
    unfilled_cost
        Cost of leaving a line out, shape (l,).
    line_cost
        Cost of serving a line from a warehouse, shape (l, w).
    split_cost
        Cost of every parcel of an order after its first.
    max_parcels
        Most warehouses one order may use, at least 1.
    allowed
        Whether a warehouse may serve a line (separation, promise date),
        shape (l, w), or (o, w) for whole orders; everything when left out.
    may_split
        Whether an order may use several warehouses, shape (o,); one warehouse
        for all its served lines where false. True when left out.

    Raises
    ------
    InvalidProblemError
        When shapes disagree, a value is negative or not whole, or the worst
        total cost reaches 2^52 minor units.
    """

    stock: IntArray
    parcel_capacity: IntArray
    order_ptr: IntArray
    parcel_cost: IntArray
    line_sku: IntArray
    line_qty: IntArray
    unfilled_cost: IntArray
    line_cost: IntArray
    split_cost: int = 0
    max_parcels: int = 3
    allowed: BoolArray = field(default_factory=lambda: _UNSET)
    may_split: BoolArray = field(default_factory=lambda: _UNSET)

    def __post_init__(self) -> None:
        stock = self._whole("stock", 2)
        w, s = stock.shape
        self._whole("parcel_capacity", 1, (w,))
        ptr = self._whole("order_ptr", 1)
        l = self._whole("line_sku", 1).size  # noqa: E741 - the paper's letter for lines
        if ptr.size == 0 or ptr[0] != 0 or ptr[-1] != l or (np.diff(ptr) < 0).any():
            raise InvalidProblemError("order_ptr", f"must rise from 0 to the {l} lines")
        o = ptr.size - 1
        self._whole("parcel_cost", 2, (o, w))
        self._whole("line_qty", 1, (l,), least=1)
        self._whole("unfilled_cost", 1, (l,))
        self._whole("line_cost", 2, (l, w))
        self._scalar("split_cost", 0)
        self._scalar("max_parcels", 1)
        if l and self.line_sku.max() >= s:
            worst = int(self.line_sku.argmax())
            raise InvalidProblemError(f"line_sku[{worst}]", f"must be below the {s} SKUs")
        for name in ("stock", "line_qty"):
            if (getattr(self, name) > LARGEST_QUANTITY).any():
                raise InvalidProblemError(name, f"above {LARGEST_QUANTITY} units")
        self._set_allowed(o, l, w)
        self._set_may_split(o)
        self._refuse_overflow()

    @property
    def orders(self) -> int:
        """Number of orders."""
        return self.order_ptr.size - 1

    @property
    def lines(self) -> int:
        """Number of lines of all orders."""
        return self.line_sku.size

    @property
    def warehouses(self) -> int:
        """Number of warehouses."""
        return len(self.parcel_capacity)

    @property
    def skus(self) -> int:
        """Number of SKUs."""
        return int(self.stock.shape[1])

    @property
    def line_order(self) -> IntArray:
        """Order of each line, shape (l,)."""
        return np.repeat(np.arange(self.orders), np.diff(self.order_ptr))

    @property
    def parcel_limit(self) -> IntArray:
        """Most warehouses each order may use, shape (o,)."""
        return np.where(self.may_split, self.max_parcels, 1).astype(np.int64)

    def lines_of(self, order: int) -> slice:
        """Return the lines of `order`."""
        return slice(int(self.order_ptr[order]), int(self.order_ptr[order + 1]))

    def _whole(
        self, name: str, dimensions: int, shape: tuple[int, ...] | None = None, least: int = 0
    ) -> IntArray:
        """Store `name` as a read-only int64 array after checking it."""
        given = np.asarray(getattr(self, name))
        if given.ndim != dimensions:
            raise InvalidProblemError(name, f"must have {dimensions} dimensions, has {given.ndim}")
        if shape is not None and given.shape != shape:
            raise InvalidProblemError(name, f"must have shape {shape}, has {given.shape}")
        if given.dtype.kind not in "iu" and given.size:
            raise InvalidProblemError(name, f"must be whole numbers, is {given.dtype}")
        if given.size and int(given.max()) > np.iinfo(np.int64).max:
            raise InvalidProblemError(name, "overflows 64 bits")
        array = np.ascontiguousarray(given, dtype=np.int64)
        if array.size and array.min() < least:
            at = np.unravel_index(int(array.argmin()), array.shape)
            path = name + "".join(f"[{i}]" for i in at)
            raise InvalidProblemError(path, f"must be at least {least}, is {array[at]}")
        self._put(name, array)
        return array

    def _scalar(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise InvalidProblemError(name, f"must be a whole number, is {value!r}")
        if not least <= value < LARGEST_TOTAL_MINOR:
            raise InvalidProblemError(name, f"must be at least {least} and below 2^52, is {value}")
        object.__setattr__(self, name, int(value))

    def _set_allowed(self, o: int, l: int, w: int) -> None:  # noqa: E741 - as above
        if self.allowed is _UNSET:
            self._put("allowed", np.ones((l, w), dtype=np.bool_))
            return
        given = np.asarray(self.allowed)
        if given.dtype != np.bool_:
            raise InvalidProblemError("allowed", f"must be booleans, is {given.dtype}")
        if given.shape not in {(o, w), (l, w)}:
            raise InvalidProblemError(
                "allowed", f"must have shape {(l, w)} or {(o, w)}, has {given.shape}"
            )
        # With as many lines as orders, each order may still own any number of
        # them; only the line reading is then taken.
        by_line = given if given.shape == (l, w) else given[self.line_order]
        self._put("allowed", np.ascontiguousarray(by_line))

    def _set_may_split(self, o: int) -> None:
        if self.may_split is _UNSET:
            self._put("may_split", np.ones(o, dtype=np.bool_))
            return
        given = np.asarray(self.may_split)
        if given.dtype != np.bool_ or given.shape != (o,):
            raise InvalidProblemError("may_split", f"must be booleans of shape {(o,)}")
        self._put("may_split", np.ascontiguousarray(given))

    def _refuse_overflow(self) -> None:
        # Python integers, so that the test itself cannot overflow.
        largest = {
            name: int(getattr(self, name).max(initial=0))
            for name in ("parcel_cost", "line_cost", "unfilled_cost")
        }
        for name, value in largest.items():
            if value >= LARGEST_TOTAL_MINOR:
                raise InvalidProblemError(name, f"{value} is not below 2^52 minor units")
        per_order = self.max_parcels * (largest["parcel_cost"] + self.split_cost)
        per_line = max(largest["line_cost"], largest["unfilled_cost"])
        if self.orders * per_order + self.lines * per_line >= LARGEST_TOTAL_MINOR:
            raise InvalidProblemError("costs", "the worst total reaches 2^52 minor units")

    def _put(self, name: str, array: NDArray[Any]) -> None:
        array = array.view()
        array.flags.writeable = False
        object.__setattr__(self, name, array)
