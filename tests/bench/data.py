"""What is measured on: real data where it is at hand, else invented and seeded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation.problem import Problem as AllocationProblem
from solver.routing.problem import Depot, Location, Profile, Stop, VehicleType, Window
from solver.routing.problem import Problem as RoutingProblem
from tests.e2e import olist_like

if TYPE_CHECKING:
    from numpy.typing import NDArray

REPO = Path(__file__).parents[2]
UNFILLED_MINOR = 10_000
DAY_S = 12 * 3600


def shared_data() -> Path | None:
    """Return the folder of shared data; `None` where it is absent."""
    folder = Path(os.environ.get("ORDERHUB_SHARED_DATA", REPO / ".." / "shared" / "data"))
    return folder.resolve() if folder.is_dir() else None


def marketplace(folder: Path, orders: int) -> tuple[Path, str]:
    """Return a folder of orders in the form of Olist, and what it is."""
    shared = shared_data()
    if shared is not None and (shared / "olist" / "orders.csv").exists():
        return shared / "olist", "Olist marketplace, January to October 2017"
    return olist_like.write(folder / "marketplace", orders), "invented marketplace, seed 7"


def allocation_problem(orders: int, seed: int, *, warehouses: int = 12) -> AllocationProblem:
    """Return an invented batch in which stock is scarce where demand is.

    Parcels cost by distance, two fifths of the orders have several lines, and stock is about a
    tenth more than is asked for, spread unevenly.
    """
    rng = np.random.default_rng(seed)
    skus = max(20, orders // 5)
    lines_of = rng.choice([1, 2, 3, 4], size=orders, p=[0.6, 0.2, 0.12, 0.08])
    order_ptr = np.concatenate([[0], np.cumsum(lines_of)])
    lines = int(order_ptr[-1])
    at, to = rng.uniform(0, 1000, (warehouses, 2)), rng.uniform(0, 1000, (orders, 2))
    distance = np.hypot(*(to[:, None, :] - at[None, :, :]).transpose(2, 0, 1))  # (o, w)
    line_sku = (skus * rng.random(lines) ** 2).astype(np.int64)
    line_qty = rng.choice([1, 2, 3], size=lines, p=[0.8, 0.15, 0.05])
    asked = np.bincount(line_sku, weights=line_qty, minlength=skus)
    shares = rng.dirichlet(np.full(warehouses, 0.5), size=skus).T  # (w, s)
    return AllocationProblem(
        stock=np.ceil(1.1 * asked * shares).astype(np.int64),
        parcel_capacity=np.full(warehouses, orders),
        order_ptr=order_ptr.astype(np.int64),
        parcel_cost=(500 + distance).astype(np.int64),
        line_sku=line_sku,
        line_qty=line_qty.astype(np.int64),
        unfilled_cost=np.full(lines, UNFILLED_MINOR),
        line_cost=rng.integers(10, 60, (lines, warehouses)),
        split_cost=200,
        max_parcels=3,
    )


def routing_problem(stops: int, seed: int) -> RoutingProblem:
    """Return an invented day of deliveries: a depot, clusters of stops, windows of four hours."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 40_000, (6, 2))
    points = centres[rng.integers(0, 6, stops)] + rng.normal(0, 4_000, (stops, 2))
    points = np.vstack([[[20_000.0, 20_000.0]], points])
    metres = _metres(points)
    opens = rng.integers(0, 3, stops) * 4 * 3600
    demand_g = rng.integers(500, 60_000, stops)
    return RoutingProblem(
        locations=[Location() for _ in range(stops + 1)],
        depots=[Depot(location=0, window=Window(0, DAY_S))],
        vehicle_types=[
            VehicleType(count=stops, capacity=(800_000,), fixed_cost=20_000, cost_per_distance=1)
        ],
        profiles=[Profile(distance=metres, travel_s=metres // 8)],
        stops=[
            Stop(
                location=i + 1,
                delivery=(int(demand_g[i]),),
                service_s=300,
                windows=(Window(int(opens[i]), int(opens[i]) + 4 * 3600),),
            )
            for i in range(stops)
        ],
    )


def _metres(points: NDArray[np.float64]) -> NDArray[np.int64]:
    delta = points[:, None, :] - points[None, :, :]
    return np.rint(1.3 * np.hypot(delta[..., 0], delta[..., 1])).astype(np.int64)
