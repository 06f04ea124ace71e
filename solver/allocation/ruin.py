"""Ruin and recreate: take out orders that compete, put them back by price."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from solver.allocation._jit import kernel
from solver.allocation.arrays import Prices, cost_of, take
from solver.allocation.cheapest_set import cheapest_set
from solver.allocation.sequential import longest_order

if TYPE_CHECKING:
    from solver.allocation.arrays import Batch, State
    from solver.allocation.ejection import Neighbours
    from solver.allocation.problem import IntArray

LARGEST_RUIN = 14  # orders taken out at once
TRIES_PER_ORDER = 4  # steps of the walk that looks for competitors


@kernel
def ruin_and_recreate(
    batch: Batch,
    prices: Prices,
    near: Neighbours,
    state: State,
    best: IntArray,
    seed: int,
    rounds: int,
    hot: float,
    cold: float,
    current: float,
    record: float,
) -> tuple[float, float]:
    """Anneal `state` for some rounds; keep the cheapest answer seen in `best`.

    Parameters
    ----------
    prices
        Shadow prices; each round weighs them by a random factor.
    best
        Changed to the cheapest answer seen, shape (l,).
    seed
        Of this call's random choices.
    hot, cold
        Temperatures at the first and after the last round, minor units.
    current, record
        Cost of `state` and of `best`.

    Returns
    -------
    tuple
        The new `current` and `record`.

    References
    ----------
    Schrimpf et al. (2000), "Record breaking optimization results using the
    ruin and recreate principle", https://doi.org/10.1006/jcph.1999.6413
    """
    np.random.seed(seed)  # noqa: NPY002 - the only generator a compiled function can seed
    longest = longest_order(batch)
    members = np.empty(LARGEST_RUIN, np.int64)
    before = np.empty((LARGEST_RUIN, longest), np.int64)
    buffer = np.empty(longest, np.int64)
    inside = np.zeros(batch.ptr.size - 1, np.bool_)
    weighed = Prices(np.zeros_like(prices.stock), np.zeros_like(prices.parcel))
    factor = -1.0
    for done in range(rounds):
        if done % 64 == 0:  # a new factor costs as much as many rounds
            factor = np.random.randint(0, 6) / 5.0  # noqa: NPY002 - as above
            for w in range(weighed.parcel.size):
                weighed.parcel[w] = prices.parcel[w] * factor
                for s in range(weighed.stock.shape[1]):
                    weighed.stock[w, s] = prices.stock[w, s] * factor
        n = _pick(batch, near, members, inside)
        old = 0.0
        for i in range(n):
            order = members[i]
            inside[order] = False
            chosen = state.chosen[batch.ptr[order] : batch.ptr[order + 1]]
            before[i, : chosen.size] = chosen
            old += cost_of(batch, order, chosen)
            take(batch, state, order, chosen, -1)
        new = 0.0
        for i in range(n):  # the walk that found them is random already
            order = members[i]
            chosen = state.chosen[batch.ptr[order] : batch.ptr[order + 1]]
            cheapest_set(batch, weighed, state.stock, state.capacity, order, buffer)
            chosen[:] = buffer[: chosen.size]
            new += cost_of(batch, order, chosen)
            take(batch, state, order, chosen, 1)
        heat = hot * (cold / hot) ** (done / rounds)
        if new <= old or np.random.random() < math.exp((old - new) / heat):  # noqa: NPY002 - as above
            current += new - old
            if current < record - 0.5:
                record = current
                best[:] = state.chosen
            continue
        for i in range(n):
            order = members[i]
            chosen = state.chosen[batch.ptr[order] : batch.ptr[order + 1]]
            take(batch, state, order, chosen, -1)
            chosen[:] = before[i, : chosen.size]
        for i in range(n):
            order = members[i]
            take(batch, state, order, state.chosen[batch.ptr[order] : batch.ptr[order + 1]], 1)
    return current, record


@kernel
def _pick(batch: Batch, near: Neighbours, members: IntArray, inside: np.ndarray) -> int:
    """Walk from a random order to others that want the same SKUs; return how many."""
    orders = batch.ptr.size - 1
    wanted = np.random.randint(2, LARGEST_RUIN + 1)  # noqa: NPY002 - as above
    members[0] = np.random.randint(0, orders)  # noqa: NPY002 - as above
    inside[members[0]] = True
    n = 1
    for _ in range(wanted * TRIES_PER_ORDER):
        if n == wanted:
            break
        order = members[np.random.randint(0, n)]  # noqa: NPY002 - as above
        size = batch.ptr[order + 1] - batch.ptr[order]
        if size == 0:
            continue
        sku = batch.sku[batch.ptr[order] + np.random.randint(0, size)]  # noqa: NPY002 - as above
        begin, end = near.sku_ptr[sku], near.sku_ptr[sku + 1]
        other = near.order[near.sku_lines[np.random.randint(begin, end)]]  # noqa: NPY002 - as above
        if not inside[other]:
            inside[other] = True
            members[n] = other
            n += 1
    return n
