"""What is between the wire and the arrays: supply goes in, decisions come out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
    from services.fulfilment.catalogue import SkuFacts, WarehouseFacts


@dataclass(frozen=True, slots=True)
class Pick:
    """A line and the warehouse that serves it.

    Attributes
    ----------
    position
        Of the line in its order.
    parcel_class
        Lines of one warehouse and one class share a parcel.
    distance_m
        -1 where the destination is unknown.
    """

    position: int
    warehouse_id: str
    parcel_class: tuple[int, bool]
    distance_m: int


@dataclass(slots=True)
class Decision:
    """What was decided about one order."""

    currency: str
    picks: list[Pick] = field(default_factory=list)
    unfilled: list[tuple[int, allocation_v1.UnfilledReason.ValueType]] = field(default_factory=list)
    terms: dict[str, int] = field(default_factory=dict)
    nearest_minor: int = 0
    options: bytes = b""

    @property
    def cost_minor(self) -> int:
        """Sum of the terms."""
        return sum(self.terms.values())


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided about a batch, orders in the request's order."""

    orders: list[Decision]
    bound_minor: int
    bound_kind: str

    @property
    def cost_minor(self) -> int:
        """Of all orders; of several currencies, the plain sum."""
        return sum(order.cost_minor for order in self.orders)

    @property
    def nearest_minor(self) -> int:
        """What the nearest rule would have cost."""
        return sum(order.nearest_minor for order in self.orders)

    @classmethod
    def together(cls, parts: Sequence[Decisions]) -> Decisions:
        """Return what was decided in several passes; the weakest bound names the sum."""
        kinds = {part.bound_kind for part in parts}
        kinds = kinds if len(kinds) <= 1 else kinds - {"optimal"}
        return cls(
            [order for part in parts for order in part.orders],
            sum(part.bound_minor for part in parts),
            min(kinds, default="optimal"),
        )


@dataclass(frozen=True, slots=True)
class Supply:
    """What a batch may draw on.

    Attributes
    ----------
    skus
        Facts by code; one that is missing is unknown.
    warehouses
        All of them, in id order, closed ones included.
    stock
        Pieces that may be promised, by SKU and warehouse.
    parcels
        Parcels left today, by warehouse; one that is missing has no limit.
    """

    skus: Mapping[str, SkuFacts]
    warehouses: Sequence[WarehouseFacts]
    stock: Mapping[str, Mapping[str, int]]
    parcels: Mapping[str, int]
