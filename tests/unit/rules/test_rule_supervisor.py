"""The worker may die in every way; only the poison order pays, and no order passes by it."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import durable_rules_engine as durable
import pytest

from services.rules.kinds import BOOL, INT
from services.rules.lower import lower
from services.rules.program import Atom, Program, ProgramRule, Shard
from services.rules.supervisor import MOST_CRASHES, Supervisor, WorkerDiedError
from services.rules.tree import Compare, Const, Fact, OverLines
from services.rules.worker import Engine, EngineFaultError, Job

N, M = Fact("n", INT), Fact("m", INT)
WHEN = Compare(">", N, Const(0, INT, "0"))


def program_asking(condition: dict[str, object]) -> Program:
    """One rule whose engine condition is given, however unsafe."""
    rule = ProgramRule("R", WHEN, frozenset({"a0", "a1"}), frozenset())
    definition = {"r0": {"all": [{"m": condition}]}}
    shard = Shard(definition, ("a0", "a1"))
    return Program("h", (rule,), (Atom("a0", N), Atom("a1", M)), (shard,))


# The engine divides in native code: by zero, the process dies of SIGFPE.
DIVIDES = program_asking({"$gt": {"a0": {"$div": {"$l": {"$m": "a0"}, "$r": {"$m": "a1"}}}}})
SAFE = program_asking({"$gt": {"a0": 0}})


@pytest.fixture
def supervised():
    running = []

    def start(program: Program, **options: float) -> Supervisor:
        supervisor = Supervisor(program, **options)
        supervisor.start()
        running.append(supervisor)
        return supervisor

    yield start
    for supervisor in running:
        supervisor.stop()


def test_only_the_order_that_crashes_the_engine_is_faulty(supervised) -> None:
    supervisor = supervised(DIVIDES)
    jobs = [Job({"n": 4, "m": 2}) for _ in range(20)]
    jobs[3] = jobs[11] = Job({"n": 4, "m": 0})

    outcomes = supervisor.judge(jobs)

    assert [i for i, outcome in enumerate(outcomes) if outcome is None] == [3, 11]
    assert all(outcome.hits == (0,) for outcome in outcomes if outcome is not None)
    assert supervisor.restarts == 2


def test_a_fact_that_the_engine_does_not_take_in_is_a_fault_not_a_miss() -> None:
    engine = Engine(SAFE)
    ((_, handle),) = engine._shards
    code, _ = durable.assert_fact(handle, '{"id":"1","a0":1,"a1":1}')  # as one never retracted

    with pytest.raises(EngineFaultError, match="answered 2"):
        engine.judge(Job({"n": 1, "m": 1}))

    assert code == 0


def test_a_fault_raised_in_the_worker_costs_that_order_alone(supervised) -> None:
    supervisor = supervised(SAFE)
    jobs = [Job({"n": 1, "m": 1}), Job(None), Job({"n": 0, "m": 1})]

    outcomes = supervisor.judge(jobs)

    assert [outcome and outcome.hits for outcome in outcomes] == [(0,), None, ()]


def test_gives_up_on_a_batch_of_poison_and_serves_the_next(supervised) -> None:
    supervisor = supervised(DIVIDES)

    outcomes = supervisor.judge([Job({"n": 1, "m": 0})] * (MOST_CRASHES + 5))
    after = supervisor.judge([Job({"n": 4, "m": 2})])

    assert outcomes == [None] * (MOST_CRASHES + 5)
    assert after[0] is not None


def test_a_worker_killed_between_batches_is_replaced(supervised) -> None:
    supervisor = supervised(SAFE)
    assert supervisor.pid is not None
    os.kill(supervisor.pid, signal.SIGKILL)

    outcomes = supervisor.judge([Job({"n": 1, "m": 1})])

    assert [outcome and outcome.hits for outcome in outcomes] == [(0,)]


def test_a_hang_ends_at_the_deadline_and_costs_one_order(supervised) -> None:
    over_lines = OverLines("all", Fact("ok", BOOL, per_line=True), BOOL)
    supervisor = supervised(
        replace(SAFE, atoms=(Atom("a0", N), Atom("a1", over_lines))), batch_s=0.3
    )
    fine, endless = ({"n": 1, "lines": lines} for lines in ([], itertools.repeat({})))

    outcomes = supervisor.judge([Job(fine), Job(endless), Job(fine)])

    assert [outcome and outcome.hits for outcome in outcomes] == [(0,), None, (0,)]
    assert supervisor.restarts == 1


def test_a_worker_that_was_stopped_costs_no_order(supervised) -> None:
    supervisor = supervised(SAFE, batch_s=0.3)
    assert supervisor.pid is not None
    os.kill(supervisor.pid, signal.SIGSTOP)

    outcomes = supervisor.judge([Job({"n": 1, "m": 1})])

    assert [outcome and outcome.hits for outcome in outcomes] == [(0,)]


def test_a_program_that_kills_the_worker_while_loading_is_refused() -> None:
    broken = replace(SAFE, shards=(Shard({"r0": {"all": [{"m": {"$gt": 1}}]}}, ("a0",)),))
    supervisor = Supervisor(broken)

    with pytest.raises(WorkerDiedError):
        supervisor.start()

    assert supervisor.pid is None


def test_an_empty_batch_needs_no_worker(supervised) -> None:
    assert supervised(SAFE).judge([]) == []


def test_a_stopped_supervisor_passes_nothing(supervised) -> None:
    supervisor = supervised(SAFE)
    supervisor.stop()

    assert supervisor.judge([Job({"n": 1, "m": 1})]) == [None]


PARENT = """
import sys, time
from services.rules.loading import load
from services.rules.supervisor import Supervisor
from services.rules.program import Program
if __name__ == "__main__":
    supervisor = Supervisor(Program("h", (), (), ()))
    supervisor.start()
    print(supervisor.pid, flush=True)
    time.sleep(600)
"""


def test_the_worker_dies_with_its_parent(tmp_path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env=os.environ | _path()
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())

        parent.kill()

    assert _gone(worker)


def _path() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _gone(pid: int) -> bool:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_shipped_rules_are_within_the_engines_limits(book_of) -> None:
    program = lower(book_of("order.amount > 1", "order.is_vip"))

    assert sum(len(shard.definition) for shard in program.shards) == 2
