"""`python only.py LIST MODULE…`: import modules with nothing but the listed distributions."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from importlib.abc import MetaPathFinder
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = {"services", "solver", "orderhub", "orderhub_client"}


class Only(MetaPathFinder):
    """Finds nothing that belongs to a distribution outside the list."""

    def __init__(self, allowed: set[str]) -> None:
        self._allowed = allowed
        self._owners = packages_distributions()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        top = name.partition(".")[0]
        owners = {canonicalize_name(owner) for owner in self._owners.get(top, ())}
        if top not in OURS and owners and owners.isdisjoint(self._allowed):
            raise ModuleNotFoundError(f"{name} is not in the list", name=name)


def main(listed: str, *names: str) -> None:
    lines = Path(listed).read_text(encoding="utf-8").splitlines()
    allowed = {
        canonicalize_name(Requirement(line).name) for line in lines if not line.startswith("#")
    }
    for name in [*sys.modules]:  # what a start-up hook has imported before us
        if name.partition(".")[0] in {"numpy", "ortools", "pyvrp", "numba", "sqlalchemy", "grpc"}:
            raise SystemExit(f"{name} was imported before the test began")
    sys.meta_path.insert(0, Only(allowed))
    for name in names:
        module = importlib.import_module(name)
        for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"{name}."):
            if not found.name.endswith("__main__") and ".migrations." not in found.name:
                importlib.import_module(found.name)
    heavy = {"ortools", "pyvrp", "numba"} & set(sys.modules)
    print(" ".join(sorted(heavy)))


if __name__ == "__main__":
    main(*sys.argv[1:])
