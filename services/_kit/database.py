"""A service's own database: transactions run on threads, the loop never waits for a disk."""

from __future__ import annotations

import asyncio
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self, TypeVar

from services._kit import logs
from services._kit.engines import postgres_engine, sqlite_engine
from services._kit.errors import Unavailable
from services._kit.lockfile import LockFile
from services._kit.migrations import migrate
from services._kit.reasons import Reason
from services._kit.retries import Fault, RetryTransactionError, fault_of, refusal_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

    from services._kit.config import Config

__all__ = ["Database", "RetryTransactionError", "after_commit"]

log = logs.logger("kit.database")

T = TypeVar("T")

MAX_TRIES = 12
RETRY_WINDOW_S = 4.0  # then the caller is told; its own retries carry on
FIRST_PAUSE_S, MAX_PAUSE_S = 0.01, 0.5
_CALLBACKS = "orderhub.after_commit"


class Database:
    """Reads and writes of one service.

    Parameters
    ----------
    writer, reader
        Engines on the same data.
    writers, readers
        Threads of each kind; a SQLite file has one writer.
    """

    def __init__(
        self,
        writer: Engine,
        reader: Engine,
        *,
        writers: int,
        readers: int,
        lock: LockFile | None = None,
    ) -> None:
        self.engine = writer
        self._reader = reader
        self._lock = lock
        self._write_threads = ThreadPoolExecutor(writers, "write")
        self._read_threads = ThreadPoolExecutor(readers, "read")

    @classmethod
    def open(cls, config: Config, service: str, *, schema: str | None = None) -> Self:
        """Open the database of `service` and bring it to its newest revision.

        Blocks; call it by `asyncio.to_thread` where a loop is running already.

        Parameters
        ----------
        schema
            PostgreSQL schema; if unset, the service's name.

        Raises
        ------
        ConfigError
            When another process has the SQLite file open, or the database cannot be used.
        """
        readers = config.database_readers
        if config.database_url:
            writers = config.database_writers
            schema = schema or service
            url = config.database_url
            writer = postgres_engine(url, schema, connections=writers)
            reader = postgres_engine(url, schema, connections=readers, read_only=True)
            with _closed_on_failure(writer.dispose):
                migrate(writer, service, schema=schema)
            return cls(writer, reader, writers=writers, readers=readers)
        path = config.make_data_dir() / f"{service}.db"
        lock = LockFile(path.with_suffix(".db.lock"))
        writer, reader = sqlite_engine(path), sqlite_engine(path, readers=readers)
        with _closed_on_failure(writer.dispose, lock.release):
            migrate(writer, service)
        return cls(writer, reader, writers=1, readers=readers, lock=lock)

    @property
    def is_postgres(self) -> bool:
        """Whether several processes may write at once."""
        return self.engine.dialect.name == "postgresql"

    async def write(self, fn: Callable[[Connection], T], *, repeatable: bool = False) -> T:
        """Run `fn` in one transaction and return its answer once that is durable.

        `fn` runs again from its start after contention or a lost connection, so it touches
        nothing but its connection. A cancelled caller does not stop a transaction that began.

        Parameters
        ----------
        repeatable
            `fn` finds out by itself that an earlier run was committed (as by a request id), so it
            may also run again when the connection broke during the commit.

        Raises
        ------
        Unavailable
            When the database stays away, is full, or broke during a commit that is not
            repeatable (OUTCOME_UNKNOWN).
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._write_threads, self._run, self.engine, fn, repeatable, loop
        )

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in one read-only transaction, a single snapshot on SQLite.

        Raises
        ------
        Unavailable
            When the database stays away.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._read_threads, self._run, self._reader, fn, True, None
        )

    def write_sync(self, fn: Callable[[Connection], T], *, repeatable: bool = False) -> T:
        """Do as `write`, from a thread without a loop (as a workflow's)."""
        return self._write_threads.submit(self._run, self.engine, fn, repeatable, None).result()

    def read_sync(self, fn: Callable[[Connection], T]) -> T:
        """Do as `read`, from a thread without a loop."""
        return self._read_threads.submit(self._run, self._reader, fn, True, None).result()

    async def close(self) -> None:
        """Finish what was begun and close every connection."""
        await asyncio.to_thread(self.close_sync)

    def close_sync(self) -> None:
        """Do as `close`, without a loop."""
        self._write_threads.shutdown()
        self._read_threads.shutdown()
        self.engine.dispose()
        self._reader.dispose()
        if self._lock is not None:
            self._lock.release()

    def _run(
        self,
        engine: Engine,
        fn: Callable[[Connection], T],
        repeatable: bool,
        loop: asyncio.AbstractEventLoop | None,
    ) -> T:
        give_up = time.monotonic() + RETRY_WINDOW_S
        for attempt in range(MAX_TRIES):
            progress = _Progress()
            try:
                return _transaction(engine, fn, progress, loop)
            except Exception as error:
                fault = fault_of(error)
                refusal = refusal_for(fault)
                if refusal is None:
                    raise
                if progress.committing and fault is Fault.CONNECTION_LOST and not repeatable:
                    raise Unavailable(Reason.OUTCOME_UNKNOWN) from error
                pause_s = min(MAX_PAUSE_S, FIRST_PAUSE_S * 2**attempt) * random.uniform(0.5, 1.0)
                last = attempt == MAX_TRIES - 1 or time.monotonic() + pause_s > give_up
                if last or fault is Fault.STORAGE_FULL:
                    log.warning("a transaction was given up", fault=fault.name, tries=attempt + 1)
                    raise refusal from error
            time.sleep(pause_s)
        raise AssertionError("unreachable: the last try returns or raises")


@contextmanager
def _closed_on_failure(*close: Callable[[], None]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for one in close:
            one()
        raise


class _Progress:
    """How far a transaction came."""

    committing = False


def after_commit(connection: Connection, callback: Callable[[], None]) -> None:
    """Have `callback` called on the loop once the transaction of `connection` is durable.

    It is not called when the transaction fails. Only transactions of `Database.write` do this.
    """
    connection.info.setdefault(_CALLBACKS, []).append(callback)


def _transaction(
    engine: Engine,
    fn: Callable[[Connection], T],
    progress: _Progress,
    loop: asyncio.AbstractEventLoop | None,
) -> T:
    with engine.connect() as connection:
        connection.info.pop(_CALLBACKS, None)
        with connection.begin() as transaction:
            answer = fn(connection)
            callbacks: list[Callable[[], None]] = connection.info.pop(_CALLBACKS, [])
            progress.committing = True
            transaction.commit()
    if loop is not None:
        for callback in callbacks:
            with suppress(RuntimeError):  # the loop has closed: nobody is left to be told
                loop.call_soon_threadsafe(callback)
    return answer
