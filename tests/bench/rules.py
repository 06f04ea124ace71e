"""Rules: durable-rules as we drive it, and the evaluator in plain Python it is checked against."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from services.rules.facts import facts_of
from services.rules.loading import load, read_folder
from services.rules.lower import lower
from services.rules.reference import evaluate
from services.rules.registry import FEATURE_PREFIX
from services.rules.worker import Engine, Job, Outcome
from tests.bench.canonical import paid_orders
from tests.bench.data import REPO, marketplace
from tests.bench.figures import rate, ratio
from tests.bench.tables import Table, milliseconds, number, times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.rules.rulebook import Rulebook

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Size:
    """How many orders are judged."""

    orders: int


FULL, QUICK = Size(3000), Size(300)


def measure(size: Size) -> list[Table]:
    """Return orders per CPU second of the engine and of the reference evaluator."""
    rulebook = load(read_folder(REPO / "rules"))
    zone = ZoneInfo("Asia/Shanghai")
    with tempfile.TemporaryDirectory(prefix="orderhub-bench-") as folder:
        source, what = marketplace(Path(folder), size.orders)
        orders = paid_orders(source, size.orders, "rules")
    today = datetime.now(UTC).astimezone(zone).date()
    features = {
        FEATURE_PREFIX + each.name: int(each.event == "order") for each in rulebook.features
    }

    def all_facts() -> list[Job]:
        jobs = []
        for order in orders:
            facts = facts_of(order, rulebook.rates, zone, today) | features
            jobs.append(Job(facts, rulebook.absent_sources(facts)))
        return jobs

    facts_s, jobs = timed(all_facts)
    engine = Engine(lower(rulebook))
    engine.judge(jobs[0])  # plans of a channel are made once
    engine_s, by_engine = timed(lambda: [engine.judge(job) for job in jobs])
    reference_s, by_reference = timed(lambda: [judged(rulebook, job) for job in jobs])
    table = Table(
        f"Rules: {len(rulebook.rules)} rules on {len(jobs):,} orders, one process",
        ("step", ">orders per CPU second", ">CPU an order", ">to the reference"),
    )
    base = rate(len(jobs), reference_s)
    for step, seconds in (
        ("reference evaluator, plain Python", reference_s),
        ("engine: durable-rules in its worker", engine_s),
        ("order to facts", facts_s),
    ):
        speed = rate(len(jobs), seconds)
        table.add(
            step, number(speed), milliseconds(seconds / len(jobs), 4), times(ratio(speed, base))
        )
    differing = disagreements(by_engine, by_reference)
    table.notes.append(
        f"{what}. Both are given the same facts; they disagree on {differing} of "
        f"{len(jobs):,} orders. The engine's figure includes computing the numbers its rules read."
    )
    return [table]


def timed(work: Callable[[], Found]) -> tuple[float, Found]:
    """Return the CPU seconds of `work` in this process, and what it returns."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def judged(rulebook: Rulebook, job: Job) -> Outcome:
    """Return what the reference evaluator says of the rules that apply."""
    hits, unknown = [], []
    for index, (rule, sources) in enumerate(zip(rulebook.evaluated, rulebook.sources, strict=True)):
        if sources.isdisjoint(job.absent):
            truth = evaluate(rule.when, job.facts).value
            if truth is None:
                unknown.append(index)
            elif truth:
                hits.append(index)
    return Outcome(tuple(hits), tuple(unknown))


def disagreements(left: Sequence[Outcome], right: Sequence[Outcome]) -> int:
    """Return on how many orders two judges differ."""
    return sum(a != b for a, b in zip(left, right, strict=True))
