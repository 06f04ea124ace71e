"""An answer: routes with their times and loads, what is left out and why, and the proof."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import NamedTuple


class Tour(NamedTuple):
    """A route as engines see it: a vehicle type and its visits in driving order."""

    vehicle_type: int
    visits: tuple[int, ...]


@unique
class UnservedReason(StrEnum):
    """Why a visit is in no route."""

    EXCEEDS_CAPACITY = "EXCEEDS_CAPACITY"
    UNREACHABLE = "UNREACHABLE"
    NO_VEHICLE_ALLOWED = "NO_VEHICLE_ALLOWED"
    NOT_WORTH_ITS_PRIZE = "NOT_WORTH_ITS_PRIZE"
    NOT_FOUND_IN_TIME = "NOT_FOUND_IN_TIME"


@dataclass(frozen=True, slots=True)
class Unserved:
    """A visit in no route.

    Attributes
    ----------
    visit
        Number in `Problem.visits`.
    id
        Its stop's or shipment end's name.
    sentence
        The reason in plain words, with the numbers that matter.
    """

    visit: int
    id: str
    reason: UnservedReason
    sentence: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of a route.

    Attributes
    ----------
    visit
        Number in `Problem.visits`.
    arrival_s, start_s, departure_s
        Waiting ends and service begins at `start_s`.
    load
        On board when leaving, one number per dimension.
    """

    visit: int
    id: str
    location: int
    arrival_s: int
    start_s: int
    departure_s: int
    load: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """One vehicle's way from its start depot to its end depot.

    Attributes
    ----------
    start_s, end_s
        When it leaves and when it is back; `end_s - start_s` is its duration.
    load
        On board when leaving the depot.
    cost
        Fixed, distance and time cost together.
    """

    vehicle_type: int
    start_s: int
    end_s: int
    distance: int
    load: tuple[int, ...]
    cost: int
    visits: tuple[Visit, ...]

    @property
    def duration_s(self) -> int:
        """Return the seconds from leaving the depot to the return."""
        return self.end_s - self.start_s

    @property
    def tour(self) -> Tour:
        """Return the bare order of its visits."""
        return Tour(self.vehicle_type, tuple(visit.visit for visit in self.visits))


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked answer to a `Problem`.

    Attributes
    ----------
    cost
        Sum of `cost_parts`.
    cost_parts
        Cost by name: `fixed`, `distance`, `time`, `prizes` (of optional visits left out).
    complete
        Whether every required visit is served; only then is `gap` given.
    lower_bound, bound_kind
        Proven: no complete plan costs less. `none` stands for no proof.
    gap
        `(cost - lower_bound) / cost`; None without a proof or a complete plan.
    engine
        What found it.
    seconds, first_feasible_s
        Whole time used; when the first complete plan was there, None if never.
    degraded
        A worker died, hung, or returned something the checker refused.
    trace
        `(seconds, cost)` at each improvement.
    """

    routes: tuple[Route, ...]
    unserved: tuple[Unserved, ...]
    cost: int
    cost_parts: dict[str, int]
    complete: bool
    lower_bound: int = 0
    bound_kind: str = "none"
    gap: float | None = None
    engine: str = ""
    seconds: float = 0.0
    first_feasible_s: float | None = None
    degraded: bool = False
    trace: tuple[tuple[float, int], ...] = field(default=(), repr=False)

    @property
    def tours(self) -> tuple[Tour, ...]:
        """Return the bare orders of its routes, as a warm start for another search."""
        return tuple(route.tour for route in self.routes)
