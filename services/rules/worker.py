"""The child process in which durable-rules runs: the only file that imports it.

Its C module is fast and right in a narrow use, and may crash or hang outside it. So it is driven
directly, without its host and threads: one fact at a time, asserted, drained and retracted; the
fact holds whole numbers only, and always all of those its ruleset reads (a condition on an absent
field may fire).
"""

from __future__ import annotations

import pickle
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import durable_rules_engine as durable
import orjson

from services.rules.closures import NO_LINE, Closure, compiled
from services.rules.kinds import Base
from services.rules.lower import clamped

if TYPE_CHECKING:
    from collections.abc import Callable
    from ctypes import c_int
    from multiprocessing.connection import Connection

    from services.rules.program import Atom, Program, Shard

    Reader = Callable[[dict[str, Any]], int | None]

MATCHED, UNMATCHED = 0, 1  # codes of a fact that was taken in; any other: it was not judged
GRACE_S = 1.0  # the worker's own alarm rings this much after the supervisor's deadline


@dataclass(frozen=True, slots=True)
class Job:
    """One order: its facts, and the sources of facts its channel does not provide."""

    facts: dict[str, Any]
    absent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Indices of the rules that hit, and of those whose truth is unknown."""

    hits: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()


class EngineFaultError(RuntimeError):
    """The engine did not judge a fact; what it holds can be trusted no more."""


class Engine:
    """A program loaded into durable-rules."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._readers = {atom.key: _reader(atom) for atom in program.atoms}
        self._shards = [
            (shard, durable.create_ruleset(f"s{n}", orjson.dumps(shard.definition).decode()))
            for n, shard in enumerate(program.shards)
        ]
        self._truth: dict[int, Closure] = {}
        self._plans: dict[frozenset[str], tuple[frozenset[int], tuple[str, ...]]] = {}

    def judge(self, job: Job) -> Outcome:
        """Return what the rules that apply to the job's channel say of its facts.

        Raises
        ------
        EngineFaultError
            When the engine did not take the facts in: no rule was judged, so none "missed".
        """
        applying, keys = self._plan(job.absent)
        values = dict.fromkeys(self._readers, 0)
        missing = set()
        for key in keys:
            value = self._readers[key](job.facts)
            if value is None:
                missing.add(key)
            else:
                values[key] = value
        hits = {
            index
            for shard, handle in self._shards
            if not shard.guard or values[shard.guard] == shard.guard_value
            for index in _fired(shard, handle, values)
        }
        hits &= applying
        unknown: set[int] = set()
        if missing:
            for index in applying:
                if not missing.isdisjoint(self._program.rules[index].keys):
                    truth = self._closure(index)(job.facts, NO_LINE)
                    (hits.add if truth else hits.discard)(index)
                    if truth is None:
                        unknown.add(index)
        return Outcome(tuple(sorted(hits)), tuple(sorted(unknown)))

    def _plan(self, absent: frozenset[str]) -> tuple[frozenset[int], tuple[str, ...]]:
        """Return the rules that apply where `absent` is not provided, and the atoms they read."""
        plan = self._plans.get(absent)
        if plan is None:
            rules = self._program.rules
            applying = frozenset(
                i for i, rule in enumerate(rules) if rule.sources.isdisjoint(absent)
            )
            read = set().union(*(rules[i].keys for i in applying))
            plan = applying, tuple(key for key in self._readers if key in read)
            self._plans[absent] = plan
        return plan

    def _closure(self, index: int) -> Closure:
        if index not in self._truth:
            self._truth[index] = compiled(self._program.rules[index].when)
        return self._truth[index]


def _reader(atom: Atom) -> Reader:
    """Return what computes the atom's whole number from an order's facts, None when unknown."""
    value_of = compiled(atom.node)
    if atom.node.kind.base is Base.TEXT:
        codes = {text: code for code, text in enumerate(atom.codes)}

        def coded(facts: dict[str, Any]) -> int | None:
            text = value_of(facts, NO_LINE)
            return None if text is None else codes.get(text, -1)

        return coded

    def number(facts: dict[str, Any]) -> int | None:
        value = value_of(facts, NO_LINE)
        return None if value is None else clamped(int(value))

    return number


def _fired(shard: Shard, handle: int, values: dict[str, int]) -> list[int]:
    """Return the indices of the rules that fire on one fact."""
    fact = orjson.dumps({"id": "1", **{key: values[key] for key in shard.keys}}).decode()
    code, offset = durable.assert_fact(handle, fact)
    if code not in {MATCHED, UNMATCHED}:
        raise EngineFaultError(f"durable-rules answered {code} to a fact")
    fired = []
    try:
        if code == MATCHED:
            started = durable.start_action_for_state(handle, offset)
            match = started[1] if started else None
            while match is not None:
                fired.append(int(match[3 : match.index('"', 3)]))  # {"r12":…
                match = durable.complete_and_start_action(handle, offset)
    finally:
        durable.retract_fact(handle, fact)
    return fired


def serve(pipe: Connection, progress: c_int, deadline_s: float) -> None:
    """Answer batches from `pipe` until it closes; `progress` tells which order is being judged.

    The first message is the program, answered by an empty one once it is loaded. Every later
    message is a batch of jobs, answered by its outcomes. A fault of the engine ends the process,
    and so is the supervisor's to judge, as a crash is.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Native code that hangs cannot be interrupted from Python, and the supervisor may be dead by
    # then: the kernel's default action for the alarm ends the process.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        engine = Engine(pickle.loads(pipe.recv_bytes()))  # noqa: S301  # from our own parent
        pipe.send_bytes(b"")
        while True:
            jobs = pickle.loads(pipe.recv_bytes())  # noqa: S301  # from our own parent
            signal.setitimer(signal.ITIMER_REAL, deadline_s + GRACE_S)
            outcomes = []
            for index, job in enumerate(jobs):
                progress.value = index
                outcomes.append(engine.judge(job))
            signal.setitimer(signal.ITIMER_REAL, 0)
            pipe.send_bytes(pickle.dumps(outcomes, pickle.HIGHEST_PROTOCOL))
    except (EOFError, OSError):
        return  # the supervisor is gone, or has stopped us
