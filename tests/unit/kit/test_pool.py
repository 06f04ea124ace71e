"""Worker processes that are killed, hang, raise, and lose their parent."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from services._kit.errors import Exhausted, Unavailable
from services._kit.jobs import (
    JobCancelledError,
    JobFailedError,
    JobTimedOutError,
    WorkerLostError,
)
from services._kit.pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HERE = Path(__file__).parent
LONG_S = 60.0


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(HERE)
    return importlib.import_module("pool_jobs")


@pytest.fixture
async def pool(jobs: Any) -> AsyncIterator[WorkerPool]:
    pool = WorkerPool("test", 1, warm=jobs.warm, warm_args=("hot",), max_queued=3)
    await pool.start()
    yield pool
    await pool.stop()


async def test_answers_in_a_warm_process_other_than_ours(pool: WorkerPool, jobs: Any) -> None:
    assert await pool.run(jobs.double, 21, deadline_s=LONG_S) == 42
    assert await pool.run(jobs.warmth, deadline_s=LONG_S) == ["hot"]
    assert await pool.run(jobs.pid, deadline_s=LONG_S) == pool.processes()[0] != os.getpid()


async def test_an_exception_reaches_the_submitter_and_the_worker_lives_on(
    pool: WorkerPool, jobs: Any
) -> None:
    before = pool.processes()

    with pytest.raises(ValueError, match="three stops"):
        await pool.run(jobs.refuse, deadline_s=LONG_S)
    with pytest.raises(JobFailedError, match="strange 7"):
        await pool.run(jobs.refuse_strangely, deadline_s=LONG_S)

    assert await pool.run(jobs.double, 1, deadline_s=LONG_S) == 2
    assert pool.processes() == before


async def test_reports_arrive_in_order_and_the_iterator_ends_with_the_job(
    pool: WorkerPool, jobs: Any
) -> None:
    told: list[int] = []
    job = pool.submit(jobs.improve, 50, deadline_s=LONG_S, on_progress=told.append)

    seen = [cost async for cost in job.progress()]

    assert await job.result() == 0
    assert told == list(range(50, 0, -1))
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 1


async def test_a_job_is_killed_at_its_deadline_and_keeps_its_last_report(
    pool: WorkerPool, jobs: Any
) -> None:
    with pytest.raises(JobTimedOutError) as caught:
        await pool.run(jobs.improve_and_hang, deadline_s=0.5)

    assert caught.value.last == 20
    assert await pool.run(jobs.double, 2, deadline_s=LONG_S) == 4


async def test_a_frozen_process_is_killed_at_the_deadline_too(pool: WorkerPool, jobs: Any) -> None:
    with pytest.raises(JobTimedOutError) as caught:
        await pool.run(jobs.freeze, deadline_s=0.5)

    assert caught.value.last == "frozen"
    assert await pool.run(jobs.double, 2, deadline_s=LONG_S) == 4


async def test_cancelling_keeps_the_last_report(pool: WorkerPool, jobs: Any) -> None:
    job = pool.submit(jobs.improve_and_hang, deadline_s=LONG_S)
    async for cost in job.progress():
        if cost == 20:
            job.cancel()

    with pytest.raises(JobCancelledError) as caught:
        await job.result()

    assert caught.value.last == 20
    assert await pool.run(jobs.double, 2, deadline_s=LONG_S) == 4


async def test_a_caller_that_leaves_takes_its_job_along(pool: WorkerPool, jobs: Any) -> None:
    job = pool.submit(jobs.improve_and_hang, deadline_s=LONG_S)
    waiting = asyncio.ensure_future(job.result())
    async for _ in job.progress():
        waiting.cancel()
        break

    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await pool.run(jobs.double, 2, deadline_s=LONG_S) == 4


@pytest.mark.parametrize("busy", [True, False])
async def test_a_killed_worker_is_replaced(pool: WorkerPool, jobs: Any, busy: bool) -> None:
    (before,) = pool.processes()
    if busy:
        with pytest.raises(WorkerLostError) as caught:
            await pool.run(jobs.die, deadline_s=LONG_S)
        assert caught.value.last == "last words"
    else:
        os.kill(before, signal.SIGKILL)
        while pool.processes() in ([before], []):
            await asyncio.sleep(0.05)

    assert await pool.run(jobs.double, 3, deadline_s=LONG_S) == 6
    assert pool.processes() != [before]


async def test_one_lost_worker_leaves_its_neighbours_jobs_alone(jobs: Any) -> None:
    pool = WorkerPool("pair", 2)
    await pool.start()
    kept = pool.submit(jobs.improve_and_hang, deadline_s=LONG_S)
    async for _ in kept.progress():
        break

    with pytest.raises(WorkerLostError):
        await pool.run(jobs.die, deadline_s=LONG_S)
    answers = [await pool.run(jobs.double, n, deadline_s=LONG_S) for n in range(5)]

    assert answers == [0, 2, 4, 6, 8]
    assert not kept.future.done()
    await pool.stop()
    with pytest.raises(JobCancelledError):
        await kept.result()


async def test_a_full_queue_refuses_and_waiting_jobs_still_expire(
    pool: WorkerPool, jobs: Any
) -> None:
    running = pool.submit(jobs.improve_and_hang, deadline_s=1.0)
    async for _ in running.progress():
        break
    waiting = [pool.submit(jobs.double, n, deadline_s=0.1) for n in range(3)]

    with pytest.raises(Exhausted):
        pool.submit(jobs.double, 9, deadline_s=LONG_S)

    for job in (running, *waiting):
        with pytest.raises(JobTimedOutError):
            await job.result()


async def test_a_worker_is_replaced_when_it_has_done_its_share(jobs: Any) -> None:
    pool = WorkerPool("worn", 1, max_jobs=2)
    await pool.start()

    pids = [await pool.run(jobs.pid, deadline_s=LONG_S) for _ in range(4)]

    assert pids[0] == pids[1] != pids[2] == pids[3]
    await pool.stop()


async def test_start_says_that_a_worker_cannot_warm_up(jobs: Any) -> None:
    pool = WorkerPool("cold", 1, warm=jobs.warm_badly)

    with pytest.raises(Unavailable, match="no such solver"):
        await pool.start()

    await pool.stop()


async def test_a_stopped_pool_takes_no_job(jobs: Any) -> None:
    pool = WorkerPool("stopped", 1)
    await pool.start()
    await pool.stop()

    with pytest.raises(Unavailable):
        pool.submit(jobs.double, 1, deadline_s=1)

    assert pool.processes() == []


PARENT = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
import pool_jobs
from services._kit.pool import WorkerPool

async def main():
    pool = WorkerPool("orphan", 2)
    await pool.start()
    for _ in range(2):
        pool.submit(pool_jobs.improve_and_hang, deadline_s=600)
    print("pids", *pool.processes(), flush=True)
    await asyncio.sleep(600)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_workers_die_with_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script), str(HERE)], stdout=subprocess.PIPE, text=True
    ) as parent:
        try:
            pids = await asyncio.to_thread(announced, parent)
        finally:
            parent.kill()

    assert len(pids) == 2
    async with asyncio.timeout(10):
        while any(alive(pid) for pid in pids):
            await asyncio.sleep(0.05)


def announced(parent: subprocess.Popen[str]) -> list[int]:
    """Ids in the line that starts with `pids`; logs may come before it."""
    assert parent.stdout is not None
    words = next(line.split() for line in parent.stdout if line.startswith("pids"))
    return [int(word) for word in words[1:]]


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie that nobody has reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
