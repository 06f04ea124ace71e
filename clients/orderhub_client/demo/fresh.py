"""Business F: one front warehouse of a fresh-food seller, 300 stops in 9 clusters, 7 vans."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub_client.scenario.model import point

if TYPE_CHECKING:
    from orderhub.common.v1 import geo_pb2 as geo_v1

STOPS, CLUSTERS, SIGMA_M, VANS = 300, 9, 5_000, 7
DEPOT = (31.2304, 121.4737)
HOUR_S = 3_600
SLOTS = tuple((hour * HOUR_S, (hour + 2) * HOUR_S) for hour in (8, 10, 12, 14, 16, 18))
METRES_PER_DEGREE = 111_195
SERVICE_MEDIAN_S, SERVICE_SIGMA = 180, 0.3


def problem(seed: int) -> routing_v1.RouteProblem:
    """Return the day's routing problem of `seed`: two-hour slots, a van's load of crates."""
    rng = random.Random(f"fresh:{seed}")
    centres = [(rng.gauss(0, SIGMA_M), rng.gauss(0, SIGMA_M)) for _ in range(CLUSTERS)]
    stops = []
    for k in range(STOPS):
        east, north = rng.choice(centres)
        start_s, end_s = rng.choice(SLOTS)
        stops.append(
            routing_v1.RouteStop(
                stop_id=f"F{k + 1:03d}",
                location=_point(east + rng.gauss(0, 900), north + rng.gauss(0, 900)),
                weight_g=round(rng.lognormvariate(math.log(6_000), 0.5)),
                volume_ml=round(rng.lognormvariate(math.log(15_000), 0.5)),
                service_s=round(rng.lognormvariate(math.log(SERVICE_MEDIAN_S), SERVICE_SIGMA)),
                windows=[routing_v1.RouteWindow(start_s=start_s, end_s=end_s)],
            )
        )
    van = routing_v1.RouteVehicle(
        vehicle_id="VAN",
        count=VANS,
        capacity_g=900_000,
        capacity_ml=4_000_000,
        shift=routing_v1.RouteWindow(start_s=7 * HOUR_S + HOUR_S // 2, end_s=21 * HOUR_S),
        fixed_cost=15_000,
        cost_per_km=120,
        cost_per_hour=3_000,
    )
    return routing_v1.RouteProblem(depot=point(*DEPOT), stops=stops, vehicles=[van])


def _point(east_m: float, north_m: float) -> geo_v1.GeoPoint:
    lat = DEPOT[0] + north_m / METRES_PER_DEGREE
    lng = DEPOT[1] + east_m / (METRES_PER_DEGREE * math.cos(math.radians(DEPOT[0])))
    return point(lat, lng)
