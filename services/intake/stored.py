"""An order in memory for the length of one transaction: how it stands, and what happens to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orderhub.common.v1 import event_pb2 as event_v1
from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.common.v1 import text_pb2 as text_v1
from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.intake.v1 import record_pb2 as record_v1
from services.intake.convert import timestamp
from services.intake.headline import state_of
from services.intake.store import SOURCE
from services.intake.transitions import HOLD, SHIPMENT, Dimension

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.intake.convert import Content

EVENT_PREFIX = "orderhub.order."
LIVE_SHIPMENTS = frozenset(
    {
        allocation_v1.SHIPMENT_STATE_ALLOCATED,
        allocation_v1.SHIPMENT_STATE_RELEASED,
        allocation_v1.SHIPMENT_STATE_PACKED,
    }
)


@dataclass(slots=True)
class OrderValues:
    """The columns of an order's row; see `store.OrderRow`."""

    order_number: str
    channel: str
    shop: str
    external_order_id: str
    customer_id: str
    currency: str
    total_minor: int
    payment_mode: int
    content_hash: bytes
    recipient_hash: bytes
    placed_us: int
    modified_us: int
    accepted_us: int
    updated_us: int
    revision: int = 0
    content_revision: int = 0
    lifecycle: int = 0
    payment: int = 0
    stock: int = 0
    state: int = 0
    work: int = 0
    work_us: int = 0
    batch_id: str = ""
    open_holds: int = 0
    holds: int = 0
    events: int = 0
    paid_minor: int = 0
    refunded_minor: int = 0
    paid_us: int = 0
    pay_by_us: int = 0
    leased: bool = False
    allocation_cost_minor: int = 0
    nearest_cost_minor: int = 0
    unfilled_lines: int = 0
    closing_reason: str = ""


@dataclass(slots=True, eq=False)
class StoredOrder:
    """One order being changed; nothing is written before `Book.flush`.

    Attributes
    ----------
    content
        Set where the content was loaded or is new.
    outcome
        Progress of lines with anything to tell, last decision, last allocation.
    open_holds
        The open ones, by id.
    """

    values: OrderValues
    outcome: record_v1.OrderRecord
    open_holds: dict[str, record_v1.Hold] = field(default_factory=dict)
    order: order_v1.Order | None = None
    new_content: Content | None = None
    tracking_id: str = ""  # of the call that changes it
    is_new: bool = False
    row_changed: bool = False  # without an event: nothing anybody sees
    outcome_changed: bool = False
    unfilled_changed: bool = False
    changed_holds: dict[str, record_v1.Hold] = field(default_factory=dict)
    new_events: list[event_v1.Event] = field(default_factory=list)
    _moves: list[event_v1.Transition] = field(default_factory=list)

    @property
    def is_final(self) -> bool:
        """Whether its life is over."""
        return self.values.lifecycle != record_v1.LIFECYCLE_OPEN

    @property
    def changed(self) -> bool:
        """Whether anything happened that must be written."""
        return bool(self.new_events) or self.row_changed

    def move(self, dimension: Dimension, after: int) -> None:
        """Take one dimension to `after`; nothing where it is there already.

        Raises
        ------
        IllegalTransition
            When the table does not allow it.
        """
        before = getattr(self.values, dimension.name)
        if before != after:
            dimension.check(before, after)
            setattr(self.values, dimension.name, after)
            self._moved(dimension.name, dimension.names[before], dimension.names[after])

    def move_hold(self, hold: record_v1.Hold, after: int) -> None:
        """Take a hold to `after`."""
        before = hold.state
        HOLD.check(before, after)
        hold.state = after  # type: ignore[assignment]  # a plain number is the enumeration
        self.changed_holds[hold.hold_id] = hold
        if after == record_v1.HOLD_STATE_OPEN:
            self.open_holds[hold.hold_id] = hold
        else:
            self.open_holds.pop(hold.hold_id, None)
        self.values.open_holds = len(self.open_holds)
        self._moved(f"hold/{hold.hold_id}", HOLD.names[before], HOLD.names[after])

    def move_shipment(self, shipment: allocation_v1.Shipment, before: int, after: int) -> None:
        """Take a shipment to `after`; new ones come from 0."""
        if before != after:
            SHIPMENT.check(before, after)
            shipment.state = after  # type: ignore[assignment]
            self.outcome_changed = True
            self._moved(
                f"shipment/{shipment.shipment_id}", SHIPMENT.names[before], SHIPMENT.names[after]
            )

    def revise(self, *, content: bool = False) -> None:
        """Begin a new revision: what was decided before no longer counts."""
        self.values.revision += 1
        self._moved("revision", _number(self.values.revision - 1), str(self.values.revision))
        if content:
            self.values.content_revision += 1
            after = self.values.content_revision
            self._moved("content_revision", _number(after - 1), str(after))

    def cancel_pieces(self, line_no: int, ordered: int, pieces: int) -> None:
        """Note that `pieces` more of a line, `ordered` in all, were called off; below 0: fewer."""
        entry = next((e for e in self.outcome.progress if e.line_no == line_no), None)
        if entry is None:
            entry, before = self.outcome.progress.add(line_no=line_no), ""
        else:
            before = str(entry.cancelled)
        entry.ordered = ordered
        entry.cancelled += pieces
        self.outcome_changed = True
        self._moved(f"line/{line_no}/cancelled", before, str(entry.cancelled))

    def cancelled_pieces(self) -> Mapping[int, int]:
        """Return the pieces called off, by line."""
        return {e.line_no: e.cancelled for e in self.outcome.progress if e.cancelled}

    def cancel_shipments(self) -> None:
        """Call off every shipment that has not left its warehouse."""
        for shipment in self.outcome.allocation.shipments:
            if shipment.state in LIVE_SHIPMENTS:
                self.move_shipment(shipment, shipment.state, allocation_v1.SHIPMENT_STATE_CANCELLED)

    def has_left(self) -> bool:
        """Return whether any parcel has left its warehouse."""
        settled = LIVE_SHIPMENTS | {allocation_v1.SHIPMENT_STATE_CANCELLED}
        return any(s.state not in settled for s in self.outcome.allocation.shipments)

    def emit(
        self,
        kind: str,
        at_us: int,
        *,
        actor: str = "",
        details: Iterable[tuple[str, object]] = (),
        reason: text_v1.LocalizedText | None = None,
    ) -> None:
        """Tell of everything that moved since the last event; one event, however much it was.

        Parameters
        ----------
        kind
            Last part of the event's type, as `accepted`.
        details
            Names and values that explain it; never personal, empty ones are left out.
        """
        values = self.values
        values.events += 1
        values.updated_us = at_us
        values.state = self.headline()
        self.new_events.append(
            event_v1.Event(
                id=f"{values.order_number}/{values.events}",
                source=SOURCE,
                type=EVENT_PREFIX + kind,
                subject=values.order_number,
                time=timestamp(at_us),
                sequence=values.events,
                actor=actor,
                transitions=self._moves,
                details=[
                    event_v1.Detail(name=name, value=str(value))
                    for name, value in details
                    if value not in ("", None)
                ],
                reason=reason,
            )
        )
        self._moves.clear()

    def headline(self) -> int:
        """Return the state shown to people."""
        values = self.values
        return state_of(
            lifecycle=values.lifecycle,
            payment=values.payment,
            stock=values.stock,
            work=values.work,
            open_holds=values.open_holds,
            shipments=(s.state for s in self.outcome.allocation.shipments),
        )

    def assert_told(self) -> None:
        """Raise where something moved and no event tells of it: a bug of ours."""
        if self._moves:
            raise AssertionError(f"{self.values.order_number}: untold {self._moves[0].dimension}")

    def _moved(self, dimension: str, before: str, after: str) -> None:
        self._moves.append(event_v1.Transition(dimension=dimension, to=after, **{"from": before}))


def _number(value: int) -> str:
    return str(value) if value else ""
