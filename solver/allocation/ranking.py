"""Sorting a handful of values inside a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.allocation._jit import kernel

if TYPE_CHECKING:
    from solver.allocation.problem import FloatArray, IntArray


@kernel
def smallest(values: FloatArray, count: int) -> IntArray:
    """Return the positions of the `count` least values, rising; ties by position.

    Selection by insertion: numpy's sorts take seconds to compile and gain
    nothing on a dozen values.
    """
    kept = np.empty(count, np.int64)
    n = 0
    for i in range(values.size):
        if n == count and values[i] >= values[kept[n - 1]]:
            continue
        at = n if n < count else n - 1
        while at > 0 and values[kept[at - 1]] > values[i]:
            kept[at] = kept[at - 1]
            at -= 1
        kept[at] = i
        if n < count:
            n += 1
    return kept
