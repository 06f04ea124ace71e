"""Which database errors are worth another try, and what the caller hears of the rest."""

from __future__ import annotations

import sqlite3
from enum import Enum, auto
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.exc import DBAPIError

from services._kit.errors import Unavailable
from services._kit.reasons import Reason

if TYPE_CHECKING:
    from services._kit.errors import Refusal

_CONTENTION = frozenset({"40001", "40P01", "55P03"})  # serialization, deadlock, lock timeout
_LOST = frozenset({"57P01", "57P02", "57P03", "53300"})  # shutdown, crash, starting, too many
_FULL = frozenset({"53100"})
_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SQLITE_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


class RetryTransactionError(Exception):
    """Raised inside a transaction that must be run again from its start.

    As when another process took the key that ours was about to insert.
    """


class Fault(Enum):
    """What a failed transaction tells about its cause."""

    CONTENTION = auto()
    CONNECTION_LOST = auto()
    STORAGE_FULL = auto()
    OTHER = auto()


def fault_of(error: BaseException) -> Fault:
    """Return the cause of a failed transaction."""
    if isinstance(error, RetryTransactionError):
        return Fault.CONTENTION
    cause, lost = error, False  # a raw error where the driver was used directly
    if isinstance(error, DBAPIError) and error.orig is not None:
        cause, lost = error.orig, error.connection_invalidated
    if isinstance(cause, psycopg.Error):
        return _postgres_fault(cause, lost=lost)
    if isinstance(cause, sqlite3.OperationalError):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the primary code
        if code in _SQLITE_BUSY:
            return Fault.CONTENTION
        if code in _SQLITE_FULL:
            return Fault.STORAGE_FULL
    return Fault.OTHER


def refusal_for(fault: Fault) -> Refusal | None:
    """Return what the caller hears once the tries are over; `None` for a bug."""
    if fault is Fault.STORAGE_FULL:
        return Unavailable(Reason.STORAGE_FULL, retry_after_s=5.0)
    if fault in {Fault.CONTENTION, Fault.CONNECTION_LOST}:
        return Unavailable(Reason.DATABASE_UNAVAILABLE, retry_after_s=1.0)
    return None


def _postgres_fault(cause: psycopg.Error, *, lost: bool) -> Fault:
    state = cause.sqlstate or ""
    if state in _CONTENTION:
        return Fault.CONTENTION
    if state in _FULL:
        return Fault.STORAGE_FULL
    no_answer = not state and isinstance(cause, psycopg.OperationalError)
    if lost or no_answer or state in _LOST or state.startswith("08"):
        return Fault.CONNECTION_LOST
    return Fault.OTHER
