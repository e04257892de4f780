"""The smallest pipeline for several orders: an inbox, a parking place, `decide`, and a model.

Rule: every answer of `decide` is checked the moment it is given: it is what the model expects, it
is well formed, it is the same when asked again, and it leaves what was asked as it was.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from uuid import UUID

from schemas.effects import Effect
from schemas.events import Event
from schemas.reasons import Reason
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.identity import effect_id
from services.rules.outcome import Decision, Outcome, Waiting
from tests.properties.model import Model


@dataclass
class Desk:
    """All that is remembered."""

    model: Model = field(default_factory=Model)
    cases: dict[str, Case] = field(default_factory=dict)
    effects: dict[str, list[Effect]] = field(default_factory=lambda: defaultdict(list))
    received: dict[UUID, Event] = field(default_factory=dict)
    settled: dict[UUID, Outcome] = field(default_factory=dict)
    parked: list[Event] = field(default_factory=list)

    def receive(self, event: Event) -> None:
        """Handle one delivery, and whatever it sets free."""
        if event.event_id in self.received:
            return
        self.received[event.event_id] = event
        self.attempt(event)

    def attempt(self, event: Event) -> None:
        """Decide an event and do as decided; after an applied one, the order's parked ones too."""
        decision = self.ask(event)
        if decision.outcome is Outcome.DEFERRED:
            self.parked.append(event)
            return
        self.settled[event.event_id] = decision.outcome
        if decision.outcome is Outcome.APPLIED:
            self.model.apply(event)
            self.cases[event.order_id] = decision.case
            self.effects[event.order_id] += decision.effects
            self.retry(event.order_id)

    def retry(self, order_id: str) -> None:
        """Settle the first parked event of this order that no longer waits, until none is left."""
        for event in self.parked:
            if event.order_id == order_id and self.ask(event).outcome is not Outcome.DEFERRED:
                self.parked.remove(event)
                self.attempt(event)
                self.retry(order_id)
                return

    def give_up(self, event: Event) -> None:
        """The parking limit of this event has passed."""
        waiting = self.ask(event).waiting
        if waiting is not None:
            expected = "wrong_mediator" if waiting is Waiting.HANDOVER else "orphaned"
            assert waiting.overdue is Reason(expected)
        self.parked.remove(event)
        self.settled[event.event_id] = Outcome.REJECTED

    def ask(self, event: Event) -> Decision:
        """What `decide` says of this event now."""
        case = self.case_for(event)
        fingerprints = hash(case), hash(event)
        decision = decide(case, event)
        assert decide(case, event) == decision
        assert (hash(case), hash(event)) == fingerprints
        assert_well_formed(case, event, decision)
        assert said(decision) == self.model.expected(event)
        return decision

    def case_for(self, event: Event) -> Case:
        """The case of the event's order, which knows whether the dispute is another order's."""
        known = self.model.disputes.get(event.dispute_id)
        elsewhere = known is not None and known.opening.order_id != event.order_id
        case = self.cases.get(event.order_id) or Case(event.order_id)
        return replace(case, elsewhere=frozenset({event.dispute_id} if elsewhere else ()))


def said(decision: Decision) -> tuple[str, ...]:
    """A decision in the words of the model."""
    topics = tuple(effect.topic.value for effect in decision.effects)
    why = (each.value for each in (decision.reason, decision.waiting) if each is not None)
    return (decision.outcome.value, *why, *topics)


def assert_well_formed(case: Case, event: Event, decision: Decision) -> None:
    """What a decision promises (`services.rules.outcome.Decision`), whatever it is."""
    applied = decision.outcome is Outcome.APPLIED
    assert (decision.case is case) == (not applied)
    assert bool(decision.effects) == applied
    assert (decision.reason is not None) == (decision.outcome is Outcome.REJECTED)
    assert (decision.waiting is not None) == (decision.outcome is Outcome.DEFERRED)
    assert decision.explanation.endswith(".")
    assert event.dispute_id in decision.explanation
    for effect in decision.effects:
        assert effect.effect_id == effect_id(event.event_id, effect.topic)
        assert effect.cause_event_id == event.event_id
        assert effect.occurred_at == event.occurred_at
        assert (effect.order_id, effect.dispute_id) == (event.order_id, event.dispute_id)
