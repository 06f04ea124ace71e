"""Costs cross between wire and solver without a cent lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from services.fulfilment.routing.scale import PRICED, CostScale

COSTS = st.integers(0, 10**14)


@given(st.dictionaries(st.sampled_from(["fixed", "distance", "time", "prizes"]), COSTS))
def test_terms_sum_to_the_cost(parts: dict[str, int]) -> None:
    scale = CostScale(PRICED)

    terms = scale.terms(parts)

    assert sum(term.amount_minor for term in terms) == scale.outward(sum(parts.values()))
    for term in terms:
        assert abs(term.amount_minor * PRICED - parts[term.name]) <= PRICED


@given(COSTS, COSTS)
def test_a_bound_stays_below_the_cost_it_bounds(cost: int, less: int) -> None:
    scale = CostScale(PRICED)

    assert scale.bound(max(0, cost - less)) <= scale.outward(cost)


@given(st.integers(0, 10**6), st.integers(0, 10**5))
def test_whole_kilometres_and_hours_cost_exactly_their_rate(rate: int, count: int) -> None:
    scale = CostScale(PRICED)

    assert scale.outward(scale.per_metre(rate) * 1_000 * count) == rate * count
    assert scale.outward(scale.per_second(rate) * 3_600 * count) == rate * count


def test_without_prices_the_cost_is_metres() -> None:
    scale = CostScale.of([routing_v1.RouteVehicle(vehicle_id="V", count=1)])

    assert (scale.per_metre(0), scale.per_second(0), scale.outward(1234)) == (1, 0, 1234)
