"""First penalties of a search that may pass through infeasible plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyvrp
    from numpy.typing import NDArray

LEAST, MOST = 0.1, 1e5  # beyond, PyVRP's integers could overflow


def starting_penalties(data: pyvrp.ProblemData, factor: float = 1.0) -> NDArray[np.float64]:
    """Return cost per unit of each load, of time warp and of distance, shape `(dimensions + 2,)`.

    What a mean leg costs per mean load and per mean leg's time, times `factor`.
    PyVRP's own start, 50 000 for everything, takes thousands of solutions to
    come down; a short search over slow ones never sees an infeasible one.
    """
    distance = float(np.asarray(data.distance_matrix(0)).mean())
    seconds = float(np.asarray(data.duration_matrix(0)).mean())
    amounts = [np.maximum(client.pickup, client.delivery) for client in data.clients()]
    amounts += [np.array(shipment.amount) for shipment in data.shipments()]
    load = np.array(amounts, dtype=np.float64).reshape(len(amounts), -1).mean(axis=0)
    start = [*(distance / np.maximum(load, 1)), distance / max(seconds, 1), 1.0]
    penalties: NDArray[np.float64] = np.clip(factor * np.array(start), LEAST, MOST)
    return penalties
