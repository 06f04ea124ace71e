"""Selective route exchange.

Reference: Nagata, Bräysy & Dullaert (2010), https://doi.org/10.1016/j.cor.2009.06.022
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyvrp

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from solver.routing.engines.hgs.individual import Gene, Individual, Reader


class RouteExchange:
    """Replaces neighbouring routes of one parent by the best matching ones of the other."""

    def __init__(self, data: pyvrp.ProblemData, reader: Reader) -> None:
        self._data = data
        self._reader = reader
        self._available = [kind.num_available for kind in data.vehicle_types()]

    def __call__(
        self,
        parents: tuple[Individual, Individual],
        evaluator: pyvrp.CostEvaluator,
        chance: random.Random,
    ) -> pyvrp.Solution:
        """Return the better of the two children, without the tasks that fell out.

        The windows of routes are moved around both parents' depots as long as
        that lowers the number of tasks only the first parent's window has.
        """
        first, second = parents[0].genes, parents[1].genes
        if not first or not second:
            return parents[0 if first else 1].solution
        size = chance.randint(1, min(len(first), len(second)))
        i = chance.randrange(len(first))
        j = i if i < len(second) else 0
        old, new = _union(first, i, size), _union(second, j, size)
        lost = (old & ~new).bit_count()
        while True:
            moves = []
            for a, b in ((i - 1, j), (i, j - 1), (i + 1, j), (i, j + 1)):
                u, w = a % len(first), b % len(second)
                theirs, ours = _union(first, u, size), _union(second, w, size)
                moves.append(((theirs & ~ours).bit_count(), u, w, theirs, ours))
            best = min(moves, key=lambda move: move[0])
            if best[0] >= lost:
                break
            lost, i, j, old, new = best
        taken = {k % len(first) for k in range(i, i + size)}
        stay = [gene for k, gene in enumerate(first) if k not in taken]
        come = [second[k % len(second)] for k in range(j, j + size)]
        twice = new & ~old  # tasks that come, although a route that stays has them
        children = self._child(stay, come, twice), self._child(come, stay, twice)
        return min(children, key=evaluator.penalised_cost)

    def _child(self, whole: Sequence[Gene], cut: Sequence[Gene], twice: int) -> pyvrp.Solution:
        """Return routes taken as they are and routes that give up the tasks in `twice`.

        A route for which no vehicle is left is dropped: the local search inserts
        what is missing.
        """
        left, routes = self._available.copy(), []
        for gene, is_cut in [(g, False) for g in whole] + [(g, True) for g in cut]:
            route, kind, sequence = gene.route, gene.route.vehicle_type(), gene.sequence
            changed = is_cut and bool(gene.tasks & twice)
            if changed:
                sequence = tuple(v for v in sequence if not self._reader.task[v] & twice)
            if not left[kind]:
                changed = True
                kind = next((number for number, count in enumerate(left) if count), -1)
            if not sequence or kind < 0:
                continue
            left[kind] -= 1
            if changed:
                activities = [self._reader.activities[visit] for visit in sequence]
                route = pyvrp.Route(self._data, activities, kind)
            routes.append(route)
        return pyvrp.Solution(self._data, routes)


def _union(genes: Sequence[Gene], start: int, size: int) -> int:
    tasks = 0
    for k in range(start, start + size):
        tasks |= genes[k % len(genes)].tasks
    return tasks
