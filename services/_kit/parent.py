"""Children that die with their parent, however it dies."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PARENT_VARIABLE = "ORDERHUB_PARENT_PID"
POLL_S = 0.5
_PR_SET_PDEATHSIG = 1


def die_with(parent_pid: int) -> None:
    """Have this process killed as soon as `parent_pid`, its parent, is gone.

    On Linux the kernel does it, even while native code holds the interpreter's lock; note that it
    means the parent's *thread* that started us, which must therefore live as long as we should.
    Elsewhere, and as a second line, a thread watches.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it went before we asked
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=_watch, args=(parent_pid,), name="parent", daemon=True).start()


def die_with_supervisor() -> None:
    """Do as `die_with` where the environment says that a supervisor started us."""
    given = os.environ.get(PARENT_VARIABLE, "")
    if given.isdigit():
        die_with(int(given))


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(POLL_S)
    os.kill(os.getpid(), signal.SIGKILL)
