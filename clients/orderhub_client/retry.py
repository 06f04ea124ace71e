"""Calls that are repeated when that is safe, and not too often.

Every changing call of the services carries a request id, so repeating it does nothing twice.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import grpc

from orderhub_client.errors import OrderHubError, error_from

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Metadata = Sequence[tuple[str, str]]

Reply = TypeVar("Reply")

# An unknown outcome: safe to repeat only with the same request id. CANCELLED is how a server that
# stops ends what it has not begun; our own cancelling does not arrive as a status.
UNKNOWN_OUTCOME = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and for how long a call is tried.

    Attributes
    ----------
    deadline_s
        Time for the call, all attempts and pauses together.
    attempt_s
        Time for one attempt; `None`: what is left of `deadline_s`.
    first_pause_s, max_pause_s
        Bounds of the pauses, which double and are jittered.
    max_attempts
        Most attempts of one call.
    wait_for_ready
        Whether a call waits for a connection (nothing is sent meanwhile) or fails at once when
        there is none.
    """

    deadline_s: float = 10.0
    attempt_s: float | None = None
    first_pause_s: float = 0.05
    max_pause_s: float = 2.0
    max_attempts: int = 20
    wait_for_ready: bool = True


class RetryBudget:
    """Bounds the retries of all calls that share it, so that an outage is not amplified.

    Each call pays `ratio` in, each retry takes 1 out: in the long run at most `1 + ratio` attempts
    a call. Threads may share one.

    Parameters
    ----------
    reserve
        What is there at the start, and the most that is kept.
    """

    def __init__(self, ratio: float = 0.2, reserve: float = 20.0) -> None:
        self._ratio = ratio
        self._reserve = reserve
        self._tokens = reserve
        self._lock = threading.Lock()

    def pay_in(self) -> None:
        """Note a call."""
        with self._lock:
            self._tokens = min(self._reserve, self._tokens + self._ratio)

    def take(self) -> bool:
        """Take a retry; False when there is none left."""
        with self._lock:
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class Retrier:
    """Calls methods of stubs by a policy and a budget.

    Parameters
    ----------
    metadata
        Sent with every call, as the caller's role and language.
    """

    def __init__(
        self,
        policy: RetryPolicy | None = None,
        budget: RetryBudget | None = None,
        *,
        metadata: Metadata = (),
    ) -> None:
        self.policy = policy or RetryPolicy()
        self.budget = budget or RetryBudget()
        self.metadata = tuple(metadata)

    def call(
        self,
        method: Callable[..., Reply],
        request: object,
        *,
        deadline_s: float | None = None,
        repeatable: bool = True,
    ) -> Reply:
        """Return the reply of a synchronous stub's `method`.

        Parameters
        ----------
        deadline_s
            Instead of the policy's.
        repeatable
            The request has a request id or changes nothing. False: it is only sent again when
            the service said that it did nothing.

        Raises
        ------
        OrderHubError
            When it is refused, or time, attempts or budget are used up.
        """
        course = _Course(self.policy, self.budget, deadline_s, repeatable=repeatable)
        while True:
            try:
                return method(request, **self._options(course))
            except grpc.RpcError as error:
                refusal = error_from(error)
            while (pause_s := course.pause_after(refusal)) > 0:
                time.sleep(pause_s)

    async def acall(
        self,
        method: Callable[..., Awaitable[Reply]],
        request: object,
        *,
        deadline_s: float | None = None,
        repeatable: bool = True,
    ) -> Reply:
        """Do as `call`, for an asyncio stub."""
        course = _Course(self.policy, self.budget, deadline_s, repeatable=repeatable)
        while True:
            try:
                return await method(request, **self._options(course))
            except grpc.RpcError as error:
                refusal = error_from(error)
            while (pause_s := course.pause_after(refusal)) > 0:
                await asyncio.sleep(pause_s)

    def _options(self, course: _Course) -> dict[str, object]:
        return {
            "timeout": course.begin_attempt(),
            "metadata": self.metadata,
            "wait_for_ready": self.policy.wait_for_ready,
        }


class _Course:
    """One call's way through its attempts."""

    def __init__(
        self,
        policy: RetryPolicy,
        budget: RetryBudget,
        deadline_s: float | None,
        *,
        repeatable: bool,
    ) -> None:
        self._policy = policy
        self._budget = budget
        self._repeatable = repeatable
        self._end = time.monotonic() + (policy.deadline_s if deadline_s is None else deadline_s)
        self._attempts = 0
        self._backoff_s = policy.first_pause_s
        self._rested: OrderHubError | None = None
        budget.pay_in()

    def begin_attempt(self) -> float:
        """Return the time that the next attempt has."""
        self._attempts += 1
        left_s = max(0.001, self._end - time.monotonic())
        return left_s if self._policy.attempt_s is None else min(left_s, self._policy.attempt_s)

    def pause_after(self, refusal: OrderHubError) -> float:
        """Return seconds to sleep before asking again, 0 when the next attempt is due.

        While the budget is empty the call waits for others to fill it: that sends nothing.

        Raises
        ------
        OrderHubError
            `refusal`, where another attempt is no use.
        """
        if self._rested is refusal and self._budget.take():
            return 0.0
        if self._attempts >= self._policy.max_attempts or not self._worth_it(refusal):
            raise refusal
        pause_s = self._backoff_s * random.uniform(0.5, 1.0)
        if self._rested is not refusal and refusal.retry_after_s is not None:
            pause_s = max(pause_s, refusal.retry_after_s * random.uniform(1.0, 1.2))
        if time.monotonic() + pause_s >= self._end:
            raise refusal
        self._rested = refusal
        self._backoff_s = min(self._policy.max_pause_s, 2 * self._backoff_s)
        return pause_s

    def _worth_it(self, refusal: OrderHubError) -> bool:
        if refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            # Without a delay it is the transport's: the message is too large and stays so.
            return refusal.retry_after_s is not None
        return self._repeatable and refusal.code in UNKNOWN_OUTCOME
