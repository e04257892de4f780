"""A case on its way from one state to the next, with the effects it has had so far.

Rule: an effect takes the next number of its order's sequence, its time and its cause from the
event that is being applied, and in no other way.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypedDict, TypeVar, Unpack
from uuid import UUID

from schemas.effects import Effect
from schemas.events import Event
from services.rules.case import Case, Dispute
from services.rules.identity import effect_id

E = TypeVar("E", bound=Event)


class Restrictions(TypedDict, total=False):
    """The three restrictions of a case; one that is left out stays as it is."""

    frozen: bool
    chat_locked: bool
    reviews_blocked: bool


class Stamp(TypedDict):
    """The fields that every effect has."""

    effect_id: UUID
    sequence: int
    occurred_at: datetime
    order_id: str
    dispute_id: str
    cause_event_id: UUID


@dataclass(frozen=True, slots=True)
class Change(Generic[E]):
    """The case as changed up to now, the event that changes it, and the effects up to now."""

    case: Case
    event: E
    effects: tuple[Effect, ...] = ()

    @property
    def dispute(self) -> Dispute:
        """The dispute that the event names.

        Raises:
            LookupError: the order does not have it. No cell of the table asks for it then.
        """
        dispute = self.case.dispute(self.event.dispute_id)
        if dispute is None:
            raise LookupError(f"{self.case.order_id} has no dispute {self.event.dispute_id}")
        return dispute

    def restricted(self, **restrictions: Unpack[Restrictions]) -> "Change[E]":
        """With these restrictions set or lifted."""
        return Change(replace(self.case, **restrictions), self.event, self.effects)

    def with_dispute(self, dispute: Dispute) -> "Change[E]":
        """With this dispute in the place of the one of the same id, or else as the newest."""
        disputes = {d.dispute_id: d for d in self.case.disputes} | {dispute.dispute_id: dispute}
        case = replace(self.case, disputes=tuple(disputes.values()))
        return Change(case, self.event, self.effects)

    def stamp(self, topic: str) -> Stamp:
        """The common fields of the next effect, which goes to this topic."""
        return Stamp(
            effect_id=effect_id(self.event.event_id, topic),
            sequence=self.case.sequence + 1,
            occurred_at=self.event.occurred_at,
            order_id=self.case.order_id,
            dispute_id=self.event.dispute_id,
            cause_event_id=self.event.event_id,
        )

    def emitted(self, effect: Effect) -> "Change[E]":
        """With this effect, whose common fields came from `stamp`, as the latest."""
        case = replace(self.case, sequence=effect.sequence)
        return Change(case, self.event, (*self.effects, effect))
