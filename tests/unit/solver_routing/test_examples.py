"""The examples in the room's docstrings are executed."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "solver.routing.matrix",
        "solver.routing.problem",
        "solver.routing.readers.conventions",
        "solver.routing.solve",
    ],
)
def test_examples_say_what_happens(name: str) -> None:
    result = doctest.testmod(import_module(name))

    assert result.attempted
    assert not result.failed
