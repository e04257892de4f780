"""The smallest pipeline there is: an inbox, a parking place, and `decide`.

Rule: a known event id is ignored. A deferred event is parked, and the parked ones are tried again
in order of arrival whenever an event was applied, until nothing moves (docs/rules.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from schemas.effects import Effect
from schemas.events import Event
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.outcome import Outcome


@dataclass(frozen=True)
class Ending:
    """What must not depend on the order of delivery."""

    case: Case
    effects: tuple[Effect, ...]
    parked: frozenset[UUID]


@dataclass
class Pipeline:
    """What is remembered of one order."""

    case: Case
    effects: list[Effect] = field(default_factory=list)
    known: set[UUID] = field(default_factory=set)
    parked: list[Event] = field(default_factory=list)

    def receive(self, event: Event) -> None:
        """Handle one delivery, and whatever it sets free."""
        if event.event_id in self.known:
            return
        self.known.add(event.event_id)
        moved = self.attempt(event) is Outcome.APPLIED
        while moved:
            moved = self.retry()

    def attempt(self, event: Event) -> Outcome:
        """Decide one event and do as decided."""
        decision = decide(self.case, event)
        self.case = decision.case
        self.effects += decision.effects
        if decision.outcome is Outcome.DEFERRED:
            self.parked.append(event)
        return decision.outcome

    def retry(self) -> bool:
        """Try the parked events in order, up to the first that is applied; say whether one was."""
        waiting, self.parked = self.parked, []
        for place, event in enumerate(waiting):
            if self.attempt(event) is Outcome.APPLIED:
                self.parked += waiting[place + 1 :]
                return True
        return False


def deliver(events: Iterable[Event]) -> Ending:
    """What these deliveries, in this order, end in."""
    pipeline = Pipeline(Case("order-1"))
    for event in events:
        pipeline.receive(event)
    parked = frozenset(event.event_id for event in pipeline.parked)
    return Ending(pipeline.case, tuple(pipeline.effects), parked)
