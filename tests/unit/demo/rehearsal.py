"""Plays a scenario without a broker or a database: what would be seen if all works as it should.

Rule: only the rules, the codec and the envelopes of the real pipeline are used, so that a scenario
that demands something else than they do is found out.
"""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from consumers.demo.observing import GROUPS, EffectSeen, Seen
from consumers.demo.staging import Staged, stage
from consumers.demo.story import Scenario
from schemas.codec import Codec
from schemas.effects import Effect, PayoutRequested, RefundRequested
from schemas.events import Event
from schemas.reasons import Reason
from services import envelope
from services.errors import ContractError
from services.messages import Message, Outgoing, flatten
from services.rules.case import Case
from services.rules.decide import decide
from services.rules.outcome import Outcome
from services.storage.refused import DeadLetter

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
CODEC = Codec()


def rehearse(scenario: Scenario) -> tuple[Staged, Seen]:
    """The scenario in a run called `run`, and all that is seen of it."""
    (order,) = stage([scenario], CODEC, run="run", now=NOW)
    rehearsal = Rehearsal(order, Case(order.order_id))
    for step in scenario.steps:
        rehearsal.receive(step.name)
    rehearsal.seen.case = rehearsal.case
    return order, rehearsal.seen


@dataclass
class Rehearsal:
    """One order on its way; the offsets count the messages of all topics."""

    order: Staged
    case: Case
    seen: Seen = field(default_factory=Seen)
    known: dict[UUID, bytes] = field(default_factory=dict)
    parked: list[tuple[Event, Message, dict[str, Any]]] = field(default_factory=list)
    offsets: "itertools.count[int]" = field(default_factory=itertools.count)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    settlements: list[dict[str, Any]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seen.timeline = self.timeline
        self.seen.settlements = self.settlements
        self.seen.letters = self.letters

    def receive(self, step: str) -> None:
        """Deliver the message of this step."""
        message = self.delivered(self.order.message(step))
        self.seen.places[step] = message
        self.seen.handled.add(step)
        try:
            event = CODEC.decode(message.topic, message.value)
        except ContractError as error:
            self.bury(message, error.reason, str(error), None)
            return
        if event.event_id in self.known:
            if self.known[event.event_id] != CODEC.digest(event):
                self.bury(message, Reason.EVENT_ID_REUSED, "The id was used.", event)
            return
        self.known[event.event_id] = CODEC.digest(event)
        self.take(event, message)

    def take(self, event: Event, message: Message) -> None:
        """Decide an event that is new, then what waited for it."""
        row = {
            "event_id": event.event_id,
            "topic": message.topic,
            "dispute_id": event.dispute_id,
            "occurred_at": event.occurred_at,
            "settled_outcome": None,
            "settled_explanation": None,
        }
        self.timeline.append(row)
        outcome, reason, why = self.attempt(event, message)
        row |= {"outcome": outcome.value, "reason": reason and reason.value, "explanation": why}
        if outcome is Outcome.DEFERRED:
            self.parked.append((event, message, row))
        while outcome is Outcome.APPLIED and self.retry():
            pass

    def retry(self) -> bool:
        """Try what is parked, up to the first that is applied; whether one was."""
        for parked in list(self.parked):
            event, message, row = parked
            outcome, _, why = self.attempt(event, message)
            if outcome is not Outcome.DEFERRED:
                self.parked.remove(parked)
                row |= {"settled_outcome": outcome.value, "settled_explanation": why}
            if outcome is Outcome.APPLIED:
                return True
        return False

    def attempt(self, event: Event, message: Message) -> tuple[Outcome, Reason | None, str]:
        """Decide, and do as decided."""
        decision = decide(self.case, event)
        self.case = decision.case
        for effect in decision.effects:
            self.announce(effect, message)
        if decision.reason is not None:
            self.bury(message, decision.reason, decision.explanation, event)
        return decision.outcome, decision.reason, decision.explanation

    def announce(self, effect: Effect, cause: Message) -> None:
        """Publish an effect, and remember the money asked for."""
        value = CODEC.encode(effect)
        published = self.delivered(envelope.of_effect(effect, value, cause))
        record = CODEC.decode_record(published.topic, value)
        self.seen.effects.append(EffectSeen(published, record))
        if isinstance(effect, RefundRequested | PayoutRequested):
            self.settlements.append(
                {
                    "settlement_id": effect.settlement_id,
                    "dispute_id": effect.dispute_id,
                    "kind": "REFUND" if isinstance(effect, RefundRequested) else "PAYOUT",
                    "amount_minor": effect.amount_minor,
                    "currency": effect.currency,
                    "payee_id": effect.payee_id,
                    "event_id": effect.cause_event_id,
                    "requested_at": effect.occurred_at,
                }
            )

    def bury(self, message: Message, reason: Reason, why: str, event: Event | None) -> None:
        """Keep a dead letter, and mirror it."""
        letter = DeadLetter(message, GROUPS[message.topic], reason, why, "Rejected", NOW, event)
        self.seen.mirrors.append(self.delivered(envelope.of_dead_letter(letter)))
        self.letters.append(
            {
                "dead_letter_id": letter.dead_letter_id,
                "topic": message.topic,
                "partition": message.partition,
                "offset": message.offset,
                "timestamp_ms": message.timestamp_ms,
                "key": message.key,
                "value": message.value,
                "headers": flatten(message.headers),
                "consumer_group": letter.consumer_group,
                "reason": reason.value,
                "explanation": why,
                "error_class": letter.error_class,
                "event_id": event and event.event_id,
                "order_id": event and event.order_id,
                "dispute_id": event and event.dispute_id,
                "status": "OPEN",
            }
        )

    def delivered(self, sent: Outgoing) -> Message:
        """The message as it is read back."""
        offset = next(self.offsets)
        return Message(sent.topic, 0, offset, 1_000 + offset, sent.key, sent.value, sent.headers)
