"""Runs the tests written into rule files, through the engine and the reference evaluator alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.rules.examples import example_facts
from services.rules.explain import trace
from services.rules.lower import lower
from services.rules.supervisor import Supervisor
from services.rules.worker import Job, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.rules.rulebook import InlineTest, Rule, Rulebook

BATCH = 256
_TRUTH = {True: "hit", False: "miss", None: "unknown"}


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one inline test went; `failure` is empty when it went as expected."""

    __test__ = False  # its name begins like a test class

    rule_id: str
    name: str
    failure: str


def run_tests(rulebook: Rulebook) -> tuple[TestResult, ...]:
    """Return the result of every inline test of the rules that run.

    Raises
    ------
    WorkerDiedError
        When the engine cannot load the rules at all.
    """
    supervisor = Supervisor(lower(rulebook))
    supervisor.start()
    try:
        return run_tests_on(rulebook, supervisor)
    finally:
        supervisor.stop()


def run_tests_on(rulebook: Rulebook, supervisor: Supervisor) -> tuple[TestResult, ...]:
    """Return the same from a worker that already holds `rulebook`."""
    cases = list(_cases(rulebook))
    jobs = [job for _, _, _, job in cases]
    outcomes: list[Outcome | None] = []
    for begin in range(0, len(jobs), BATCH):
        outcomes += supervisor.judge(jobs[begin : begin + BATCH])
    return tuple(
        TestResult(rule.id, test.name, _failure(rulebook, index, test, job, outcome))
        for (index, rule, test, job), outcome in zip(cases, outcomes, strict=True)
    )


def _cases(rulebook: Rulebook) -> Iterator[tuple[int, Rule, InlineTest, Job]]:
    for index, rule in enumerate(rulebook.evaluated):
        for test in rule.tests:
            facts = example_facts(rulebook, test)
            absent = rulebook.absent_sources(facts)
            yield index, rule, test, Job(facts, absent)


def _failure(
    rulebook: Rulebook, index: int, test: InlineTest, job: Job, outcome: Outcome | None
) -> str:
    rule = rulebook.evaluated[index]
    at = f"{test.at.file}:{test.at.line}: {rule.id} “{test.name}”"
    if outcome is None:
        return f"{at}: the engine failed on it"
    truth, leaves = trace(rule.when, job.facts)
    if not job.absent.isdisjoint(rulebook.sources[index]):
        engine = reference = "not_applicable"
    else:
        engine = (
            "hit" if index in outcome.hits else "unknown" if index in outcome.unknown else "miss"
        )
        reference = _TRUTH[truth]
    if engine != reference:
        return f"{at}: the engine says {engine}, the reference evaluator {reference}"
    if engine == test.expect:
        return ""
    why = "; ".join(
        f"{leaf.expression} is {_TRUTH[leaf.holds]} ({leaf.actual or 'absent'})" for leaf in leaves
    )
    return f"{at}: expected {test.expect}, got {engine}: {why}"
