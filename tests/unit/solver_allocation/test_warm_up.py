"""Nothing is left to compile when orders come."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

import numba

import solver.allocation
from solver.allocation import _jit
from solver.allocation.explain import explain
from solver.allocation.methods import METHODS
from solver.allocation.solve import allocate
from tests.unit.solver_allocation.oracle import random_batch

if TYPE_CHECKING:
    import pytest


def compiled() -> dict[str, int]:
    """Compiled signatures of every kernel of the room."""
    found = {}
    for info in pkgutil.iter_modules(solver.allocation.__path__, "solver.allocation."):
        for name, value in vars(importlib.import_module(info.name)).items():
            if isinstance(value, numba.core.dispatcher.Dispatcher):
                found[f"{info.name}.{name}"] = len(value.signatures)
    return found


def test_warm_up_compiles_every_kernel_in_every_form_used() -> None:
    before = compiled()

    for seed in range(6):
        problem = random_batch(
            seed, orders=30, warehouses=5, skus=12, most_lines=4, repeats=seed % 2 == 0
        )
        for method in METHODS:
            explain(problem, allocate(problem, budget_s=0.3, method=method))

    assert sum(before.values()) > 10
    assert compiled() == before


def test_an_install_that_cannot_be_written_still_compiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_jit, "CACHE_FOLDER", None)

    double = _jit.kernel(lambda x: 2 * x)

    assert double(21) == 42


def test_finds_no_cache_folder_where_none_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_jit, "ROOM", _jit.Path("/dev/null"))
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")

    assert _jit._cache_folder() is None
