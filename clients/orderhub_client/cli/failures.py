"""What people read when something went wrong, and the exit code that says which kind it was."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orderhub_client.errors import OrderHubError

OK, NO, USAGE, UNREACHABLE, REFUSED, BUG = 0, 1, 2, 3, 4, 70


class UsageFault(Exception):
    """Bad input on the command line or in a file given; its text is for people."""


class AnswerIsNo(Exception):
    """The command worked and the answer is no; its text is for people, maybe empty."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An exit code and the lines that explain it."""

    code: int
    lines: tuple[str, ...]


def told(error: Exception) -> int:
    """Write what `error` means to stderr; return the exit code."""
    failure = failure_of(error)
    for line in failure.lines:
        sys.stderr.write(f"{line}\n")
    return failure.code


def failure_of(error: Exception) -> Failure:
    """Return what `error` means to the one who typed the command."""
    from orderhub_client.credentials import CredentialsError
    from orderhub_client.errors import OrderHubError
    from orderhub_client.hub import HubNotFoundError
    from orderhub_client.run.settle import StuckError
    from orderhub_client.sources.text import SourceError

    if isinstance(error, AnswerIsNo | StuckError):
        return Failure(NO, tuple(str(error).splitlines()))
    if isinstance(error, UsageFault | SourceError | CredentialsError):
        return Failure(USAGE, tuple(str(error).splitlines()))
    if isinstance(error, HubNotFoundError):
        return Failure(UNREACHABLE, tuple(str(error).splitlines()))
    if isinstance(error, OrderHubError):
        return _of_hub(error)
    return Failure(
        BUG,
        (
            f"Something in orderhub itself failed: {type(error).__name__}: {error}",
            "Run again with ORDERHUB_DEBUG=1 to see where.",
        ),
    )


def _of_hub(error: OrderHubError) -> Failure:
    from orderhub_client.cli.language import chosen

    if not error.reason and error.code.name in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}:
        return Failure(
            UNREACHABLE,
            (
                f"The hub stopped answering ({error.code.name.lower().replace('_', ' ')}).",
                "Look at hub.log in its data folder; repeating the command does no harm.",
            ),
        )
    sentence = error.text(chosen()) or error.code.name
    details = error.details.message
    lines = [f"The hub refused: {sentence} ({error.reason or error.code.name})"]
    lines += [
        f"  field: {fault.field}"
        if fault.description in {sentence, details}
        else f"  {fault.field}: {fault.description}"
        for fault in error.violations
    ]
    if not error.violations and details and details != sentence:
        lines.append(f"  {details}")
    if error.reason == "FORBIDDEN":
        lines.append("  Act in another role with --role, if you may.")
    elif error.retry_after_s is not None:
        lines.append(f"  Try again in {max(1, round(error.retry_after_s))} s.")
    return Failure(REFUSED, tuple(lines))
