"""A case on its way from one state to the next, with the effects it has had so far.

Rule: an effect takes the next number of its order's sequence, its time and its cause from the
event that is being applied, and in no other way. The case that a change begins with stays as it
was.
"""

from datetime import datetime
from typing import Generic, TypedDict, TypeVar
from uuid import UUID

from schemas.effects import Effect
from schemas.events import Event
from services.rules.case import Case, Dispute
from services.rules.identity import effect_id

E = TypeVar("E", bound=Event)


class Stamp(TypedDict):
    """The fields that every effect has."""

    effect_id: UUID
    sequence: int
    occurred_at: datetime
    order_id: str
    dispute_id: str
    cause_event_id: UUID


class Change(Generic[E]):
    """What an event makes of a case; begun with nothing changed, and changed by a move in place.

    A move sets and lifts the three restrictions; one that it leaves alone stays as it is.
    """

    __slots__ = ("case", "chat_locked", "disputes", "effects", "event", "frozen", "reviews_blocked")

    def __init__(self, case: Case, event: E) -> None:
        self.case = case
        self.event = event
        self.frozen = case.frozen
        self.chat_locked = case.chat_locked
        self.reviews_blocked = case.reviews_blocked
        self.disputes = case.disputes
        self.effects: tuple[Effect, ...] = ()

    @property
    def dispute(self) -> Dispute:
        """The dispute that the event names, as it is by now.

        Raises:
            LookupError: the order does not have it. No cell of the table asks for it then.
        """
        dispute_id = self.event.dispute_id
        for dispute in self.disputes:
            if dispute.dispute_id == dispute_id:
                return dispute
        raise LookupError(f"{self.case.order_id} has no dispute {dispute_id}")

    def put(self, dispute: Dispute) -> None:
        """Have this dispute in the place of the one of the same id, or else as the newest."""
        disputes = {each.dispute_id: each for each in self.disputes}
        disputes[dispute.dispute_id] = dispute
        self.disputes = tuple(disputes.values())

    def stamp(self, topic: str) -> Stamp:
        """The common fields of the next effect, which goes to this topic."""
        event = self.event
        return Stamp(
            effect_id=effect_id(event.event_id, topic),
            sequence=self._sequence + 1,
            occurred_at=event.occurred_at,
            order_id=self.case.order_id,
            dispute_id=event.dispute_id,
            cause_event_id=event.event_id,
        )

    def emit(self, effect: Effect) -> None:
        """Have this effect, whose common fields came from `stamp`, as the latest."""
        self.effects = (*self.effects, effect)

    def made(self) -> Case:
        """The case as it is by now."""
        return Case(
            order_id=self.case.order_id,
            frozen=self.frozen,
            chat_locked=self.chat_locked,
            reviews_blocked=self.reviews_blocked,
            sequence=self._sequence,
            disputes=self.disputes,
            elsewhere=self.case.elsewhere,
        )

    @property
    def _sequence(self) -> int:
        return self.case.sequence + len(self.effects)
