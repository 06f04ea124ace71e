"""The best plan so far, checked before anybody sees it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from solver.routing.checker import check
from solver.routing.plan import Plan
from solver.routing.schedule import Scheduler
from solver.routing.screening import left_out

if TYPE_CHECKING:
    from solver.routing.plan import Tour, Unserved
    from solver.routing.problem import Problem

OnImprovement: TypeAlias = Callable[[int, Plan], None]

CHECK_SHARE = 10  # a check's time is followed by at least so many times as much search


class Incumbent:
    """Collects tours, keeps the best that pass the checker.

    Fewer required visits left out come first, then cost. Checking every
    improvement would slow the search where they come by the hundred, so the last
    of each search may wait until the next check, or until `settle`. Only a later
    one of the same search takes its place: that is better, another's may be worse.

    Attributes
    ----------
    plan
        The best so far; before the first, the plan that serves nothing.
    refused
        How often the checker or the scheduler refused tours: a defect of an engine.
    """

    def __init__(
        self,
        problem: Problem,
        screened: Sequence[Unserved],
        started_s: float,
        on_improvement: OnImprovement | None = None,
    ) -> None:
        self._problem = problem
        self._screened = {unserved.visit: unserved for unserved in screened}
        self._scheduler = Scheduler(problem)
        self._started_s = started_s
        self._on_improvement = on_improvement
        self._waiting: dict[int, tuple[Sequence[Tour], float]] = {}
        self._rest_until_s = 0.0
        self._trace: list[tuple[float, int]] = []
        self.first_feasible_s: float | None = None
        self.refused = 0
        empty = self._plan([])
        if empty is None:
            raise AssertionError("the plan that serves nothing breaks no rule")
        self.plan = empty
        self._offered = False

    def offer(self, tours: Sequence[Tour], source: int = 0) -> None:
        """Take `tours` if they are better, now or when the last check is well past.

        Parameters
        ----------
        source
            Which search found them; each offers only what is better than what it offered before.
        """
        now_s = time.monotonic()
        self._waiting.pop(source, None)  # so that what waits stays in the order it was found
        self._waiting[source] = (tours, now_s - self._started_s)
        if now_s >= self._rest_until_s:
            self.settle()

    def settle(self) -> None:
        """Judge everything that is waiting."""
        if not self._waiting:
            return
        began_s = time.monotonic()
        waiting, self._waiting = self._waiting, {}
        for tours, found_s in waiting.values():
            self._judge(tours, found_s)
        now_s = time.monotonic()
        self._rest_until_s = now_s + CHECK_SHARE * (now_s - began_s)

    def _judge(self, tours: Sequence[Tour], found_s: float) -> None:
        plan = self._plan(tours)
        if plan is None:
            self.refused += 1
        elif not self._offered or self._key(plan) < self._key(self.plan):
            self._offered = True
            self._accept(plan, found_s)

    def _accept(self, plan: Plan, found_s: float) -> None:
        if plan.complete:
            self._trace.append((round(found_s, 3), plan.cost))
            if self.first_feasible_s is None:
                self.first_feasible_s = found_s
        self.plan = replace(
            plan,
            seconds=found_s,
            first_feasible_s=self.first_feasible_s,
            trace=tuple(self._trace),
        )
        if self._on_improvement is not None:
            self._on_improvement(plan.cost, self.plan)

    def _key(self, plan: Plan) -> tuple[int, int]:
        required = self._problem.visits.required
        return sum(bool(required[unserved.visit]) for unserved in plan.unserved), plan.cost

    def _plan(self, tours: Sequence[Tour]) -> Plan | None:
        """Return `tours` with times, cost and reasons; None when any rule is broken."""
        visits = self._problem.visits
        served = {visit for tour in tours for visit in tour.visits}
        routes = [self._scheduler.route(tour) for tour in tours if tour.visits]
        timed = tuple(route for route in routes if route is not None)
        if len(timed) != len(routes):
            return None
        unserved = tuple(
            self._screened.get(visit) or left_out(self._problem, visit, self._scheduler.ids[visit])
            for visit in range(visits.count)
            if visit not in served
        )
        types = self._problem.vehicle_types
        parts = {
            "fixed": sum(types[r.vehicle_type].fixed_cost for r in timed),
            "distance": sum(types[r.vehicle_type].cost_per_distance * r.distance for r in timed),
            "time": sum(types[r.vehicle_type].cost_per_time * r.duration_s for r in timed),
            "prizes": sum(int(visits.prize[u.visit]) for u in unserved),
        }
        plan = Plan(
            routes=timed,
            unserved=unserved,
            cost=sum(parts.values()),
            cost_parts=parts,
            complete=not any(visits.required[u.visit] for u in unserved),
        )
        return plan if not check(self._problem, plan) else None
