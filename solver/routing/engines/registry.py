"""Engines by name, imported only when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from solver.errors import InvalidProblemError

if TYPE_CHECKING:
    from solver.routing.engines.base import Engine
    from solver.routing.problem import Problem

ENGINES = {
    "pyvrp": ("solver.routing.engines.pyvrp_engine", "pyvrp_engine"),
    "ortools": ("solver.routing.engines.ortools_engine", "ortools_engine"),
}
AUTO = "auto"


def choose(problem: Problem, name: str) -> str:
    """Return the engine for `problem`: the one named, or the best that serves it."""
    if name == AUTO:
        return "pyvrp" if supports("pyvrp", problem) else "ortools"
    if name not in ENGINES:
        raise InvalidProblemError("engine", f"{name!r} is none of auto, {', '.join(ENGINES)}")
    return name


def supports(name: str, problem: Problem) -> bool:
    """Return whether an engine can say everything in `problem`."""
    module, _ = ENGINES[name]
    return bool(import_module(module).supports(problem))


def load(name: str) -> Engine:
    """Return an engine by its name."""
    module, function = ENGINES[name]
    return cast("Engine", getattr(import_module(module), function))
