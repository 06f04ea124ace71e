"""Several rule workers with one rulebook, and the switch from one rulebook to the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from services.rules.lower import lower
from services.rules.supervisor import Supervisor, WorkerDiedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.rules.rulebook import Rulebook
    from services.rules.worker import Job, Outcome

LEAST_SHARE = 32  # jobs; splitting smaller batches costs more than it gains


class Team:
    """`workers` processes that hold one rulebook."""

    def __init__(self, rulebook: Rulebook, workers: int) -> None:
        self.rulebook = rulebook
        program = lower(rulebook)
        self.supervisors = [Supervisor(program) for _ in range(workers)]
        self._threads = ThreadPoolExecutor(workers, "rules")

    def start(self) -> None:
        """Start every worker; raise `WorkerDiedError` when one cannot load the rules."""
        try:
            list(self._threads.map(Supervisor.start, self.supervisors))
        except WorkerDiedError:
            self.stop()
            raise

    def judge(self, jobs: Sequence[Job]) -> list[Outcome | None]:
        """Return the outcome of each job, None where the engine failed; shared by all workers."""
        share = max(LEAST_SHARE, -(-len(jobs) // len(self.supervisors)))
        shares = [jobs[begin : begin + share] for begin in range(0, len(jobs), share)]
        team = self.supervisors[: len(shares)]
        answers = self._threads.map(
            lambda pair: pair[0].judge(pair[1]), zip(team, shares, strict=True)
        )
        return [outcome for answer in answers for outcome in answer]

    @property
    def restarts(self) -> int:
        """How often a worker had to be replaced."""
        return sum(supervisor.restarts for supervisor in self.supervisors)

    def stop(self) -> None:
        """End every worker."""
        for supervisor in self.supervisors:
            supervisor.stop()
        self._threads.shutdown()
