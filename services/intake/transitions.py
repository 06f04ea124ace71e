"""Which values of each dimension of an order may follow which: the only table of that.

`0` stands for "did not exist". Values are the wire's enumerations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.intake.v1 import record_pb2 as record_v1

if TYPE_CHECKING:
    from collections.abc import Mapping


class IllegalTransition(Exception):
    """A change of state that the table does not allow."""

    def __init__(self, dimension: str, before: str, after: str) -> None:
        super().__init__(f"{dimension}: {before or 'nothing'} is never followed by {after}")
        self.dimension = dimension
        self.before = before
        self.after = after


class Dimension(NamedTuple):
    """One dimension: its values and what may follow each.

    Attributes
    ----------
    name
        As in `Transition.dimension`.
    names
        Value → its name on the wire, without the enumeration's prefix; 0 is the empty name.
    follows
        Value → the values that may follow it.
    """

    name: str
    names: Mapping[int, str]
    follows: Mapping[int, frozenset[int]]

    def check(self, before: int, after: int) -> None:
        """Raise `IllegalTransition` unless `after` may follow `before`."""
        if after not in self.follows.get(before, ()):
            raise IllegalTransition(
                self.name, self.names.get(before, str(before)), self.names.get(after, str(after))
            )


def _dimension(
    name: str, enum: Any, prefix: str, follows: dict[str, str], *, rest: str = ""
) -> Dimension:
    """Return the dimension whose table is written in names; `rest` is what 0 is called."""
    numbers = {value.removeprefix(prefix): number for value, number in enum.items()}
    numbers[rest] = numbers.pop("UNSPECIFIED")
    table = {
        numbers[before]: frozenset(numbers[after] for after in afters.split())
        for before, afters in follows.items()
    }
    return Dimension(name, {number: value for value, number in numbers.items()}, table)


LIFECYCLE = _dimension(
    "lifecycle",
    record_v1.Lifecycle,
    "LIFECYCLE_",
    {
        "": "OPEN",
        "OPEN": "REJECTED CANCELLED EXPIRED",
        "REJECTED": "",
        "CANCELLED": "",
        "EXPIRED": "",
    },
)

PAYMENT = _dimension(
    "payment",
    record_v1.PaymentState,
    "PAYMENT_STATE_",
    {
        "": "UNPAID PARTLY_PAID PAID NOT_DUE PARTLY_REFUNDED REFUNDED",
        "UNPAID": "PARTLY_PAID PAID NOT_DUE PARTLY_REFUNDED REFUNDED",
        "PARTLY_PAID": "PAID NOT_DUE PARTLY_REFUNDED REFUNDED",
        # A line added or a mode changed makes an order that was paid due again.
        "PAID": "PARTLY_PAID NOT_DUE PARTLY_REFUNDED REFUNDED",
        "NOT_DUE": "UNPAID PARTLY_PAID PAID PARTLY_REFUNDED REFUNDED",
        "PARTLY_REFUNDED": "REFUNDED",
        "REFUNDED": "",
    },
)

STOCK = _dimension(
    "stock",
    record_v1.StockState,
    "STOCK_STATE_",
    {
        "": "NONE",
        "NONE": "RESERVED ALLOCATED BACKORDERED",
        "RESERVED": "NONE ALLOCATED BACKORDERED",
        "ALLOCATED": "NONE RESERVED BACKORDERED",
        "BACKORDERED": "NONE RESERVED ALLOCATED",
    },
)

WORK = _dimension(
    "work",
    record_v1.Work,
    "WORK_",
    {
        "NONE": "PROCESS CONFIRM_PAYMENT RELEASE EXPIRE",
        "PROCESS": "NONE RELEASE",
        "CONFIRM_PAYMENT": "NONE PROCESS RELEASE",
        "EXPIRE": "NONE PROCESS CONFIRM_PAYMENT RELEASE",
        # What was to be freed of a frozen order is wanted again.
        "RELEASE": "NONE PROCESS",
    },
    rest="NONE",
)

HOLD = _dimension(
    "hold",
    record_v1.HoldState,
    "HOLD_STATE_",
    {
        "": "OPEN",
        "OPEN": "RELEASED REJECTED OBSOLETE",
        "RELEASED": "",
        "REJECTED": "",
        "OBSOLETE": "",
    },
)

SHIPMENT = _dimension(
    "shipment",
    allocation_v1.ShipmentState,
    "SHIPMENT_STATE_",
    {
        "": "ALLOCATED RELEASED",
        "ALLOCATED": "RELEASED CANCELLED",
        "RELEASED": "PACKED CANCELLED",
        "PACKED": "SHIPPED CANCELLED",
        "SHIPPED": "DELIVERED INTERCEPTED FAILED REFUSED LOST",
        "FAILED": "SHIPPED RETURNING LOST",
        "INTERCEPTED": "RETURNING LOST",
        "REFUSED": "RETURNING LOST",
        "RETURNING": "LOST",
        "DELIVERED": "",
        "CANCELLED": "",
        "LOST": "",
    },
)

DIMENSIONS = (LIFECYCLE, PAYMENT, STOCK, WORK, HOLD, SHIPMENT)
