"""Each image's packages: all that its service imports, and only fulfilment's carry the solvers."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

REPO = Path(__file__).resolve().parents[3]
LISTS = REPO / "docker" / "requirements"
HEAVY = {"ortools", "pyvrp", "numba", "llvmlite", "scipy", "pandas", "matplotlib"}


def split() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "split_requirements", REPO / "docker" / "split_requirements.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names(service: str) -> set[str]:
    text = (LISTS / f"{service}.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


def imported_with_only(service: str, *modules: str) -> str:
    found = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).with_name("only.py")),
            str(LISTS / f"{service}.txt"),
            *modules,
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "clients")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


def test_the_lists_are_what_the_code_and_the_lock_say() -> None:
    current = {path.stem: path.read_text(encoding="utf-8") for path in LISTS.glob("*.txt")}

    assert current == split().lists(), "run: python docker/split_requirements.py"


@pytest.mark.parametrize("service", ["intake", "rules", "orchestrator"])
def test_a_service_imports_with_its_own_list_and_without_solvers(service: str) -> None:
    heavy = imported_with_only(service, "services.hub", "services._kit", f"services.{service}")

    assert heavy == ""
    assert names(service).isdisjoint(HEAVY)


def test_fulfilment_imports_with_its_own_list() -> None:
    heavy = imported_with_only("fulfilment", "services.hub", "services.fulfilment", "solver")

    assert heavy == "numba ortools pyvrp"


def test_the_client_imports_with_its_own_list() -> None:
    imported_with_only("client", "orderhub_client", "orderhub")


def test_a_package_outside_the_list_is_really_refused() -> None:
    with pytest.raises(AssertionError, match="is not in the list"):
        imported_with_only("intake", "solver")


def test_the_list_of_all_is_the_others_together() -> None:
    others = [names(path.stem) for path in LISTS.glob("*.txt") if path.stem != "all"]

    assert names("all") == set().union(*others)


def test_imports_are_seen_inside_functions_and_not_where_only_types_are_checked() -> None:
    source = (
        "import a\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import b\nelse:\n    import c\n"
        "def f():\n    from d.e import g\n"
        "from . import h\n"
    )

    found = set(split().imported(source))

    assert {"a", "c", "d.e", "d.e.g"} <= found
    assert found.isdisjoint({"b", "h"})
