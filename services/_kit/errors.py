"""Typed refusals: what a handler raises when it declines a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import grpc

from services._kit.reasons import Reason, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum

Fact = str | int


class ConfigError(Exception):
    """Settings that cannot be served with; its text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One field of a request and what is wrong with it.

    Attributes
    ----------
    field
        Path in the request, as `order.lines[3].quantity`.
    """

    field: str
    reason: StrEnum
    message: str = ""


class Refusal(Exception):
    """A call we decline.

    Parameters
    ----------
    reason
        Stable name for programs; its texts for people come from the catalogue.
    message
        One English sentence for developers, without personal data. If unset: the catalogue's.
    field
        Path of the one field to blame, if there is one.
    violations
        Several fields to blame at once.
    retry_after_s
        When it makes sense to ask again, in seconds. If unset: the class's own default.
    facts
        Values for the texts' placeholders; sent as ErrorInfo.metadata. No personal data.
    """

    status: ClassVar[grpc.StatusCode]
    default_retry_after_s: ClassVar[float | None] = None

    def __init__(
        self,
        reason: StrEnum,
        message: str = "",
        field: str = "",
        *,
        violations: Iterable[Violation] = (),
        retry_after_s: float | None = None,
        **facts: Fact,
    ) -> None:
        self.reason = reason
        self.facts = facts
        self.message = message or fill(text_of(reason).en, facts)
        given = tuple(violations)
        self.violations = (Violation(field, reason, self.message), *given) if field else given
        self.retry_after_s = self.default_retry_after_s if retry_after_s is None else retry_after_s
        super().__init__(self.message)

    @property
    def field(self) -> str:
        """Path of the first field to blame, empty where none is."""
        return self.violations[0].field if self.violations else ""


class Malformed(Refusal):
    """The request contradicts itself or the contract; the same request will fail again."""

    status = grpc.StatusCode.INVALID_ARGUMENT

    @classmethod
    def several(cls, violations: Iterable[Violation]) -> Self:
        """Return one refusal that names every field in `violations` (at least one)."""
        every = tuple(violations)
        named = "; ".join(f"{v.field}: {v.message or text_of(v.reason).en}" for v in every)
        return cls(every[0].reason, named, violations=every)


class NotFound(Refusal):
    """The named thing does not exist, or is not the caller's to see."""

    status = grpc.StatusCode.NOT_FOUND


class AlreadyExists(Refusal):
    """The thing to be made is there already."""

    status = grpc.StatusCode.ALREADY_EXISTS


class Conflict(Refusal):
    """Somebody else changed it first; read again and decide anew."""

    status = grpc.StatusCode.ABORTED


class FailedPrecondition(Refusal):
    """Its state does not allow the call; repeating does not help."""

    status = grpc.StatusCode.FAILED_PRECONDITION


class Exhausted(Refusal):
    """Too much at once; nothing was done, ask again after the delay."""

    status = grpc.StatusCode.RESOURCE_EXHAUSTED
    default_retry_after_s = 0.2


class Unavailable(Refusal):
    """Something needed does not answer; the outcome may be unknown."""

    status = grpc.StatusCode.UNAVAILABLE
    default_retry_after_s = 0.5


class OutOfTime(Refusal):
    """The caller's deadline leaves no time to do the work."""

    status = grpc.StatusCode.DEADLINE_EXCEEDED


class Forbidden(Refusal):
    """The caller's role may not do this."""

    status = grpc.StatusCode.PERMISSION_DENIED


class Unauthenticated(Refusal):
    """The caller proved no identity where one is required."""

    status = grpc.StatusCode.UNAUTHENTICATED


class Internal(Refusal):
    """A bug: the caller learns an id, the log has the rest."""

    status = grpc.StatusCode.INTERNAL

    def __init__(self, error_id: str) -> None:
        super().__init__(Reason.INTERNAL, error_id=error_id)


class Violations:
    """Collects what is wrong with a request, so that all of it is said at once."""

    def __init__(self) -> None:
        self._found: list[Violation] = []

    def add(self, field: str, reason: StrEnum, message: str = "") -> None:
        """Note that `field` is wrong."""
        self._found.append(Violation(field, reason, message or text_of(reason).en))

    def __bool__(self) -> bool:
        return bool(self._found)

    def raise_if_any(self) -> None:
        """Raise `Malformed` naming every field noted, if any was."""
        if self._found:
            raise Malformed.several(self._found)


class _Facts(dict[str, Fact]):
    def __missing__(self, key: str) -> str:
        return "?"


def fill(template: str, facts: dict[str, Fact]) -> str:
    """Return `template` with its placeholders replaced; an unknown one becomes `?`."""
    return template.format_map(_Facts(facts))
