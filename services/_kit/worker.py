"""The far side of the worker pool: what runs in each spawned process."""

from __future__ import annotations

import contextlib
import pickle
import signal
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from services._kit.parent import die_with

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    Report = Callable[[object], None]


class Task(NamedTuple):
    """Work sent to a worker: `fn(report, *args)`; everything in it can be pickled."""

    fn: Callable[..., Any]
    args: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has warmed up."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Something the job reported on its way."""

    value: Any


@dataclass(frozen=True, slots=True)
class Done:
    """The job's answer."""

    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The job raised; `error` is the exception itself where it can be pickled both ways."""

    error: Exception | None
    text: str
    trace: str


def serve(
    connection: Connection[Any, Any],
    parent_pid: int,
    warm: Callable[..., object] | None,
    warm_args: tuple[Any, ...],
) -> None:
    """Warm up, then do tasks one after the other until the connection closes."""
    die_with(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is the parent's matter
    if not _answer(connection, Ready, warm or _nothing, warm_args):
        return
    with contextlib.suppress(EOFError, OSError):
        while True:
            task: Task = connection.recv()
            _answer(connection, Done, task.fn, (_reporter(connection), *task.args))


def _answer(
    connection: Connection[Any, Any],
    kind: type[Ready] | type[Done],
    fn: Callable[..., object],
    args: tuple[Any, ...],
) -> bool:
    try:
        value = fn(*args)
        connection.send(Ready() if kind is Ready else Done(value))
    except (EOFError, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - the edge: it is the submitter's to judge
        connection.send(Failed(_portable(error), repr(error), traceback.format_exc()))
        return False
    return True


def _reporter(connection: Connection[Any, Any]) -> Report:
    def report(value: object) -> None:
        connection.send(Progress(value))

    return report


def _portable(error: Exception) -> Exception | None:
    """Return `error` where it survives pickling; many with arguments of their own do not."""
    try:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:  # noqa: BLE001 - whatever its reduce does, the job must be answered
        return None
    return error if type(again) is type(error) else None


def _nothing() -> None:
    return None
