"""Money per kilometre and hour in whole numbers per metre and second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub.common.v1 import money_pb2 as money_v1

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orderhub.fulfilment.v1 import routing_pb2 as routing_v1

# The least number that both a kilometre's metres and an hour's seconds divide, so that every
# rate on the wire becomes a whole number per metre or second.
PRICED = 18_000
PER_METRE, PER_SECOND = PRICED // 1_000, PRICED // 3_600


@dataclass(frozen=True, slots=True)
class CostScale:
    """How many of the solver's cost units make one on the wire.

    Attributes
    ----------
    units
        1 where nothing is priced: the cost is metres then.
    """

    units: int

    @classmethod
    def of(cls, vehicles: Iterable[routing_v1.RouteVehicle]) -> CostScale:
        """Return the scale for these vehicles: priced if any of them is."""
        priced = any(v.fixed_cost or v.cost_per_km or v.cost_per_hour for v in vehicles)
        return cls(PRICED if priced else 1)

    def per_metre(self, cost_per_km: int) -> int:
        """Return the solver's cost of a metre."""
        return PER_METRE * cost_per_km if self.units == PRICED else 1

    def per_second(self, cost_per_hour: int) -> int:
        """Return the solver's cost of a second."""
        return PER_SECOND * cost_per_hour if self.units == PRICED else 0

    def inward(self, cost: int) -> int:
        """Return a cost on the wire in the solver's units."""
        return cost * self.units

    def outward(self, cost: int) -> int:
        """Return the solver's cost in the wire's units, halves up."""
        return (2 * cost + self.units) // (2 * self.units)

    def bound(self, cost: int) -> int:
        """Return a proven bound in the wire's units, rounded down so that it stays proven."""
        return cost // self.units

    def terms(self, parts: Mapping[str, int]) -> list[money_v1.CostTerm]:
        """Return the named parts in the wire's units; they sum to `outward` of their sum.

        Each is rounded down; the units missing go to the largest remainders.
        """
        names = sorted(parts)
        whole = {name: parts[name] // self.units for name in names}
        missing = self.outward(sum(parts.values())) - sum(whole.values())
        for name in sorted(names, key=lambda n: (-(parts[n] % self.units), n))[:missing]:
            whole[name] += 1
        return [money_v1.CostTerm(name=name, amount_minor=whole[name]) for name in names]
