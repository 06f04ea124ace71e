"""The routing problem: what is to be served, by whom, over which matrices.

Units: times in seconds after the start of the plan (`_s`), distances in the
unit of the matrices (metres in production, a benchmark's own unit there),
loads in whole units per dimension (grams, millilitres, pieces). All numbers are
integers; costs are in a unit of the caller's choice, small enough for the rates
to be integers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from solver.routing.validate import as_matrix, validate
from solver.routing.visits import Visits

if TYPE_CHECKING:
    from collections.abc import Sequence

IntArray: TypeAlias = NDArray[np.int64]

NO_LIMIT = 2**52  # a time or distance that no plan reaches


@dataclass(frozen=True, slots=True)
class Window:
    """A time window: service may begin from `opens_s` to `closes_s`, both included."""

    opens_s: int = 0
    closes_s: int = NO_LIMIT


ALWAYS = Window()


@dataclass(frozen=True, slots=True)
class Location:
    """A row of the matrices; coordinates are for drawing and for angles only."""

    x: float | None = None
    y: float | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Depot:
    """Where vehicles start and end; they leave and return within `window`."""

    location: int
    window: Window = ALWAYS
    id: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """One visit that brings goods from the depot, takes goods back to it, or both.

    Parameters
    ----------
    location
        Row of the matrices.
    delivery, pickup
        Load brought and load taken, one number per dimension; empty is none.
    service_s
        Time spent there, after any waiting.
    windows
        At least one, in rising order, not overlapping: service begins in one of them.
    required
        False lets a plan leave the stop out at the cost `prize`.
    prize
        What leaving an optional stop out costs; 0 for a required one.
    release_s
        Its vehicle leaves the depot no earlier.
    allowed_types
        Vehicle types that may serve it; None is every type.
    skills
        What its vehicle must have, all of it.
    id
        The caller's name for it, kept as it is.
    """

    location: int
    delivery: tuple[int, ...] = ()
    pickup: tuple[int, ...] = ()
    service_s: int = 0
    windows: tuple[Window, ...] = (ALWAYS,)
    required: bool = True
    prize: int = 0
    release_s: int = 0
    allowed_types: frozenset[int] | None = None
    skills: frozenset[str] = frozenset()
    id: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentEnd:
    """The pickup or the delivery of a shipment."""

    location: int
    service_s: int = 0
    windows: tuple[Window, ...] = (ALWAYS,)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Shipment:
    """Goods taken at one place and brought to another by the same vehicle, in this order."""

    pickup: ShipmentEnd
    delivery: ShipmentEnd
    load: tuple[int, ...] = ()
    required: bool = True
    prize: int = 0
    allowed_types: frozenset[int] | None = None
    skills: frozenset[str] = frozenset()
    id: str = ""


@dataclass(frozen=True, slots=True)
class VehicleType:
    """`count` equal vehicles.

    Parameters
    ----------
    count
        How many there are.
    capacity
        One number per load dimension.
    start_depot, end_depot
        Positions in `Problem.depots`.
    shift
        A route starts and ends within it.
    max_duration_s, max_distance
        Limits of one route; None is no limit. The duration runs from leaving
        the depot to the return, waiting included.
    fixed_cost
        Cost of using one vehicle at all.
    cost_per_distance, cost_per_time
        Cost of one unit of distance, of one second of a route's duration.
    skills
        What it offers.
    profile
        Position in `Problem.profiles`.
    """

    count: int
    capacity: tuple[int, ...] = ()
    start_depot: int = 0
    end_depot: int = 0
    shift: Window = ALWAYS
    max_duration_s: int | None = None
    max_distance: int | None = None
    fixed_cost: int = 0
    cost_per_distance: int = 1
    cost_per_time: int = 0
    skills: frozenset[str] = frozenset()
    profile: int = 0
    id: str = ""


@dataclass(frozen=True, eq=False)
class Profile:
    """Matrices of one kind of vehicle, entry `[from, to]`.

    Parameters
    ----------
    distance
        Shape `(locations, locations)`, not negative, zero on the diagonal.
    travel_s
        The same shape; need not be symmetric.
    """

    distance: IntArray
    travel_s: IntArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "distance", as_matrix(self.distance, "distance"))
        object.__setattr__(self, "travel_s", as_matrix(self.travel_s, "travel_s"))


@dataclass(frozen=True, eq=False)
class Problem:
    """A routing problem, checked when it is made.

    Raises
    ------
    InvalidProblemError
        When anything is out of shape or range; its `field` is the path, as
        `stops[4].windows[0]` or `profiles[0].travel_s`.

    Examples
    --------
    >>> import numpy as np
    >>> legs = np.array([[0, 5, 7], [5, 0, 4], [7, 4, 0]])
    >>> problem = Problem(
    ...     locations=[Location(), Location(), Location()],
    ...     depots=[Depot(location=0)],
    ...     vehicle_types=[VehicleType(count=1, capacity=(10,))],
    ...     profiles=[Profile(distance=legs, travel_s=legs)],
    ...     stops=[Stop(location=1, delivery=(3,)), Stop(location=2, delivery=(4,))],
    ... )
    >>> problem.visits.count
    2
    """

    locations: Sequence[Location]
    depots: Sequence[Depot]
    vehicle_types: Sequence[VehicleType]
    profiles: Sequence[Profile]
    stops: Sequence[Stop] = ()
    shipments: Sequence[Shipment] = field(default=())

    def __post_init__(self) -> None:
        for name in ("locations", "depots", "vehicle_types", "profiles", "stops", "shipments"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        validate(self)

    @property
    def dimensions(self) -> int:
        """Return the number of load dimensions."""
        return len(self.vehicle_types[0].capacity) if self.vehicle_types else 0

    @cached_property
    def visits(self) -> Visits:
        """Return the stops and the shipments' two ends as one list of arrays."""
        return Visits.of(self)
