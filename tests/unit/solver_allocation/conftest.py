"""Kernels are compiled once for the whole room."""

from __future__ import annotations

import pytest

from solver.allocation.solve import warm_up


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    warm_up()
