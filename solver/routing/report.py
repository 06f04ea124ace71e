"""A plan for people and for programs, in a benchmark file's own terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from solver.routing.plan import Plan
    from solver.routing.readers.instance import Instance


def summary(instance: Instance, plan: Plan) -> dict[str, object]:
    """Return what `--json` prints; costs and times in the file's convention."""
    reported = instance.distance.reported
    numbers = instance.visit_numbers
    routes = []
    for route, answer in zip(plan.routes, instance.answer(plan)["routes"], strict=True):
        routes.append(
            {
                **answer,
                "cost": reported(route.cost),
                "distance": reported(route.distance),
                "load": list(route.load),
                "start": reported(route.start_s),
                "end": reported(route.end_s),
            }
        )
    return {
        "instance": instance.name,
        "format": instance.format,
        "distance": instance.distance.value,
        "distance_scale": instance.distance.scale,
        "engine": plan.engine,
        "cost": reported(plan.cost),
        "cost_parts": {name: reported(value) for name, value in plan.cost_parts.items()},
        "lower_bound": reported(plan.lower_bound),
        "bound_kind": plan.bound_kind,
        "gap": None if plan.gap is None else round(plan.gap, 6),
        "complete": plan.complete,
        "checked": True,  # `solve` returns nothing else
        "degraded": plan.degraded,
        "vehicles": len(plan.routes),
        "seconds": round(plan.seconds, 3),
        "first_feasible_s": None
        if plan.first_feasible_s is None
        else round(plan.first_feasible_s, 3),
        "routes": routes,
        "unserved": [
            {"stop": numbers[u.visit], "reason": u.reason.value, "sentence": u.sentence}
            for u in plan.unserved
        ],
    }


def table(instance: Instance, plan: Plan) -> str:
    """Return the plan as lines to read."""
    reported = instance.distance.reported
    lines = [f"{'route':>5}  {'depot':>5}  {'stops':>5}  {'load':>8}  {'cost':>12}  visits"]
    for number, (route, answer) in enumerate(
        zip(plan.routes, instance.answer(plan)["routes"], strict=True), start=1
    ):
        stops = answer["stops"]
        assert isinstance(stops, list)  # noqa: S101  narrows the type of a JSON value
        load = max([route.load, *(visit.load for visit in route.visits)])
        carried = "/".join(map(str, load)) or "-"
        shown = " ".join(map(str, stops))
        lines.append(
            f"{number:>5}  {answer['depot']!s:>5}  {len(stops):>5}  {carried:>8}  "
            f"{reported(route.cost)!s:>12}  {shown}"
        )
    lines += [
        f"not served: {instance.visit_numbers[u.visit]}  {u.reason}  {u.sentence}"
        for u in plan.unserved
    ]
    gap = "" if plan.gap is None else f", gap {100 * plan.gap:.2f} % of the cost"
    name = instance.name or instance.format
    found = f"cost {reported(plan.cost)} ({instance.distance.value} distances)"
    degraded = ", degraded: a search ended badly" if plan.degraded else ""
    lines += [
        "",
        f"{name}: {found}, {len(plan.routes)} routes, {len(plan.unserved)} not served",
        f"proven lower bound {reported(plan.lower_bound)} ({plan.bound_kind}){gap}",
        f"{plan.engine}, {plan.seconds:.1f} s, checked{degraded}",
    ]
    return "\n".join(lines)
