"""Problems for the tests of route plans."""

from __future__ import annotations

import random

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.fulfilment.v1 import routing_pb2 as routing_v1


def city(stops: int, seed: int = 1) -> routing_v1.RouteProblem:
    """Stops around a depot, more vans than needed, two-hour windows."""
    rng = random.Random(seed)

    def point() -> geo_v1.GeoPoint:
        return geo_v1.GeoPoint(
            lat_e7=312_000_000 + round(rng.gauss(0, 400_000)),
            lng_e7=1_214_000_000 + round(rng.gauss(0, 400_000)),
            datum=geo_v1.DATUM_WGS84,
        )

    problem = routing_v1.RouteProblem(
        depot=point(),
        vehicles=[
            routing_v1.RouteVehicle(
                vehicle_id="VAN",
                count=max(4, stops // 8),
                capacity_g=50_000,
                fixed_cost=10_000,
                cost_per_km=150,
                cost_per_hour=3_000,
            )
        ],
    )
    for k in range(stops):
        start_s = rng.choice((8, 10, 12, 14)) * 3600
        problem.stops.add(
            stop_id=f"S{k}",
            location=point(),
            weight_g=rng.randint(500, 5_000),
            service_s=180,
            windows=[routing_v1.RouteWindow(start_s=start_s, end_s=start_s + 7200)],
        )
    return problem
