"""`python -m solver allocate FILE`."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver.allocation.methods import METHODS
from solver.allocation.readers import read_allocation
from solver.allocation.solve import allocate, warm_up
from solver.errors import InputFileError

if TYPE_CHECKING:
    import argparse

    from solver.allocation.answer import Allocation
    from solver.allocation.readers import NamedProblem


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("file", metavar="FILE", help="allocation JSON, gzipped or not")
    parser.add_argument(
        "--time-limit",
        type=float,
        default=10.0,
        metavar="S",
        help="wall seconds to search; 0 takes the fast path (default 10)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (default 0)")
    parser.add_argument(
        "--method",
        "--engine",
        choices=tuple(METHODS),
        default="auto",
        help="how to allocate (default auto)",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument(
        "--out",
        metavar="ANSWER.json",
        help='write the answer: {"orders": [{"id": ..., "lines": ["W01", null]}]}',
    )


@dataclass(frozen=True)
class Summary:
    """What the command prints."""

    file: str
    cost: int
    lower_bound: int
    bound_kind: str
    gap: float
    parcels: int
    unfilled_lines: int
    orders: int
    lines: int
    seconds: float
    orders_per_s: float
    method: str
    checked: bool


def run(options: argparse.Namespace) -> int:
    """Solve the file; print the summary and write the answer."""
    named = read_allocation(options.file)
    warm_up()  # a compiler's seconds are not the search's
    found = allocate(
        named.problem, budget_s=options.time_limit, seed=options.seed, method=options.method
    )
    if options.out:
        _write(Path(options.out), named, found)
    summary = _summary(options.file, named, found)
    sys.stdout.write(_as_json(summary) if options.json else _as_table(summary))
    return 0


def _summary(file: str, named: NamedProblem, found: Allocation) -> Summary:
    orders = named.problem.orders
    return Summary(
        file=Path(file).name,
        cost=found.cost,
        lower_bound=found.lower_bound,
        bound_kind=str(found.bound_kind),
        gap=round(found.gap, 6),
        parcels=found.parcels,
        unfilled_lines=found.unfilled_lines,
        orders=orders,
        lines=named.problem.lines,
        seconds=round(found.seconds, 4),
        orders_per_s=round(orders / max(found.seconds, 1e-9), 1),
        method=found.method,
        checked=True,  # `allocate` raises otherwise
    )


def _write(path: Path, named: NamedProblem, found: Allocation) -> None:
    chosen = [None if w < 0 else named.warehouses[w] for w in found.chosen.tolist()]
    orders: list[dict[str, Any]] = [
        {"id": name, "lines": chosen[named.problem.lines_of(i)]}
        for i, name in enumerate(named.orders)
    ]
    try:
        path.write_text(json.dumps({"orders": orders}, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise InputFileError(str(path), error.strerror or "cannot be written") from error


def _as_json(summary: Summary) -> str:
    return json.dumps(vars(summary), ensure_ascii=False) + "\n"


def _as_table(summary: Summary) -> str:
    rows = {name.replace("_", " "): value for name, value in vars(summary).items()}
    rows["gap"] = f"{summary.gap:.3%}"
    rows["checked"] = "yes"
    width = max(map(len, rows))
    return "".join(
        f"{name:<{width}}  {value:,}\n" if isinstance(value, int) else f"{name:<{width}}  {value}\n"
        for name, value in rows.items()
    )
